// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"bytes"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/internal/cli"
)

func TestSetupMakesAnEmptyControlPlaneJoinableAndIsIdempotent(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	out := h.joinctl(t, "setup", "--yes", "--endpoint", h.endpoint)
	out.Expect(t, 0, "THIS IS VERY POWERFUL", "cannot be started from here")
	if n := strings.Count(out.Stdout, " created\n"); n != 10 {
		t.Errorf("%d objects were created:\n%s", n, out.Stdout)
	}
	line := h.joinctl(t, "token", "create", "--print-register-command", "--endpoint", h.endpoint).OK(t)
	if !strings.HasPrefix(line, "karmadactl register "+h.endpoint+" --token ") {
		t.Errorf("the command is %q", line)
	}
	check := program.Command(t, "", "check", "-", "-o", "json")
	check.Stdin = strings.NewReader(line + "\n")
	checked := program.Execute(t, check)
	checked.Expect(t, 0)
	for _, step := range checked.Document(t).Items {
		if step["status"] != "ok" && step["name"] != "time-left" {
			t.Errorf("check: %v", step)
		}
	}
	before := h.objects(t)
	for _, args := range [][]string{{"--endpoint", h.endpoint}, nil, {"--force"}, {"--endpoint", h.endpoint, "--force"}} {
		again := h.joinctl(t, append([]string{"setup", "--yes"}, args...)...)
		again.Expect(t, 0, "nothing to do")
		if again.Stdout != "" {
			t.Errorf("setup %v printed %q", args, again.Stdout)
		}
	}
	if after := h.objects(t); !slices.Equal(before, after) {
		t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

func TestSetupChangesNothingUnlessConfirmed(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.joinctl(t, "setup").Expect(t, 1, "to create: configmap kube-public/cluster-info", "needs --yes", "aborted: not confirmed")
	for setupWithAnswer, code := range map[string]int{"n\n": 1, "\n": 1, "": 1, "yes please\n": 1} {
		if got, _, stderr := h.setupWithAnswer(t, setupWithAnswer); got != code || !strings.Contains(stderr, "make these changes? [y/N]") {
			t.Errorf("after %q the exit code is %d, and stderr:\n%s", setupWithAnswer, got, stderr)
		}
		if objects := h.objects(t); len(objects) != 0 {
			t.Fatalf("after %q the objects are %s", setupWithAnswer, objects)
		}
	}
	if got, _, stderr := h.setupWithAnswer(t, "y\n"); got != 0 || len(h.objects(t)) != 10 {
		t.Errorf("after y the exit code is %d, and the objects are %s\n%s", got, h.objects(t), stderr)
	}
}

// setupWithAnswer runs setup with a terminal as stdin and answers its question.
func (h *hub) setupWithAnswer(t *testing.T, text string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	env := &cli.Env{In: strings.NewReader(text), Out: &out, Err: &err, InTTY: true, Now: time.Now}
	code = cli.Main(t.Context(), env, []string{"setup", "--kubeconfig", h.Kubeconfig})
	return code, out.String(), err.String()
}

func TestSetupDryRunsChangeNothing(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	for _, mode := range []string{"client", "server"} {
		out := h.joinctl(t, "setup", "--dry-run="+mode, "-o", "json")
		if mode == "server" {
			if doc := out.Document(t); len(doc.Items) != 10 {
				t.Errorf("%d items", len(doc.Items))
			}
		}
		if objects := h.objects(t); len(objects) != 0 {
			t.Fatalf("after --dry-run=%s the objects are %s", mode, objects)
		}
	}
}

func TestSetupManifestsAppliedByKubectlGiveTheSameResult(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"yaml", "json", "kyaml"} {
		h := startHub(t)
		cmd := exec.CommandContext(t.Context(), program.Binary("kubectl"), "--kubeconfig", h.Kubeconfig, "apply", "-f", "-")
		cmd.Stdin = strings.NewReader(h.joinctl(t, "setup", "--dry-run=client", "-o", format, "--endpoint", h.endpoint).OK(t))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kubectl rejects the %s: %v\n%s", format, err, out)
		}
		h.joinctl(t, "setup", "--yes", "--endpoint", h.endpoint).Expect(t, 0, "nothing to do")
	}
}

