// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// signed is longer than the age at which doctor expects a token's signature.
const signed = 6 * time.Second

// finds fails the test unless doctor's errors and warnings are those of certain checks.
func (h *hub) finds(t *testing.T, checks ...string) {
	t.Helper()
	out := h.joinctl(t, "doctor", "-o", "json")
	var found []string
	for _, item := range out.Document(t).Items {
		if item["severity"] == "info" {
			continue
		}
		if found = append(found, item["check"].(string)); item["evidence"] == "" || item["remedy"] == "" || item["context"] != "hub" {
			t.Errorf("incomplete: %v", item)
		}
	}
	slices.Sort(found)
	slices.Sort(checks)
	if found = slices.Compact(found); !slices.Equal(found, checks) {
		t.Errorf("found %s, want %s\n%s", found, checks, out.Stdout)
	}
	if want := map[bool]int{true: 4}[len(checks) > 0]; out.Code != want {
		t.Errorf("exit code %d, want %d", out.Code, want)
	}
	if out.Took > 5*time.Second {
		t.Errorf("it took %s", out.Took)
	}
}

// eventually finds certain checks, once the authorizer has learnt of a change.
func (h *hub) eventuallyFinds(t *testing.T, checks ...string) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Second)
	for time.Now().Before(deadline) {
		if out := h.joinctl(t, "doctor", "-o", "name"); slices.ContainsFunc(checks, func(check string) bool { return strings.Contains(out.Stdout, check+"\n") }) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.finds(t, checks...)
}

func TestDoctorIsSilentWhereAllIsWell(t *testing.T) {
	t.Parallel()
	h := healthy(t)
	h.joinctl(t, "token", "create").OK(t)
	time.Sleep(signed)
	h.finds(t)
	out := h.joinctl(t, "doctor")
	out.Wants(t, 0, "nothing is wrong that can be seen from here")
	if lines := strings.Count(out.Stdout, "\n"); lines > 1 {
		t.Errorf("stdout is %q", out.Stdout)
	}
	wide := h.joinctl(t, "doctor", "-o", "wide").OK(t)
	for _, text := range []string{"you are kubernetes-admin", "bootstrap-auth", "unknown: whether kube-apiserver accepts bootstrap tokens"} {
		if !strings.Contains(wide, text) {
			t.Errorf("-o wide lacks %q:\n%s", text, wide)
		}
	}
}

func TestDoctorFindsWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	h := healthy(t)
	ctx, opts := t.Context(), metav1.DeleteOptions{}
	rbac := h.client.RbacV1()
	for _, fault := range []struct {
		check string
		seed  func() error
	}{
		{"anonymous-read", func() error {
			return rbac.RoleBindings(metav1.NamespacePublic).Delete(ctx, "system:karmada:bootstrap-signer-clusterinfo", opts)
		}},
		{"anonymous-read", func() error {
			return rbac.Roles(metav1.NamespacePublic).Delete(ctx, "system:karmada:bootstrap-signer-clusterinfo", opts)
		}},
		{"csr-creation", func() error { return rbac.ClusterRoleBindings().Delete(ctx, "system:karmada:agent-bootstrap", opts) }},
		{"csr-approval", func() error {
			return rbac.ClusterRoles().Delete(ctx, "system:karmada:certificatesigningrequest:autoapprover", opts)
		}},
		{"csr-rotation", func() error {
			return rbac.ClusterRoleBindings().Delete(ctx, "system:karmada:agent-autoapprove-certificate-rotation", opts)
		}},
		{"agent-rbac", func() error { return rbac.ClusterRoles().Delete(ctx, "system:karmada:agent-rbac-generator", opts) }},
	} {
		if err := fault.seed(); err != nil {
			t.Fatal(err)
		}
		h.eventuallyFinds(t, fault.check)
		h.joinctl(t, "setup", "--yes").OK(t)
		h.finds(t)
	}
}

