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

// A fault is one fault of a control plane, a token, a network or a command, with the step, cause and remedy that check reports.
type fault struct {
	name                string
	modify              func(data map[string]string)
	inject              func(t *testing.T, h *hub, j *join)
	step, cause, remedy string
	unsigned, hangs     bool // cluster-info is not signed with the token; kubeadm's discovery would hang
}

func faults() []fault {
	data := func(key, value string) func(map[string]string) {
		return func(data map[string]string) { data[key] = value }
	}
	info := func(content string) func(*testing.T, *hub, *join) {
		return func(t *testing.T, h *hub, j *join) { h.setKubeconfig(t, *j, content) }
	}
	return []fault{
		{name: "RoleBinding deleted", inject: func(t *testing.T, h *hub, _ *join) { h.deleteClusterInfoBinding(t) }, step: "cluster-info", cause: "(403)", remedy: "RoleBinding in kube-public"},
		{name: "cluster-info deleted", inject: func(t *testing.T, h *hub, _ *join) { h.deleteClusterInfo(t) }, step: "cluster-info", cause: "(404)", remedy: "joinctl setup --endpoint HOST:PORT"},
		{name: "empty kubeconfig", inject: info(""), step: "kubeconfig", cause: "it has no kubeconfig", remedy: "one cluster, its server and its CA"},
		{name: "two clusters", inject: func(t *testing.T, h *hub, j *join) { h.editKubeconfig(t, *j, addTwoClusters) }, step: "kubeconfig", cause: "2 clusters", remedy: "one cluster"},
		{name: "no CA", inject: func(t *testing.T, h *hub, j *join) {
			h.editKubeconfig(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].CertificateAuthorityData = nil })
		}, step: "kubeconfig", cause: "no certificate authority", remedy: "its CA"},
		{name: "other CA", inject: func(t *testing.T, h *hub, j *join) {
			ca := otherCA(t)
			h.editKubeconfig(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].CertificateAuthorityData = ca })
		}, step: "pin", cause: "is not a pinned one", remedy: "joinctl ca-hash"},
		{name: "other CA, and pinned", inject: func(t *testing.T, h *hub, j *join) {
			ca := otherCA(t)
			j.pins = []string{pinOf(t, ca)}
			h.editKubeconfig(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].CertificateAuthorityData = ca })
		}, step: "verified-read", cause: "unknown authority", remedy: "has to carry the CA"},

		{name: "signature removed and signer off", unsigned: true, inject: func(t *testing.T, h *hub, j *join) { h.waitForToken(t, *j) }, step: "signature", cause: "although the server accepts the token", remedy: "bootstrapsigner"},
		{name: "signature by another token", unsigned: true, inject: func(t *testing.T, h *hub, j *join) {
			h.waitForToken(t, *j)
			h.setClusterInfo(t, map[string]any{"jws-kubeconfig-" + j.token[:6]: signature(t, h.clusterInfo(t).Data["kubeconfig"], "other0."+tokenSecret)})
		}, step: "signature", cause: "was made with another token", remedy: "remove it"},
		{name: "stale signature", inject: func(t *testing.T, h *hub, j *join) {
			h.waitForToken(t, *j)
			h.setClusterInfo(t, map[string]any{"kubeconfig": h.clusterInfo(t).Data["kubeconfig"] + "# changed\n"})
		}, step: "signature", cause: "is stale", remedy: "bootstrapsigner"},
		{name: "wrong secret", inject: func(_ *testing.T, _ *hub, j *join) { j.token = j.token[:7] + "fedcba9876543210" }, step: "signature", cause: "most likely its secret is wrong", remedy: "copy the token again"},
		{name: "unknown id", inject: func(_ *testing.T, _ *hub, j *join) { j.token = "nobody" + j.token[6:] }, step: "signature", cause: "there is none of this ID", remedy: "joinctl token create"},
		{name: "expired", modify: data("expiration", "2020-01-01T00:00:00Z"), unsigned: true, step: "signature", cause: "expired or deleted", remedy: "joinctl token create"},
		{name: "expired and still signed", modify: data("expiration", "2020-01-01T00:00:00Z"), step: "authentication", cause: "it expired", remedy: "joinctl token list"},
		{name: "authentication usage missing", modify: data("usage-bootstrap-authentication", "false"), step: "authentication", cause: "lacks the usage authentication", remedy: "joinctl token list"},
		{name: "signing usage missing", modify: data("usage-bootstrap-signing", "false"), unsigned: true, inject: func(t *testing.T, h *hub, j *join) { h.waitForToken(t, *j) }, step: "signature", cause: "it lacks the usage signing", remedy: "usages"},
		{name: "bad extra group", modify: data("auth-extra-groups", karmadaGroup+",system:masters"), step: "authentication", cause: "has a bad group", remedy: "groups"},
		{name: "CSR role missing", inject: func(t *testing.T, h *hub, _ *join) { h.deleteClusterRoleBinding(t, "system:karmada:agent-bootstrap") }, step: "csr", cause: "may not request", remedy: "system:node-bootstrapper"},
		{name: "approval role missing", inject: func(t *testing.T, h *hub, _ *join) {
			h.deleteClusterRoleBinding(t, "system:karmada:agent-autoapprove-bootstrap")
		}, step: "approval", cause: "may not create", remedy: "kubectl certificate approve"},

		{name: "wrong pin", inject: func(t *testing.T, _ *hub, j *join) { j.pins = []string{pinOf(t, otherCA(t))} }, step: "pin", cause: "is not a pinned one", remedy: "joinctl ca-hash"},
		{name: "malformed pin", inject: func(_ *testing.T, _ *hub, j *join) { j.pins[0] = j.pins[0][:60] }, step: "arguments", cause: "64 hex digits", remedy: "copy the command again"},
		{name: "malformed token", inject: func(_ *testing.T, _ *hub, j *join) { j.token = strings.ToUpper(j.token) }, step: "arguments", cause: "has the form", remedy: "copy the command again"},

		{name: "address not in the SANs", inject: func(t *testing.T, h *hub, j *join) { j.endpoint = relay.Forward(t, "127.0.0.2:0", h.Host).Addr }, step: "tls", cause: "not for 127.0.0.2; it is for", remedy: "token create --endpoint"},
		{name: "expired serving certificate", inject: func(t *testing.T, h *hub, j *join) {
			j.endpoint = h.startTLS(t, time.Now().Add(-time.Minute), h.reverseProxy())
		}, step: "tls", cause: "expired at", remedy: "renew"},
		{name: "closed port", inject: func(_ *testing.T, _ *hub, j *join) { j.endpoint = "127.0.0.1:1" }, step: "tcp", cause: "connection refused", remedy: "firewall"},
		{name: "black hole", hangs: true, inject: func(t *testing.T, _ *hub, j *join) { j.endpoint = blackHole(t) }, step: "tcp", cause: "nothing answered in time", remedy: "firewall"},
		{name: "DNS failure", inject: func(_ *testing.T, _ *hub, j *join) { j.endpoint = "nowhere.invalid:6443" }, step: "dns", cause: "cannot be resolved", remedy: "DNS"},
		{name: "plain HTTP", inject: func(t *testing.T, _ *hub, j *join) { j.endpoint = startPlainHTTP(t, webPage(200)) }, step: "tls", cause: "HTTP response to HTTPS client", remedy: "port of the API server"},
		{name: "a load balancer's page", inject: func(t *testing.T, h *hub, j *join) {
			j.endpoint = h.startTLS(t, time.Now().Add(time.Hour), webPage(503))
		}, step: "cluster-info", cause: "no Kubernetes API server", remedy: "something else answers"},
	}
}

