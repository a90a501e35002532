// SPDX-License-Identifier: Apache-2.0

package action

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/failure"
)

const oneDay = 24 * time.Hour

// renewed returns another certificate (PEM) of the server's CA: the same name and key, valid from now plus from until now plus
// until. Nobody checks the signature of a root.
func renewed(t *testing.T, server *apitest.Server, from, until time.Duration) []byte {
	t.Helper()
	block, _ := pem.Decode(server.CA)
	template, err := x509.ParseCertificate(block.Bytes)
	check(t, err)
	template.NotBefore, template.NotAfter = time.Now().Add(from), time.Now().Add(until)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	parent := *template
	parent.PublicKey = key.Public()
	der, err := x509.CreateCertificate(rand.Reader, template, &parent, template.PublicKey, key)
	check(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// publishCA publishes cluster-info with another CA than the kubeconfig's.
func publishCA(server *apitest.Server, ca []byte) {
	own := server.CA
	server.CA = ca
	server.PublishClusterInfo()
	server.CA = own
}

func TestACAInClusterInfoThatIsNotValidIsFoundAndRepaired(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from, until time.Duration
		says        string
	}{
		"expired":       {-2 * oneDay, -oneDay, "(CN=kubernetes) expired at 20"},
		"not yet valid": {oneDay, 2 * oneDay, "(CN=kubernetes) is not valid before 20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada, apitest.Signer)
			publishCA(server, renewed(t, server, test.from, test.until))
			finding := findingOf(diagnose(t, &Doctor{Session: adminHub(t, server)}), "cluster-info-ca")
			if finding.Severity != controlplane.Error || !strings.Contains(finding.Evidence, test.says) || !strings.Contains(finding.Evidence, "valid from 20") || !strings.Contains(finding.Fix, "joinctl setup --force") {
				t.Errorf("got %+v", finding)
			}
			result, err := (&Setup{Session: adminHub(t, server)}).Run(t.Context())
			check(t, err)
			wantError(t, wantFailures(t, result.Failures, 0, "hub")[0].Err, failure.Conflict, "its certificate authority "+test.says)
			result, err = (&Setup{Session: adminHub(t, server), Force: true}).Run(t.Context())
			check(t, err)
			if len(result.Plans) != 1 || len(result.Plans[0].Changes) == 0 || result.Failures.Any() {
				t.Fatalf("got %+v, %v", result.Plans, result.Failures.Errors())
			}
			wantText(t, result.Plans[0].Changes[0].Purpose, "OVERWRITTEN, since its certificate authority "+test.says)
			if finding := findingOf(diagnose(t, &Doctor{Session: adminHub(t, server)}), "cluster-info-ca"); finding.Check != "" {
				t.Errorf("after the repair: %+v", finding)
			}
		})
	}
}

func TestABundleInClusterInfoIsNoErrorWhileOneCAVerifiesTheServer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Signer)
	publishCA(server, append(renewed(t, server, -2*oneDay, -oneDay), server.CA...))
	finding := findingOf(diagnose(t, &Doctor{Session: adminHub(t, server)}), "cluster-info-ca")
	if finding.Severity != controlplane.Info || !strings.Contains(finding.Evidence, "of 2 certificate authorities in cluster-info, the one (CN=kubernetes) expired at 20") {
		t.Errorf("got %+v", finding)
	}
	result, err := (&Setup{Session: adminHub(t, server)}).Run(t.Context())
	check(t, err)
	wantFailures(t, result.Failures, 1)
}

func TestABundleWithoutTheCAOfTheServerIsAnError(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Signer)
	publishCA(server, append(renewed(t, server, -2*oneDay, -oneDay), apitest.New(t).CA...))
	finding := findingOf(diagnose(t, &Doctor{Session: adminHub(t, server)}), "cluster-info-ca") // the worst first
	if finding.Severity != controlplane.Error {
		t.Errorf("got %+v", finding)
	}
}

func TestSetupKnowsAnotherCertificateOfTheSameKey(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Signer)
	publishCA(server, renewed(t, server, -oneDay, oneDay))
	result, err := (&Setup{Session: adminHub(t, server)}).Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, result.Failures, 0, "hub")[0].Err, failure.Conflict, "another certificate of the kubeconfig's certificate authority (CN=kubernetes, valid from 20")
}

func TestAProbeSendsPeopleToTheCAThatIsNotValid(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Signer)
	publishCA(server, renewed(t, server, -2*oneDay, -oneDay))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	wantNoToken(t, server)
	if finding := findingOf(found, "probe-verified-read"); !strings.Contains(finding.Evidence, "the certificate authority (CN=kubernetes) expired at 20") || !strings.Contains(finding.Fix, "joinctl setup --force") {
		t.Errorf("got %+v", finding)
	}
}

func TestCreateSendsPeopleToTheCAThatIsNotValid(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Signer)
	publishCA(server, renewed(t, server, oneDay, 2*oneDay))
	s, _ := newSession(t, servers{"hub": server})
	created, err := withCommand(creation(s)).Run(t.Context())
	if err == nil {
		err = wantFailures(t, created.Failures, 0, "hub")[0].Err
	}
	wantError(t, err, failure.Unreachable, "the certificate authority (CN=kubernetes) is not valid before 20")
	wantHint(t, err, "joinctl setup --force")
	wantStored(t, server)
}