func TestDoctorFindsBadTokensAndTooMuchPower(t *testing.T) {
	t.Parallel()
	h := healthy(t)
	h.store(t, "good00", nil)
	for _, fault := range []struct {
		check, id string
		data      map[string]string
	}{
		{"token-immortal", "forevr", map[string]string{"expiration": ""}},
		{"token-malformed", "other0", map[string]string{"token-id": "other1"}},
		{"token-unusable", "group0", map[string]string{"auth-extra-groups": "bad"}},
		{"token-sample", "abcdef", map[string]string{"token-secret": "0123456789abcdef"}},
		{"token-sample", "07401b", map[string]string{"token-secret": "f395accd246ae52d"}},
	} {
		h.store(t, fault.id, fault.data)
		h.finds(t, fault.check)
		h.joinctl(t, "token", "delete", fault.id).OK(t)
	}
	h.bind(t, "e2e-admin", "cluster-admin", rbacv1.GroupKind, joinGroup)
	h.finds(t, "group-rights")
	if err := h.client.RbacV1().ClusterRoleBindings().Delete(t.Context(), "e2e-admin", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	h.finds(t)
	_, err := h.client.RbacV1().RoleBindings(metav1.NamespaceSystem).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-scheduler"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:kube-scheduler"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:bootstrappers:other"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.finds(t, "group-rights")
}

func TestDoctorFindsThatSignerAndCleanerAreOff(t *testing.T) {
	t.Parallel()
	h := healthy(t, "--signer=false", "--cleaner=false")
	h.store(t, "expird", map[string]string{"expiration": "2020-01-02T03:04:05Z"})
	h.finds(t, "cleaner")
	h.joinctl(t, "token", "delete", "expird").OK(t)
	h.store(t, "waits0", nil)
	h.finds(t) // it is too young to judge by
	time.Sleep(signed)
	h.finds(t, "signer")
	h.setSignatures(t, map[string]string{"jws-kubeconfig-waits0": "eyJhbGciOiJIUzI1NiIsImtpZCI6IndhaXRzMCJ9..stale"})
	h.finds(t, "signer")
	if out := h.joinctl(t, "doctor"); !strings.Contains(out.Stdout, "are of another cluster-info") {
		t.Errorf("stdout is %s", out.Stdout)
	}
	many := map[string]string{}
	for i := range 9000 {
		many[fmt.Sprintf("jws-kubeconfig-%06d", i)] = "eyJhbGciOiJIUzI1NiIsImtpZCI6IndhaXRzMCJ9..47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
	}
	h.setSignatures(t, many)
	h.finds(t, "signer", "cluster-info-size")
}

func TestDoctorTellsWhatItMayNotSee(t *testing.T) {
	t.Parallel()
	h := healthy(t)
	out := h.joinctl(t, "doctor", "--as", "nobody")
	out.Wants(t, 4, "0 errors and 4 warnings")
	if n := strings.Count(out.Stdout, "this was not judged"); n != 4 {
		t.Errorf("stdout is\n%s", out.Stdout)
	}
}

func TestDoctorOfAnUnreachableControlPlaneFails(t *testing.T) {
	t.Parallel()
	h := healthy(t)
	out := h.joinctl(t, "doctor", "--server", "https://127.0.0.1:1", "-o", "json")
	out.Wants(t, 1, "connection refused")
	if doc := out.Document(t); len(doc.Items) != 0 || len(doc.Failures) != 1 || doc.Failures[0].Reason != "Unreachable" {
		t.Errorf("the document is %s", out.Stdout)
	}
}

func TestDoctorFindsThatAnonymousAuthenticationIsOff(t *testing.T) {
	t.Parallel()
	healthy(t, "--anonymous-auth=false").finds(t, "anonymous-auth")
}

func TestDoctorFindsThatThisIsNoKarmadaControlPlane(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--name", "hub", "--extra-san", outward(t))
	h := &hub{ControlPlane: cp}
	h.joinctl(t, "setup", "--yes", "--endpoint", relay.Forward(t, outward(t)+":0", cp.Host).Addr).OK(t)
	h.finds(t, "kind")
}
