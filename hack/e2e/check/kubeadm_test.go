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

// allowRule returns rules that allow one verb on one resource.
func allowRule(verb, group, resource string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}}}
}

// setUpNodeJoin creates the objects of kubeadm init that joining nodes need.
func (h *hub) setUpNodeJoin(t *testing.T) {
	t.Helper()
	rbac, create := h.client.RbacV1(), metav1.CreateOptions{}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: nodeGroup}}
	var errs []error
	add := func(err error) { errs = append(errs, err) }
	for name, rules := range map[string][]rbacv1.PolicyRule{
		"kubeadm:get-nodes":                      allowRule("get", "", "nodes"),
		"kubeadm:node-autoapprove-bootstrap":     allowRule("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient"),
		"kubeadm:kubelet-bootstrap-in-this-test": append(allowRule("get", "certificates.k8s.io", "certificatesigningrequests"), allowRule("create", "certificates.k8s.io", "certificatesigningrequests")...),
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
		rules := allowRule("get", "", "configmaps")
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

// TestKubeadmFaultsFailTheirOwnStep injects faults that only affect kubeadm join.
func TestKubeadmFaultsFailTheirOwnStep(t *testing.T) {
	h := start(t, "--joinable", "--signer=false", "--cleaner=false")
	h.setUpNodeJoin(t)
	node := func(data map[string]string) { data["auth-extra-groups"] = nodeGroup }
	for _, f := range []fault{
		{name: "none"},
		{name: "approval", inject: func(t *testing.T, h *hub, _ *join) {
			h.deleteClusterRoleBinding(t, "kubeadm:node-autoapprove-bootstrap")
		}, step: "approval", cause: "nodeclient", remedy: "kubeadm init phase bootstrap-token"},
		{name: "nodes", inject: func(t *testing.T, h *hub, _ *join) { h.deleteClusterRoleBinding(t, "kubeadm:get-nodes") }, step: "nodes", cause: "get nodes", remedy: "kubeadm init phase bootstrap-token"},
		{name: "kubeadm-config", inject: func(t *testing.T, h *hub, _ *join) { h.deleteConfigMap(t, "kubeadm-config") }, step: "kubeadm-config", cause: "there is no ConfigMap", remedy: "upload-config"},
		{name: "kubelet-config", inject: func(t *testing.T, h *hub, _ *join) { h.deleteConfigMap(t, "kubelet-config") }, step: "kubelet-config", cause: "there is no ConfigMap", remedy: "upload-config"},
		{name: "server not reachable", inject: func(t *testing.T, h *hub, j *join) {
			h.editKubeconfig(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].Server = "https://127.0.0.1:1" })
		}, step: "server", cause: "connection refused", remedy: "correct its server"},
		{name: "server without TLS", inject: func(t *testing.T, h *hub, j *join) {
			h.editKubeconfig(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].Server = "http://" + h.Host })
		}, step: "server", cause: "without TLS", remedy: "https://HOST:PORT"},
		{name: "server not in the SANs", inject: func(t *testing.T, h *hub, j *join) {
			other := relay.Forward(t, "127.0.0.2:0", h.Host).Addr
			h.editKubeconfig(t, *j, func(c *clientcmdapi.Config) { c.Clusters[""].Server = "https://" + other })
		}, step: "server", cause: "not 127.0.0.2", remedy: "correct its server"},
	} {
		t.Run(f.name, func(t *testing.T) {
			j := h.createToken(t, node)
			h.sign(t, j)
			h.waitForToken(t, j)
			if f.step == "" {
				if out := check(t, j, nil, "--joiner", "kubeadm", "--node-name", "n1"); out.code != 0 || len(out.failed()) > 0 {
					t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
				}
				return
			}
			f.inject(t, h, &j)
			before := h.state(t)
			f.expect(t, j, nil, "--joiner", "kubeadm")
			if after := h.state(t); after != before {
				t.Error("the server's state changed")
			}
			if err := kubeadmDiscovers(j); err != nil {
				t.Errorf("kubeadm's discovery fails: %v", err)
			}
		})
	}
}

// TestTwoTokensOfKubeadmAreUsedEachForItsPurpose has one token that only signs, and one that only authenticates.
func TestTwoTokensOfKubeadmAreUsedEachForItsPurpose(t *testing.T) {
	h := start(t, "--joinable", "--signer=false", "--cleaner=false")
	h.setUpNodeJoin(t)
	signing := h.createToken(t, func(data map[string]string) {
		delete(data, "usage-bootstrap-authentication")
		delete(data, "auth-extra-groups")
	})
	bearer := h.createToken(t, func(data map[string]string) {
		data["auth-extra-groups"] = nodeGroup
		delete(data, "usage-bootstrap-signing")
	})
	h.sign(t, signing)
	h.waitForToken(t, bearer)
	if err := kubeadmDiscovers(signing); err != nil {
		t.Errorf("kubeadm's discovery fails: %v", err)
	}
	if out := check(t, signing, nil, "--joiner", "kubeadm", "--tls-bootstrap-token", bearer.token); out.code != 0 || len(out.failed()) > 0 {
		t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
	}
	if out := check(t, bearer, nil, "--joiner", "kubeadm", "--tls-bootstrap-token", signing.token); out.code != 4 {
		t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
	}
}

func (h *hub) deleteConfigMap(t *testing.T, name string) {
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

// TestDisabledAuthenticationFailsItsOwnStep starts a control plane for each flag.
func TestDisabledAuthenticationFailsItsOwnStep(t *testing.T) {
	for flag, f := range map[string]fault{
		"--anonymous-auth=false": {step: "cluster-info", cause: "(401)", remedy: "--anonymous-auth"},
		"--bootstrap-auth=false": {step: "authentication", cause: "bootstrap tokens are not accepted here at all", remedy: "--enable-bootstrap-token-auth"},
	} {
		t.Run(flag, func(t *testing.T) {
			h := start(t, "--joinable", "--karmada", "--cleaner=false", flag)
			j := h.createToken(t, nil)
			time.Sleep(time.Second) // longer than the signer takes
			before := h.state(t)
			f.expect(t, j, nil)
			if after := h.state(t); after != before {
				t.Error("the server's state changed")
			}
			if joinctlAccepts, err := check(t, j, nil, "--joiner", "kubeadm").discoverySucceeded(), kubeadmDiscovers(j); joinctlAccepts != (err == nil) {
				t.Errorf("check accepts discovery: %t; kubeadm: %v", joinctlAccepts, err)
			}
		})
	}
}
