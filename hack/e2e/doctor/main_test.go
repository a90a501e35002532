// SPDX-License-Identifier: Apache-2.0

// Package doctor_test runs the built joinctl's setup and doctor against real control planes.
package doctor_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

const joinGroup = "system:bootstrappers:karmada:default-cluster-token"

func TestMain(m *testing.M) {
	program.Main(func(program.StartFunc) (int, error) { return m.Run(), nil })
}

// A hub is a control plane that only one test uses.
type hub struct {
	*controlplane.ControlPlane
	client   kubernetes.Interface
	endpoint string // an address that is not a loopback address
}

// startHub starts an empty Karmada control plane. A relay makes it reachable at a non-loopback address.
func startHub(t *testing.T, args ...string) *hub {
	t.Helper()
	address := externalAddress(t)
	cp := controlplane.Start(t, program.Binary("controlplane"), append([]string{"--karmada", "--name", "hub", "--extra-san", address}, args...)...)
	client, err := cp.Clientset()
	if err != nil {
		t.Fatal(err)
	}
	return &hub{cp, client, relay.Forward(t, net.JoinHostPort(address, "0"), cp.Host).Addr}
}

// externalAddress returns a non-loopback IPv4 address of this machine. It skips the test if there is none.
func externalAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
			return ip.IP.String()
		}
	}
	t.Skip("this machine has no network")
	return ""
}

// joinctl runs joinctl with the administrator's kubeconfig.
func (h *hub) joinctl(t *testing.T, args ...string) program.Result {
	t.Helper()
	return program.Run(t, h.Kubeconfig, args...)
}

// startJoinable starts a control plane and runs setup on it.
func startJoinable(t *testing.T, args ...string) *hub {
	t.Helper()
	h := startHub(t, args...)
	h.joinctl(t, "setup", "--yes", "--endpoint", h.endpoint).OK(t)
	return h
}

// objects returns the kinds, names and resource versions of all objects that setup can change.
func (h *hub) objects(t *testing.T) []string {
	t.Helper()
	ctx, all := t.Context(), metav1.ListOptions{}
	var found []string
	add := func(kind string, meta metav1.ObjectMeta) {
		if strings.HasPrefix(meta.Name, "system:karmada:") || meta.Name == "cluster-info" {
			found = append(found, fmt.Sprintf("%s %s/%s at %s", kind, meta.Namespace, meta.Name, meta.ResourceVersion))
		}
	}
	rbac := h.client.RbacV1()
	maps, err1 := h.client.CoreV1().ConfigMaps("").List(ctx, all)
	roles, err2 := rbac.Roles("").List(ctx, all)
	bindings, err3 := rbac.RoleBindings("").List(ctx, all)
	clusterRoles, err4 := rbac.ClusterRoles().List(ctx, all)
	clusterBindings, err5 := rbac.ClusterRoleBindings().List(ctx, all)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range maps.Items {
		add("configmap", o.ObjectMeta)
	}
	for _, o := range roles.Items {
		add("role", o.ObjectMeta)
	}
	for _, o := range bindings.Items {
		add("rolebinding", o.ObjectMeta)
	}
	for _, o := range clusterRoles.Items {
		add("clusterrole", o.ObjectMeta)
	}
	for _, o := range clusterBindings.Items {
		add("clusterrolebinding", o.ObjectMeta)
	}
	slices.Sort(found)
	return found
}

// createTokenSecret creates the Secret of a token. Entries of more override the defaults, empty ones remove a key.
func (h *hub) createTokenSecret(t *testing.T, id string, more map[string]string) {
	t.Helper()
	data := map[string]string{"token-id": id, "token-secret": "0a1b2c3d4e5f6a7b", "usage-bootstrap-signing": "true", "usage-bootstrap-authentication": "true", "expiration": "2099-01-02T03:04:05Z"}
	for key, value := range more {
		if data[key] = value; value == "" {
			delete(data, key)
		}
	}
	_, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "bootstrap-token-" + id}, Type: corev1.SecretTypeBootstrapToken, StringData: data,
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// bindClusterRole binds a ClusterRole to a group or a user.
func (h *hub) bindClusterRole(t *testing.T, name, role, kind, subject string) {
	t.Helper()
	_, err := h.client.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: kind, Name: subject}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}
