// SPDX-License-Identifier: Apache-2.0

package zoo_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/util/cert"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/discovery/token"
	"k8s.io/kubernetes/cmd/kubeadm/app/util/pubkeypin"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// An animal is a fixture, and what joinctl has to make of it.
type animal struct {
	joiner string            // that doctor finds out; empty: none
	joins  bool              // the joiner joins with token zoo000
	tokens map[string]string // the status of every token
	infos  []string          // checks that report information, besides those of every control plane
}

func zoo() map[string]animal {
	ok := map[string]string{"zoo000": "ok"}
	return map[string]animal{
		"kubeadm":                {joiner: "kubeadm", joins: true, tokens: ok},
		"kubeadm-upload-certs":   {joiner: "kubeadm", joins: true, tokens: map[string]string{"zoo000": "ok", "zoo001": "other"}},
		"kubeadm-after-a-day":    {joiner: "kubeadm"},
		"vcluster":               {joiner: "kubeadm", joins: true, tokens: ok},
		"karmada-init":           {joiner: "karmada", joins: true, tokens: ok, infos: []string{"agent-rbac-power"}},
		"karmada-helm":           {joiner: "karmada", joins: true, tokens: ok, infos: []string{"agent-rbac-power", "cluster-info-server"}},
		"karmada-operator-setup": {joiner: "karmada", joins: true, tokens: ok},
		"lab-on-loopback":        {joiner: "karmada", joins: true, tokens: ok, infos: []string{"agent-rbac-power", "cluster-info-server"}},
		"k0s":                    {tokens: map[string]string{"zoo000": "ok", "zoo001": "other"}, infos: []string{"token-immortal"}},
		"k3s":                    {tokens: ok},
		"ocm-hub":                {tokens: map[string]string{"ocmhub": "ok"}, infos: []string{"token-immortal"}},
		"gardener-shoot":         {tokens: ok},
		"gardener-garden":        {tokens: ok},
	}
}

func TestNothingIsWrongInAHealthyZoo(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(zoo())) {
		animal := zoo()[name]
		t.Run(name, func(t *testing.T) {
			p := shared
			if name == "lab-on-loopback" { // the certificate of the others has an address that is no loopback address
				cp := controlplane.Start(t, program.Binary("controlplane"), "--name", "zoo")
				p = &plane{ControlPlane: cp, address: "127.0.0.1"}
				var err error
				if p.client, err = cp.Clientset(); err != nil {
					t.Fatal(err)
				}
			}
			p.create(t, name)
			if name == "karmada-operator-setup" {
				p.setUp(t)
			}
			p.expectHealthy(t, animal)
			p.expectTokens(t, animal.tokens)
			p.expectAgreement(t, animal)
		})
	}
}

// setUp runs joinctl setup and creates token zoo000. It deletes all objects when the test ends.
func (p *plane) setUp(t *testing.T) {
	t.Helper()
	manifests := p.joinctl(t, "setup", "--endpoint", p.endpoint, "--dry-run=client", "-o", "yaml").OK(t)
	p.joinctl(t, "setup", "--endpoint", p.endpoint, "--yes").OK(t)
	p.joinctl(t, "token", "create", "zoo000."+p.secret).OK(t)
	t.Cleanup(func() {
		p.kubectl(t, manifests, "delete", "--wait=false", "-f", "-")
		p.kubectl(t, "", "delete", "-n", "kube-system", "secret", "bootstrap-token-zoo000")
	})
}

// expectHealthy fails the test unless doctor finds no error and no warning, and the information that it should, also if the
// joiner is named.
func (p *plane) expectHealthy(t *testing.T, animal animal) {
	t.Helper()
	for _, args := range [][]string{nil, {"--joiner", animal.joiner}} {
		if args != nil && animal.joiner == "" {
			continue
		}
		out := p.joinctl(t, append([]string{"doctor", "-o", "json"}, args...)...)
		out.Expect(t, 0, "no problems found")
		var infos []string
		for _, item := range out.Document(t).Items {
			check, evidence := item["check"].(string), item["evidence"].(string)
			if item["severity"] != "info" {
				t.Errorf("doctor %v: %v", args, item)
			}
			switch check {
			case "identity", "bootstrap-auth":
			case "signer", "csr-approver", "csr-signer": // whether they run shows an older token, or the request of a joiner
			case "kind":
				want := map[string]string{"": "for no program that joinctl knows", "kubeadm": "judged for kubeadm join", "karmada": "judged for karmadactl register"}
				if !strings.Contains(evidence, want[animal.joiner]) {
					t.Errorf("kind: %s", evidence)
				}
			default:
				infos = append(infos, check)
			}
		}
		// Whether this machine's address is private is not a matter of the fixture.
		infos = slices.DeleteFunc(infos, func(check string) bool {
			return check == "cluster-info-server" && !slices.Contains(animal.infos, check)
		})
		slices.Sort(infos)
		if !slices.Equal(infos, animal.infos) {
			t.Errorf("doctor %v reports %q, want %q", args, infos, animal.infos)
		}
	}
}

