// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/internal/faultproxy"
)

// faultyKubeconfig returns a kubeconfig that leads through a proxy with faults to the hub.
func (h *hub) faultyKubeconfig(t testing.TB) (*faultproxy.Proxy, string) {
	t.Helper()
	config, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	proxy := faultproxy.New(t, config.Host, transport)
	return proxy, h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
		c.Server, c.CertificateAuthorityData = proxy.URL, proxy.CA
	})
}

// storedSecrets returns what a run can leave, by what names it: the IDs of tokens, and the names of revocation Secrets.
func (h *hub) storedSecrets(t testing.TB) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, secret := range h.tokens(t) {
		out[strings.TrimPrefix(secret.Name, "bootstrap-token-")] = true
	}
	secrets, err := h.client.CoreV1().Secrets("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets.Items {
		out[secret.Name] = true
	}
	return out
}

// TestNoFaultBeforeARealServerLosesACredentialOrItsName puts faults on every write, and on the read that resolves it. Package
// reliability has many more, on a server in memory.
func TestNoFaultBeforeARealServerLosesACredentialOrItsName(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	proxy, kubeconfig := h.faultyKubeconfig(t)
	faults := []string{
		"drop", "apply; drop", "twice", "twice; drop", "apply; cut 0", "apply; cut 200", "apply; cut 600", "answer html", "apply; answer html",
		"apply; answer redirect-307", "apply; answer empty", "apply; answer pod", "apply; answer another-secret", "answer too-many-requests",
	}
	for _, steps := range faults {
		rules := "POST ** " + steps + "\nDELETE ** " + steps
		h.runUnderFaults(t, proxy, kubeconfig, rules)
		h.runUnderFaults(t, proxy, kubeconfig, rules+"\nGET /api/v1/namespaces/*/secrets/* answer forbidden")
	}
}

// runUnderFaults creates and deletes a token and a revocable ServiceAccount token under rules.
func (h *hub) runUnderFaults(t *testing.T, proxy *faultproxy.Proxy, kubeconfig, rules string) {
	t.Helper()
	names := func(args ...string) program.Result {
		before := h.storedSecrets(t)
		proxy.Rules(rules)
		r := program.Run(t, kubeconfig, append(args, "--request-timeout", "2s")...)
		proxy.Rules("")
		after, all := h.storedSecrets(t), r.Stdout+r.Stderr
		for name := range after {
			// A revocable token names its Secret in itself, and by its ServiceAccount in sa list.
			if printed := r.Code == 0 && strings.Contains(r.Stdout, "eyJ"); !before[name] && !strings.Contains(all, name) && !printed {
				t.Errorf("%s under %q: %s is stored, and nobody is told\n%s", args[:2], rules, name, all)
			}
		}
		for name := range before {
			if !after[name] && !strings.Contains(all, name) {
				t.Errorf("%s under %q: %s is deleted, and nobody is told\n%s", args[:2], rules, name, all)
			}
		}
		for _, id := range regexp.MustCompile(`\b([a-z0-9]{6})\.[a-z0-9]{16}\b`).FindAllStringSubmatch(r.Stdout, -1) {
			if !after[id[1]] {
				t.Errorf("%s under %q: token %s is printed, and is not stored", args[:2], rules, id[1])
			}
		}
		return r
	}
	names("token", "create")
	names("sa", "token", "default", "-n", "default", "--revocable")
	for name := range h.storedSecrets(t) {
		args := []string{"token", "delete", name}
		if strings.Contains(name, "token-") {
			args = []string{"sa", "revoke", name, "-n", "default"}
		}
		if r := names(args...); r.Code == 0 && h.storedSecrets(t)[name] {
			t.Errorf("%s under %q: exits 0, and %s is still there\n%s", args[:2], rules, name, fmt.Sprint(r))
		}
		program.Run(t, kubeconfig, args...) // the next rules find an empty server
	}
}