// TestEachFaultFailsItsOwnStep injects one fault at a time. kubeadm's own discovery must agree with check.
func TestEachFaultFailsItsOwnStep(t *testing.T) {
	for _, f := range faults() {
		t.Run(f.name, func(t *testing.T) {
			h, j := sharedHub, sharedHub.createToken(t, f.modify)
			if !f.unsigned {
				h.sign(t, j)
			}
			if f.inject != nil {
				f.inject(t, h, &j)
			}
			before := h.state(t)
			f.expect(t, j, nil)
			for _, pins := range [][]string{j.pins, nil} {
				if j.pins = pins; f.hangs {
					continue
				}
				asKubeadm := check(t, j, nil, "--joiner", "kubeadm")
				if joinctlAccepts, err := asKubeadm.discoverySucceeded(), kubeadmDiscovers(j); joinctlAccepts != (err == nil) {
					t.Errorf("check accepts discovery with pins %q: %t; kubeadm: %v\n%s", pins, joinctlAccepts, err, asKubeadm.stdout)
				}
			}
			if after := h.state(t); after != before {
				t.Errorf("the server's state changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

// expect repeats check until only the fault's step fails, because caches of the server can be stale.
func (f fault) expect(t *testing.T, j join, env []string, args ...string) {
	t.Helper()
	mismatch := ""
	for begin := time.Now(); time.Since(begin) < 5*time.Second; time.Sleep(50 * time.Millisecond) {
		out := check(t, j, env, args...)
		if out.took > 10*time.Second {
			t.Errorf("check took %s", out.took)
		}
		failed := out.failed()
		if len(failed) == 1 && failed[0].Name == f.step && out.code == 4 && strings.Contains(failed[0].Cause, f.cause) && strings.Contains(failed[0].Remedy, f.remedy) {
			t.Logf("%s in %s: %s", f.step, out.took.Round(time.Millisecond), failed[0].Cause)
			return
		}
		mismatch = fmt.Sprintf("exit code %d, failed: %+v\n%s", out.code, failed, out.stdout)
	}
	t.Fatal(mismatch)
}

// discoverySucceeded reports whether no step up to verified-read failed.
func (o result) discoverySucceeded() bool {
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

// kubeadmDiscovers runs kubeadm's own discovery for a join.
func kubeadmDiscovers(j join) error {
	_, err := token.RetrieveValidatedConfigInfo(nil, &kubeadm.Discovery{BootstrapToken: &kubeadm.BootstrapTokenDiscovery{
		Token: j.token, APIServerEndpoint: j.endpoint, CACertHashes: j.pins, UnsafeSkipCAVerification: len(j.pins) == 0,
	}}, 500*time.Millisecond)
	return err
}

// setKubeconfig replaces the kubeconfig in cluster-info and signs it again.
func (h *hub) setKubeconfig(t *testing.T, j join, content string) {
	t.Helper()
	h.setClusterInfo(t, map[string]any{"kubeconfig": content})
	h.sign(t, j)
}

func (h *hub) editKubeconfig(t *testing.T, j join, change func(*clientcmdapi.Config)) {
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
	h.setKubeconfig(t, j, string(content))
}

// addTwoClusters replaces the unnamed cluster with two named clusters.
func addTwoClusters(c *clientcmdapi.Config) {
	c.Clusters["a"], c.Clusters["b"] = c.Clusters[""], c.Clusters[""].DeepCopy()
	delete(c.Clusters, "")
}

func (h *hub) deleteClusterInfo(t *testing.T) {
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

func (h *hub) deleteClusterInfoBinding(t *testing.T) {
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

func (h *hub) deleteClusterRoleBinding(t *testing.T, name string) {
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
