// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/discovery/token"

	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// A fault is one thing that is wrong with a control plane, a token, a network or a command, and what check says of it.
type fault struct {
	name                string
	mint                func(data map[string]string)
	cause               func(t *testing.T, h *hub, j *join)
	step, says, remedy  string
	unsigned, silentHub bool // the token is not signed with; the oracle would wait for ever
}

func faults() []fault {
	data := func(key, value string) func(map[string]string) {
		return func(data map[string]string) { data[key] = value }
	}
	info := func(content string) func(*testing.T, *hub, *join) {
		return func(t *testing.T, h *hub, j *join) { h.rewrite(t, *j, content) }
	}
	return []fault{
		{name: "RoleBinding deleted", cause: func(t *testing.T, h *hub, _ *join) { h.withoutRoleBinding(t) }, step: "cluster-info", says: "(403)", remedy: "RoleBinding in kube-public"},
		{name: "cluster-info deleted", cause: func(t *testing.T, h *hub, _ *join) { h.withoutClusterInfo(t) }, step: "cluster-info", says: "(404)", remedy: "not set up for joining"},
		{name: "empty kubeconfig", cause: info(""), step: "kubeconfig", says: "it has no kubeconfig", remedy: "one cluster, its server and its CA"},
		{name: "two clusters", cause: func(t *testing.T, h *hub, j *join) { h.edit(t, *j, second) }, step: "kubeconfig", says: "2 clusters", remedy: "one cluster"},
		{name: "no CA", cause: func(t *testing.T, h *hub, j *join) {
			h.edit(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].CertificateAuthorityData = nil })
		}, step: "kubeconfig", says: "no certificate authority", remedy: "its CA"},
		{name: "other CA", cause: func(t *testing.T, h *hub, j *join) {
			ca := foreignCA(t)
			h.edit(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].CertificateAuthorityData = ca })
		}, step: "pin", says: "is not a pinned one", remedy: "joinctl ca-hash"},
		{name: "other CA, and pinned", cause: func(t *testing.T, h *hub, j *join) {
			ca := foreignCA(t)
			j.pins = []string{pinOf(t, ca)}
			h.edit(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].CertificateAuthorityData = ca })
		}, step: "verified-read", says: "unknown authority", remedy: "has to carry the CA"},

		{name: "signature removed and signer off", unsigned: true, cause: func(t *testing.T, h *hub, j *join) { h.awaitToken(t, *j) }, step: "signature", says: "although the server accepts the token", remedy: "bootstrapsigner"},
		{name: "signature by another token", unsigned: true, cause: func(t *testing.T, h *hub, j *join) {
			h.awaitToken(t, *j)
			h.setInfo(t, map[string]any{"jws-kubeconfig-" + j.token[:6]: signature(t, h.clusterInfo(t).Data["kubeconfig"], "other0."+secretHalf)})
		}, step: "signature", says: "was made with another token", remedy: "remove it"},
		{name: "stale signature", cause: func(t *testing.T, h *hub, j *join) {
			h.awaitToken(t, *j)
			h.setInfo(t, map[string]any{"kubeconfig": h.clusterInfo(t).Data["kubeconfig"] + "# changed\n"})
		}, step: "signature", says: "is stale", remedy: "bootstrapsigner"},
		{name: "wrong secret", cause: func(_ *testing.T, _ *hub, j *join) { j.token = j.token[:7] + "fedcba9876543210" }, step: "signature", says: "most likely its secret is wrong", remedy: "copy the token again"},
		{name: "unknown id", cause: func(_ *testing.T, _ *hub, j *join) { j.token = "nobody" + j.token[6:] }, step: "signature", says: "there is none of this ID", remedy: "joinctl token create"},
		{name: "expired", mint: data("expiration", "2020-01-01T00:00:00Z"), unsigned: true, step: "signature", says: "expired or deleted", remedy: "joinctl token create"},
		{name: "expired and still signed", mint: data("expiration", "2020-01-01T00:00:00Z"), step: "authentication", says: "it expired", remedy: "joinctl token list"},
		{name: "authentication usage missing", mint: data("usage-bootstrap-authentication", "false"), step: "authentication", says: "lacks the usage authentication", remedy: "joinctl token list"},
		{name: "signing usage missing", mint: data("usage-bootstrap-signing", "false"), unsigned: true, cause: func(t *testing.T, h *hub, j *join) { h.awaitToken(t, *j) }, step: "signature", says: "it lacks the usage signing", remedy: "usages"},
		{name: "bad extra group", mint: data("auth-extra-groups", karmadaGroup+",system:masters"), step: "authentication", says: "has a bad group", remedy: "groups"},
		{name: "CSR role missing", cause: func(t *testing.T, h *hub, _ *join) { h.withoutBinding(t, "system:karmada:agent-bootstrap") }, step: "csr", says: "may not request", remedy: "system:node-bootstrapper"},
		{name: "approval role missing", cause: func(t *testing.T, h *hub, _ *join) { h.withoutBinding(t, "system:karmada:agent-autoapprove-bootstrap") }, step: "approval", says: "may not create", remedy: "kubectl certificate approve"},

		{name: "wrong pin", cause: func(t *testing.T, _ *hub, j *join) { j.pins = []string{pinOf(t, foreignCA(t))} }, step: "pin", says: "is not a pinned one", remedy: "joinctl ca-hash"},
		{name: "malformed pin", cause: func(_ *testing.T, _ *hub, j *join) { j.pins[0] = j.pins[0][:60] }, step: "arguments", says: "64 hex digits", remedy: "copy the command again"},
		{name: "malformed token", cause: func(_ *testing.T, _ *hub, j *join) { j.token = strings.ToUpper(j.token) }, step: "arguments", says: "has the form", remedy: "copy the command again"},

		{name: "address not in the SANs", cause: func(t *testing.T, h *hub, j *join) { j.endpoint = relay.Forward(t, "127.0.0.2:0", h.Host).Addr }, step: "tls", says: "not for 127.0.0.2; it is for", remedy: "token create --endpoint"},
		{name: "expired serving certificate", cause: func(t *testing.T, h *hub, j *join) { j.endpoint = h.front(t, time.Now().Add(-time.Minute), h.pass()) }, step: "tls", says: "expired at", remedy: "renew"},
		{name: "closed port", cause: func(_ *testing.T, _ *hub, j *join) { j.endpoint = "127.0.0.1:1" }, step: "tcp", says: "connection refused", remedy: "firewalls"},
		{name: "black hole", silentHub: true, cause: func(t *testing.T, _ *hub, j *join) { j.endpoint = blackHole(t) }, step: "tcp", says: "nothing answered in time", remedy: "firewalls"},
		{name: "DNS failure", cause: func(_ *testing.T, _ *hub, j *join) { j.endpoint = "nowhere.invalid:6443" }, step: "dns", says: "cannot be resolved", remedy: "DNS"},
		{name: "plain HTTP", cause: func(t *testing.T, _ *hub, j *join) { j.endpoint = plain(t, page(200)) }, step: "tls", says: "HTTP response to HTTPS client", remedy: "port of the API server"},
		{name: "a load balancer's page", cause: func(t *testing.T, h *hub, j *join) { j.endpoint = h.front(t, time.Now().Add(time.Hour), page(503)) }, step: "cluster-info", says: "no Kubernetes API server", remedy: "something else answers"},
	}
}