// expectTokens fails the test unless token list shows exactly these tokens with these statuses.
func (p *plane) expectTokens(t *testing.T, want map[string]string) {
	t.Helper()
	found := map[string]string{}
	for _, item := range p.joinctl(t, "token", "list", "-o", "json").Document(t).Items {
		found[item["id"].(string)] = item["status"].(string)
	}
	if fmt.Sprint(found) != fmt.Sprint(want) && len(found)+len(want) > 0 {
		t.Errorf("token list shows %v, want %v", found, want)
	}
}

// expectAgreement fails the test unless check accepts discovery where kubeadm's own discovery does, which is that of both
// joiners, and the whole join where the joiner joins.
func (p *plane) expectAgreement(t *testing.T, animal animal) {
	t.Helper()
	pin := p.pin(t)
	joiner, joinToken, wait := animal.joiner, "zoo000."+p.secret, 100*time.Millisecond
	if joiner == "" {
		joiner = "kubeadm"
	}
	if animal.joins {
		wait = 5 * time.Second // for the signer
	}
	server := p.endpoint
	if p.address == "127.0.0.1" {
		server = p.Host
	}
	_, err := token.RetrieveValidatedConfigInfo(nil, &kubeadm.Discovery{BootstrapToken: &kubeadm.BootstrapTokenDiscovery{
		Token: joinToken, APIServerEndpoint: server, CACertHashes: []string{pin},
	}}, wait)
	out := p.joinctl(t, "check", "--joiner", joiner, "-o", "json", "--wait", wait.String(), server, "--token", joinToken, "--discovery-token-ca-cert-hash", pin)
	if accepts := discovered(out.Document(t)); accepts != (err == nil) || accepts != animal.joins {
		t.Errorf("check accepts discovery: %t; kubeadm: %v; the joiner joins: %t\n%s", accepts, err, animal.joins, out.Stdout)
	}
	if want := map[bool]int{false: 4}[animal.joins]; out.Code != want {
		t.Errorf("check exits %d, want %d\n%s", out.Code, want, out.Stdout)
	}
}

// pin returns the pin of the CA, as kubeadm computes it.
func (p *plane) pin(t *testing.T) string {
	t.Helper()
	certificates, err := cert.ParseCertsPEM(p.CAData)
	if err != nil {
		t.Fatal(err)
	}
	return pubkeypin.Hash(certificates[0])
}

// discovered reports whether no step up to verified-read failed.
func discovered(steps program.Document) bool {
	for _, step := range steps.Items {
		if step["status"] == "failed" {
			return false
		}
		if step["name"] == "verified-read" {
			break
		}
	}
	return true
}

// The documents have a table of the fixtures.
func TestTheDocumentsListTheZoo(t *testing.T) {
	document, err := os.ReadFile("../../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var names, listed, tested []string
	for _, folder := range folders {
		names = append(names, folder.Name())
	}
	for name := range zoo() {
		tested = append(tested, name)
	}
	_, table, found := strings.Cut(string(document), "## The zoo\n")
	if !found {
		t.Fatal("docs/doctor.md has no section The zoo")
	}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "`"); strings.HasPrefix(line, "| `") && len(cells) > 1 {
			listed = append(listed, cells[1])
		}
	}
	slices.Sort(listed)
	slices.Sort(tested)
	if !slices.Equal(listed, names) || !slices.Equal(tested, names) {
		t.Errorf("docs/doctor.md lists %q\nthe tests run   %q\ntestdata has    %q", listed, tested, names)
	}
}
