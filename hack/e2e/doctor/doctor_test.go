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

// signatureDelay is longer than the age at which doctor expects a signature for a token.
const signatureDelay = 6 * time.Second

// expectFindings fails the test unless exactly these checks have errors or warnings.
func (h *hub) expectFindings(t *testing.T, checks ...string) {
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
	if out.Elapsed > 5*time.Second {
		t.Errorf("doctor took %s", out.Elapsed)
	}
}

// expectFindingsEventually waits until the authorizer knows of a change, then does the same as expectFindings.
func (h *hub) expectFindingsEventually(t *testing.T, checks ...string) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Second)
	for time.Now().Before(deadline) {
		if out := h.joinctl(t, "doctor", "-o", "name"); slices.ContainsFunc(checks, func(check string) bool { return strings.Contains(out.Stdout, check+"\n") }) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.expectFindings(t, checks...)
}

func TestDoctorFindsNothingOnAHealthyControlPlane(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	h.joinctl(t, "token", "create").OK(t)
	time.Sleep(signatureDelay)
	h.expectFindings(t)
	out := h.joinctl(t, "doctor")
	out.Expect(t, 0, "no problems found")
	if lines := strings.Count(out.Stdout, "\n"); lines > 1 {
		t.Errorf("stdout is %q", out.Stdout)
	}
	wide := h.joinctl(t, "doctor", "-o", "wide").OK(t)
	for _, text := range []string{"you are kubernetes-admin", "bootstrap-auth", "unknown: whether kube-apiserver accepts bootstrap tokens"} {
		if !strings.Contains(wide, text) {
			t.Errorf("-o wide does not contain %q:\n%s", text, wide)
		}
	}
}

func TestDoctorFindsMissingRBAC(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	ctx, opts := t.Context(), metav1.DeleteOptions{}
	rbac := h.client.RbacV1()
	for _, fault := range []struct {
		check  string
		inject func() error
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
		if err := fault.inject(); err != nil {
			t.Fatal(err)
		}
		h.expectFindingsEventually(t, fault.check)
		h.joinctl(t, "setup", "--yes").OK(t)
		h.expectFindings(t)
	}
}

func TestDoctorFindsBadTokensAndExcessiveRights(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	h.createTokenSecret(t, "good00", nil)
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
		h.createTokenSecret(t, fault.id, fault.data)
		h.expectFindings(t, fault.check)
		h.joinctl(t, "token", "delete", fault.id).OK(t)
	}
	h.bindClusterRole(t, "e2e-admin", "cluster-admin", rbacv1.GroupKind, joinGroup)
	h.expectFindings(t, "group-rights")
	if err := h.client.RbacV1().ClusterRoleBindings().Delete(t.Context(), "e2e-admin", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	h.expectFindings(t)
	_, err := h.client.RbacV1().RoleBindings(metav1.NamespaceSystem).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-scheduler"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:kube-scheduler"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: "system:bootstrappers:other"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.expectFindings(t, "group-rights")
}

func TestDoctorFindsDisabledSignerAndCleaner(t *testing.T) {
	t.Parallel()
	h := startJoinable(t, "--signer=false", "--cleaner=false")
	h.createTokenSecret(t, "expird", map[string]string{"expiration": "2020-01-02T03:04:05Z"})
	h.expectFindings(t, "cleaner")
	h.joinctl(t, "token", "delete", "expird").OK(t)
	h.createTokenSecret(t, "waits0", nil)
	h.expectFindings(t) // the token is too new for a finding
	time.Sleep(signatureDelay)
	h.expectFindings(t, "signer")
	h.setClusterInfoKeys(t, map[string]string{"jws-kubeconfig-waits0": "eyJhbGciOiJIUzI1NiIsImtpZCI6IndhaXRzMCJ9..stale"})
	h.expectFindings(t, "signer")
	if out := h.joinctl(t, "doctor", "-o", "wide"); !strings.Contains(out.Stdout, "are of another cluster-info") {
		t.Errorf("stdout is %s", out.Stdout)
	}
	many := map[string]string{}
	for i := range 9000 {
		many[fmt.Sprintf("jws-kubeconfig-%06d", i)] = "eyJhbGciOiJIUzI1NiIsImtpZCI6IndhaXRzMCJ9..47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
	}
	h.setClusterInfoKeys(t, many)
	h.expectFindings(t, "signer", "cluster-info-size")
}

func TestDoctorWarnsAboutForbiddenChecks(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	out := h.joinctl(t, "doctor", "--as", "nobody")
	out.Expect(t, 4, "0 errors and 4 warnings")
	unwrapped := strings.Join(strings.Fields(out.Stdout), " ")
	if n := strings.Count(unwrapped, "this was not judged"); n != 4 {
		t.Errorf("stdout is\n%s", out.Stdout)
	}
}

func TestDoctorFailsOnAnUnreachableControlPlane(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	out := h.joinctl(t, "doctor", "--server", "https://127.0.0.1:1", "-o", "json")
	out.Expect(t, 1, "connection refused")
	if doc := out.Document(t); len(doc.Items) != 0 || len(doc.Failures) != 1 || doc.Failures[0].Reason != "Unreachable" {
		t.Errorf("the document is %s", out.Stdout)
	}
}

func TestDoctorFindsDisabledAnonymousAuthentication(t *testing.T) {
	t.Parallel()
	startJoinable(t, "--anonymous-auth=false").expectFindings(t, "anonymous-auth")
}

func TestDoctorFindsMissingKarmadaAPI(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--name", "hub", "--extra-san", externalAddress(t))
	h := &hub{ControlPlane: cp}
	h.joinctl(t, "setup", "--yes", "--endpoint", relay.Forward(t, externalAddress(t)+":0", cp.Host).Addr).OK(t)
	h.expectFindings(t, "kind")
}
