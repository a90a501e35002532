// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/join"
)

// withServer makes cluster-info name another server, and returns the join command for it.
func withServer(t *testing.T, p *plane, server string, joiner join.Joiner) join.Attempt {
	t.Helper()
	p.data["kubeconfig"] = kubeconfig(t, server, p.ca.pem)
	attempt := welcome(t, p)
	attempt.Joiner = joiner
	return attempt
}

// Releases of karmadactl that still get patches went on at cluster-info's server.
func TestAServerThatIsNotTheEndpointIsAWarningWithTheReleases(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]Status{"": OK, "https://karmada-apiserver.karmada-system.svc:5443": Warning, "http://10.0.0.1": Warning} {
		p := build(t, "127.0.0.1")
		if server == "" {
			server = p.server.URL
		}
		step := replayed(t, withServer(t, p, server, join.Karmada))[stepKubeconfig]
		if step.Status != want || want == Warning && (!strings.Contains(step.Cause, "since 1.13.10, 1.14.6, 1.15.3 and 1.16") || !strings.Contains(step.Fix, "joinctl setup")) {
			t.Errorf("%s: %+v", server, step)
		}
	}
}

// kubeadm takes one token for discovery and another one to authenticate with.
func TestEachOfTwoTokensIsUsedWhereKubeadmUsesIt(t *testing.T) {
	t.Parallel()
	const bearer = "fedcba.fedcba9876543210"
	p := build(t, "127.0.0.1")
	whole := welcome(t, p)
	line := "kubeadm join " + whole.Endpoint.HostPort() + " --discovery-token abcdef.0123456789abcdef --tls-bootstrap-token " + bearer +
		" --discovery-token-ca-cert-hash " + string(whole.Pins[0])
	attempt, err := join.ParseText(line)
	if err != nil || len(attempt.Faults) > 0 {
		t.Fatal(err, attempt.Faults)
	}
	steps := replayed(t, attempt)
	for _, name := range []string{stepSignature, stepAuthentication, stepCSR, stepApproval} {
		if steps[name].Status != OK {
			t.Errorf("%+v", steps[name])
		}
	}
	for _, request := range p.requestsFor(whoPath) {
		if request.authorization != "Bearer "+bearer {
			t.Error("the token for discovery authenticates")
		}
	}
	p.mu.Lock()
	p.data["jws-kubeconfig-abcdef"] = ""
	p.mu.Unlock()
	if step := replayed(t, attempt)[stepSignature]; step.Status != Failed || strings.Contains(step.Cause, "accepts the token") {
		t.Errorf("the answer to one token is taken for one to the other: %+v", step)
	}
}