// TestEachFaultFailsItsOwnStep breaks one thing at a time. kubeadm's own discovery agrees with check about each.
func TestEachFaultFailsItsOwnStep(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			h, j := shared, shared.mint(t, f.mint)
			if !f.unsigned {
				h.sign(t, j)
			}
			if f.cause != nil {
				f.cause(t, h, &j)
			}
			before := h.state(t)
			f.wants(t, j, nil)
			for _, pins := range [][]string{j.pins, nil} {
				if j.pins = pins; f.silentHub {
					continue
				}
				theirs := check(t, j, nil, "--joiner", "kubeadm")
				if ours, err := theirs.discovered(), kubeadmDiscovers(j); ours != (err == nil) {
					t.Errorf("check accepts discovery with pins %q: %t; kubeadm: %v\n%s", pins, ours, err, theirs.stdout)
				}
			}
			if after := h.state(t); after != before {
				t.Errorf("the server's state changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

// wants runs check until caches are up to date, and wants the fault's step alone to fail.
func (f fault) wants(t *testing.T, j join, env []string, args ...string) {
	t.Helper()
	complaint := ""
	for begin := time.Now(); time.Since(begin) < 5*time.Second; time.Sleep(50 * time.Millisecond) {
		out := check(t, j, env, args...)
		if out.took > 10*time.Second {
			t.Errorf("it took %s", out.took)
		}
		failed := out.failed()
		if len(failed) == 1 && failed[0].Name == f.step && out.code == 4 && strings.Contains(failed[0].Cause, f.says) && strings.Contains(failed[0].Remedy, f.remedy) {
			t.Logf("%s in %s: %s", f.step, out.took.Round(time.Millisecond), failed[0].Cause)
			return
		}
		complaint = fmt.Sprintf("exit code %d, failed: %+v\n%s", out.code, failed, out.stdout)
	}
	t.Fatal(complaint)
}

// discovered reports whether the steps up to the trust in the control plane went well.
func (o outcome) discovered() bool {
	for _, s := range o.steps {
		if s.Status == "failed" {
			return false
		}
		if s.Name == "verified-read" {
			break
		}
	}
	return true
}

// kubeadmDiscovers has kubeadm's own discovery do what a join says.
func kubeadmDiscovers(j join) error {
	_, err := token.RetrieveValidatedConfigInfo(nil, &kubeadm.Discovery{BootstrapToken: &kubeadm.BootstrapTokenDiscovery{
		Token: j.token, APIServerEndpoint: j.endpoint, CACertHashes: j.pins, UnsafeSkipCAVerification: len(j.pins) == 0,
	}}, 500*time.Millisecond)
	return err
}

// rewrite replaces the kubeconfig in cluster-info and signs it again.
func (h *hub) rewrite(t *testing.T, j join, content string) {
	t.Helper()
	h.setInfo(t, map[string]any{"kubeconfig": content})
	h.sign(t, j)
}

func (h *hub) edit(t *testing.T, j join, change func(*clientcmdapi.Config)) {
	t.Helper()
	config, err := clientcmd.Load([]byte(h.clusterInfo(t).Data["kubeconfig"]))
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	content, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	h.rewrite(t, j, string(content))
}

// second gives a kubeconfig two named clusters, of which none is the current one.
func second(c *clientcmdapi.Config) {
	c.Clusters["a"], c.Clusters["b"] = c.Clusters[""], c.Clusters[""].DeepCopy()
	delete(c.Clusters, "")
}

func (h *hub) withoutClusterInfo(t *testing.T) {
	t.Helper()
	maps, original := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic), h.clusterInfo(t)
	if err := maps.Delete(t.Context(), original.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		original.ResourceVersion = ""
		if _, err := maps.Create(context.WithoutCancel(t.Context()), original, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
}

func (h *hub) withoutRoleBinding(t *testing.T) {
	t.Helper()
	bindings := h.client.RbacV1().RoleBindings(metav1.NamespacePublic)
	original, err := bindings.Get(t.Context(), "system:karmada:bootstrap-signer-clusterinfo", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Delete(t.Context(), original.Name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		original.ResourceVersion = ""
		if _, err := bindings.Create(context.WithoutCancel(t.Context()), original, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
}

func (h *hub) withoutBinding(t *testing.T, name string) {
	t.Helper()
	bindings := h.client.RbacV1().ClusterRoleBindings()
	original, err := bindings.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		original.ResourceVersion = ""
		if _, err := bindings.Create(context.WithoutCancel(t.Context()), original, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
}