func TestSetupNamesMissingRightsAndCreatesNothing(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	h.joinctl(t, "setup", "--yes", "--as", "nobody").Expect(t, 1,
		"you may not create subjectaccessreviews.authorization.k8s.io, nor get configmaps/cluster-info in kube-public")

	h.grantUser(t, "reader", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get"), rule(rbacv1.GroupName, "*", "get"))
	h.joinctl(t, "setup", "--yes", "--as", "reader").Expect(t, 1, "you may not create configmaps in kube-public",
		"create roles.rbac.authorization.k8s.io in kube-public", "create clusterrolebindings.rbac.authorization.k8s.io")

	// It may create roles and bindings, but lacks the rights in them. RBAC forbids this as escalation.
	h.grantUser(t, "creator", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get", "create"), rule(rbacv1.GroupName, "*", "get", "create"))
	h.joinctl(t, "setup", "--yes", "--as", "creator").Expect(t, 1, "attempting to grant RBAC permissions not currently held",
		"create clusterrole system:karmada:agent-rbac-generator", "create clusterrolebinding system:karmada:agent-bootstrap")

	// It may create roles with any rules, but may not bind them.
	h.grantUser(t, "escalator", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get", "create"), rule(rbacv1.GroupName, "*", "get", "create", "escalate"))
	h.joinctl(t, "setup", "--yes", "--as", "escalator").Expect(t, 1, "you may not bind clusterroles.rbac.authorization.k8s.io/system:karmada:agent-rbac-generator")

	if objects := h.objects(t); len(objects) != 0 {
		t.Errorf("objects remain: %s", objects)
	}
	h.grantUser(t, "binder", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get", "create"), rule(rbacv1.GroupName, "*", "get", "create", "escalate", "bind"))
	h.joinctl(t, "setup", "--yes", "--as", "binder").OK(t)
}

// TestSetupRollsBackWhenTheServerRejectsAnObject uses an admission policy that accepts dry runs only.
func TestSetupRollsBackWhenTheServerRejectsAnObject(t *testing.T) {
	t.Parallel()
	h := startHub(t)
	ctx, policies := t.Context(), h.client.AdmissionregistrationV1()
	_, err1 := policies.ValidatingAdmissionPolicies().Create(ctx, &admissionv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "only-dry"},
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{rbacv1.GroupName}, APIVersions: []string{"v1"}, Resources: []string{"clusterroles"}},
			}}}},
			Validations: []admissionv1.Validation{{Expression: "request.dryRun || object.metadata.name != 'system:karmada:agent-rbac-generator'", Message: "only dry"}},
		},
	}, metav1.CreateOptions{})
	_, err2 := policies.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "only-dry"},
		Spec:       admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: "only-dry", ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
	}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	roles, forbidden := h.client.RbacV1().ClusterRoles(), "system:karmada:agent-rbac-generator"
	program.Eventually(t, 20*time.Second, func() error { // the policy takes effect after a delay
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: forbidden}}
		if _, err := roles.Create(ctx, role, metav1.CreateOptions{}); err != nil {
			return nil
		}
		return errors.Join(errors.New("the policy is not in effect"), roles.Delete(ctx, forbidden, metav1.DeleteOptions{}))
	})
	h.joinctl(t, "setup", "--yes").Expect(t, 1, "create clusterrole "+forbidden, "only dry", "the earlier changes were rolled back")
	if objects := h.objects(t); len(objects) != 0 {
		t.Errorf("objects remain: %s", objects)
	}
}

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

// grantUser gives a user rights and waits until the authorizer knows.
func (h *hub) grantUser(t *testing.T, user string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	_, err := h.client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.bindClusterRole(t, user, user, rbacv1.UserKind, user)
	program.Eventually(t, 5*time.Second, func() error {
		if out := h.joinctl(t, "setup", "--dry-run=client", "--as", user); out.Code != 0 {
			return errors.New(out.Stderr)
		}
		return nil
	})
}

func TestSetupCompletesExistingObjects(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	ctx, bindings, roles := t.Context(), h.client.RbacV1().ClusterRoleBindings(), h.client.RbacV1().ClusterRoles()
	binding, err1 := bindings.Get(ctx, "system:karmada:agent-autoapprove-bootstrap", metav1.GetOptions{})
	role, err2 := roles.Get(ctx, "system:karmada:agent-rbac-generator", metav1.GetOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	binding.Subjects[0].Name = "somebody else"
	role.Rules = []rbacv1.PolicyRule{rule("", "pods", "get")}
	_, err1 = bindings.Update(ctx, binding, metav1.UpdateOptions{})
	_, err2 = roles.Update(ctx, role, metav1.UpdateOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 5*time.Second, func() error { // the authorizer sees the change after a delay
		if out := h.joinctl(t, "setup", "--dry-run=client").OK(t); strings.Count(out, "configured") != 2 {
			return errors.New(out)
		}
		return nil
	})
	h.joinctl(t, "setup", "--yes").Expect(t, 0, "to change: clusterrolebinding system:karmada:agent-autoapprove-bootstrap", "to change: clusterrole system:karmada:agent-rbac-generator")
	h.joinctl(t, "setup", "--yes").Expect(t, 0, "nothing to do")
	binding, err1 = bindings.Get(ctx, binding.Name, metav1.GetOptions{})
	role, err2 = roles.Get(ctx, role.Name, metav1.GetOptions{})
	if err := errors.Join(err1, err2); err != nil || len(binding.Subjects) != 2 || role.Rules[0].Resources[0] != "pods" {
		t.Errorf("%v: existing subjects or rules are lost: %v %v", err, binding.Subjects, role.Rules)
	}
}

func TestSetupKeepsADifferentClusterInfoWithoutForce(t *testing.T) {
	t.Parallel()
	h := startJoinable(t)
	before := h.objects(t)
	h.joinctl(t, "setup", "--yes", "--endpoint", "other.example.org:5443").Expect(t, 1, "cluster-info exists and is another one", "hint: --force overwrites it")
	if after := h.objects(t); !slices.Equal(before, after) {
		t.Errorf("before %s, after %s", before, after)
	}
	h.joinctl(t, "token", "create").OK(t)
	h.joinctl(t, "setup", "--yes", "--force", "--endpoint", "other.example.org:5443").Expect(t, 0, "OVERWRITTEN")
	if server := h.clusterInfo(t); !strings.Contains(server, "https://other.example.org:5443") {
		t.Errorf("cluster-info holds %s", server)
	}
}

// clusterInfo returns the kubeconfig in cluster-info.
func (h *hub) clusterInfo(t *testing.T) string {
	t.Helper()
	info, err := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic).Get(t.Context(), "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info.Data["kubeconfig"]
}
