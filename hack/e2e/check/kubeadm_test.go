// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/relay"
)

const nodeGroup = "system:bootstrappers:kubeadm:default-node-token"

// right returns a role that allows one thing, for kubeadm's group.
func right(verb, group, resource string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}}}
}

// nodes makes a control plane as kubeadm init does for nodes that join.
func (h *hub) nodes(t *testing.T) {
	t.Helper()
	rbac, create := h.client.RbacV1(), metav1.CreateOptions{}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: nodeGroup}}
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	for name, rules := range map[string][]rbacv1.PolicyRule{
		"kubeadm:get-nodes":                      right("get", "", "nodes"),
		"kubeadm:node-autoapprove-bootstrap":     right("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient"),
		"kubeadm:kubelet-bootstrap-in-this-test": append(right("get", "certificates.k8s.io", "certificatesigningrequests"), right("create", "certificates.k8s.io", "certificatesigningrequests")...),
	} {
		_, err := rbac.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: meta(name), Rules: rules}, create)
		add(err)
		_, err = rbac.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
			ObjectMeta: meta(name), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}, Subjects: subjects,
		}, create)
		add(err)
	}
	for _, name := range []string{"kubeadm-config", "kubelet-config"} {
		_, err := h.client.CoreV1().ConfigMaps(metav1.NamespaceSystem).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: meta(name)}, create)
		add(err)
		rules := right("get", "", "configmaps")
		rules[0].ResourceNames = []string{name}
		_, err = rbac.Roles(metav1.NamespaceSystem).Create(t.Context(), &rbacv1.Role{ObjectMeta: meta(name), Rules: rules}, create)
		add(err)
		_, err = rbac.RoleBindings(metav1.NamespaceSystem).Create(t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: meta(name), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name}, Subjects: subjects,
		}, create)
		add(err)
	}
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestKubeadmNeedsMore breaks what only kubeadm join needs.
func TestKubeadmNeedsMore(t *testing.T) {
	h := start(t, "--joinable", "--signer=false", "--cleaner=false")
	h.nodes(t)
	node := func(data map[string]string) { data["auth-extra-groups"] = nodeGroup }
	for _, f := range []fault{
		{name: "none"},
		{name: "approval", cause: func(t *testing.T, h *hub, _ *join) { h.withoutBinding(t, "kubeadm:node-autoapprove-bootstrap") }, step: "approval", says: "nodeclient", remedy: "kubeadm init phase bootstrap-token"},
		{name: "nodes", cause: func(t *testing.T, h *hub, _ *join) { h.withoutBinding(t, "kubeadm:get-nodes") }, step: "nodes", says: "get nodes", remedy: "kubeadm init phase bootstrap-token"},
		{name: "kubeadm-config", cause: func(t *testing.T, h *hub, _ *join) { h.withoutMap(t, "kubeadm-config") }, step: "kubeadm-config", says: "there is no ConfigMap", remedy: "upload-config"},
		{name: "kubelet-config", cause: func(t *testing.T, h *hub, _ *join) { h.withoutMap(t, "kubelet-config") }, step: "kubelet-config", says: "there is no ConfigMap", remedy: "upload-config"},
		{name: "server not reachable", cause: func(t *testing.T, h *hub, j *join) {
			h.edit(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].Server = "https://127.0.0.1:1" })
		}, step: "server", says: "connection refused", remedy: "correct its server"},
		{name: "server not in the SANs", cause: func(t *testing.T, h *hub, j *join) {
			other := relay.Forward(t, "127.0.0.2:0", h.Host).Addr
			h.edit(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].Server = "https://" + other })
		}, step: "server", says: "not 127.0.0.2", remedy: "correct its server"},
	} {
		t.Run(f.name, func(t *testing.T) {
			j := h.mint(t, node)
			h.sign(t, j)
			h.awaitToken(t, j)
			if f.step == "" {
				if out := check(t, j, nil, "--joiner", "kubeadm", "--node-name", "n1"); out.code != 0 || len(out.failed()) > 0 {
					t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
				}
				return
			}
			f.cause(t, h, &j)
			before := h.state(t)
			f.wants(t, j, nil, "--joiner", "kubeadm")
			if after := h.state(t); after != before {
				t.Error("the server's state changed")
			}
			if err := kubeadmDiscovers(j); err != nil {
				t.Errorf("kubeadm's discovery fails: %v", err)
			}
		})
	}
}

func (h *hub) withoutMap(t *testing.T, name string) {
	t.Helper()
	maps := h.client.CoreV1().ConfigMaps(metav1.NamespaceSystem)
	if err := maps.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := maps.Create(context.WithoutCancel(t.Context()), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// TestAnonymousAndBootstrapAuthenticationOff needs control planes of its own.
func TestAnonymousAndBootstrapAuthenticationOff(t *testing.T) {
	for flag, f := range map[string]fault{
		"--anonymous-auth=false": {step: "cluster-info", says: "(401)", remedy: "--anonymous-auth"},
		"--bootstrap-auth=false": {step: "authentication", says: "bootstrap tokens are not accepted here at all", remedy: "--enable-bootstrap-token-auth"},
	} {
		t.Run(flag, func(t *testing.T) {
			h := start(t, "--joinable", "--karmada", "--cleaner=false", flag)
			j := h.mint(t, nil)
			time.Sleep(time.Second) // longer than the signer takes
			before := h.state(t)
			f.wants(t, j, nil)
			if after := h.state(t); after != before {
				t.Error("the server's state changed")
			}
			if ours, err := check(t, j, nil, "--joiner", "kubeadm").discovered(), kubeadmDiscovers(j); ours != (err == nil) {
				t.Errorf("check accepts discovery: %t; kubeadm: %v", ours, err)
			}
		})
	}
}
