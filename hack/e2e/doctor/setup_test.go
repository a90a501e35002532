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

func TestSetupMakesAnEmptyControlPlaneJoinableAndThenChangesNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	out := h.joinctl(t, "setup", "--yes", "--endpoint", h.endpoint)
	out.Wants(t, 0, "THIS IS VERY POWERFUL", "cannot be started from here")
	if n := strings.Count(out.Stdout, " created\n"); n != 10 {
		t.Errorf("%d objects were created:\n%s", n, out.Stdout)
	}
	line := h.joinctl(t, "token", "create", "--print-register-command", "--endpoint", h.endpoint).OK(t)
	if !strings.HasPrefix(line, "karmadactl register "+h.endpoint+" --token ") {
		t.Errorf("the command is %q", line)
	}
	check := program.Command(t, "", "check", "-", "-o", "json")
	check.Stdin = strings.NewReader(line + "\n")
	tried := program.Execute(t, check)
	tried.Wants(t, 0)
	for _, step := range tried.Document(t).Items {
		if step["status"] != "ok" && step["name"] != "time-left" {
			t.Errorf("check: %v", step)
		}
	}
	before := h.objects(t)
	for _, args := range [][]string{{"--endpoint", h.endpoint}, nil, {"--force"}, {"--endpoint", h.endpoint, "--force"}} {
		again := h.joinctl(t, append([]string{"setup", "--yes"}, args...)...)
		again.Wants(t, 0, "nothing to do")
		if again.Stdout != "" {
			t.Errorf("setup %v printed %q", args, again.Stdout)
		}
	}
	if after := h.objects(t); !slices.Equal(before, after) {
		t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

func TestSetupAsksAndDoesNothingWithoutAYes(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.joinctl(t, "setup").Wants(t, 1, "to create: configmap kube-public/cluster-info", "needs --yes", "nothing was changed")
	for answer, code := range map[string]int{"n\n": 1, "\n": 1, "": 1, "yes please\n": 1} {
		if got, _, stderr := h.answer(t, answer); got != code || !strings.Contains(stderr, "make these changes? [y/N]") {
			t.Errorf("after %q the exit code is %d, and stderr:\n%s", answer, got, stderr)
		}
		if left := h.objects(t); len(left) != 0 {
			t.Fatalf("after %q there are %s", answer, left)
		}
	}
	if got, _, stderr := h.answer(t, "y\n"); got != 0 || len(h.objects(t)) != 10 {
		t.Errorf("after a yes the exit code is %d, and there are %s\n%s", got, h.objects(t), stderr)
	}
}

// answer runs setup as if on a terminal.
func (h *hub) answer(t *testing.T, text string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	env := &cli.Env{In: strings.NewReader(text), Out: &out, Err: &err, InTTY: true, Now: time.Now}
	code = cli.Main(t.Context(), env, []string{"setup", "--kubeconfig", h.Kubeconfig})
	return code, out.String(), err.String()
}

func TestSetupDryRunsChangeNothing(t *testing.T) {
	t.Parallel()
	h := start(t)
	for _, mode := range []string{"client", "server"} {
		out := h.joinctl(t, "setup", "--dry-run="+mode, "-o", "json")
		if mode == "server" {
			if doc := out.Document(t); len(doc.Items) != 10 {
				t.Errorf("%d items", len(doc.Items))
			}
		}
		if left := h.objects(t); len(left) != 0 {
			t.Fatalf("after --dry-run=%s there are %s", mode, left)
		}
	}
}

func TestManifestsAreAcceptedByKubectlAndLeadToTheSame(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"yaml", "json", "kyaml"} {
		h := start(t)
		cmd := exec.CommandContext(t.Context(), program.Binary("kubectl"), "--kubeconfig", h.Kubeconfig, "apply", "-f", "-")
		cmd.Stdin = strings.NewReader(h.joinctl(t, "setup", "--dry-run=client", "-o", format, "--endpoint", h.endpoint).OK(t))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kubectl refuses the %s: %v\n%s", format, err, out)
		}
		h.joinctl(t, "setup", "--yes", "--endpoint", h.endpoint).Wants(t, 0, "nothing to do")
	}
}

func TestSetupWithoutRightsNamesThemAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	h := start(t)
	h.joinctl(t, "setup", "--yes", "--as", "nobody").Wants(t, 1,
		"you may not create subjectaccessreviews.authorization.k8s.io, nor get configmaps/cluster-info in kube-public")

	h.grant(t, "reader", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get"), rule(rbacv1.GroupName, "*", "get"))
	h.joinctl(t, "setup", "--yes", "--as", "reader").Wants(t, 1, "you may not create configmaps in kube-public",
		"create roles.rbac.authorization.k8s.io in kube-public", "create clusterrolebindings.rbac.authorization.k8s.io")

	// It may make roles and bindings, but holds none of the rights that they give: RBAC calls that escalation.
	h.grant(t, "maker", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get", "create"), rule(rbacv1.GroupName, "*", "get", "create"))
	h.joinctl(t, "setup", "--yes", "--as", "maker").Wants(t, 1, "attempting to grant RBAC permissions not currently held",
		"create clusterrole system:karmada:agent-rbac-generator", "create clusterrolebinding system:karmada:agent-bootstrap")

	// It may make roles of any content, and bind none.
	h.grant(t, "escalator", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get", "create"), rule(rbacv1.GroupName, "*", "get", "create", "escalate"))
	h.joinctl(t, "setup", "--yes", "--as", "escalator").Wants(t, 1, "you may not bind clusterroles.rbac.authorization.k8s.io/system:karmada:agent-rbac-generator")

	if left := h.objects(t); len(left) != 0 {
		t.Errorf("there are %s", left)
	}
	h.grant(t, "able", rule("authorization.k8s.io", "subjectaccessreviews", "create"), rule("", "configmaps", "get", "create"), rule(rbacv1.GroupName, "*", "get", "create", "escalate", "bind"))
	h.joinctl(t, "setup", "--yes", "--as", "able").OK(t)
}

// TestSetupTakesBackWhatItMadeWhenTheServerRefusesTheRest uses a policy that lets dry runs through.
func TestSetupTakesBackWhatItMadeWhenTheServerRefusesTheRest(t *testing.T) {
	t.Parallel()
	h := start(t)
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
	program.Eventually(t, 20*time.Second, func() error { // the policy is in force a moment later
		role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: forbidden}}
		if _, err := roles.Create(ctx, role, metav1.CreateOptions{}); err != nil {
			return nil
		}
		return errors.Join(errors.New("not in force"), roles.Delete(ctx, forbidden, metav1.DeleteOptions{}))
	})
	h.joinctl(t, "setup", "--yes").Wants(t, 1, "create clusterrole "+forbidden, "only dry", "what was made was taken back")
	if left := h.objects(t); len(left) != 0 {
		t.Errorf("there are %s", left)
	}
}

func rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

// grant gives a user rights, and waits until the authorizer knows.
func (h *hub) grant(t *testing.T, user string, rules ...rbacv1.PolicyRule) {
	t.Helper()
	_, err := h.client.RbacV1().ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: user}, Rules: rules}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h.bind(t, user, user, rbacv1.UserKind, user)
	program.Eventually(t, 5*time.Second, func() error {
		if out := h.joinctl(t, "setup", "--dry-run=client", "--as", user); out.Code != 0 {
			return errors.New(out.Stderr)
		}
		return nil
	})
}

func TestSetupCompletesWhatIsHalfThere(t *testing.T) {
	t.Parallel()
	h := healthy(t)
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
	program.Eventually(t, 5*time.Second, func() error { // the authorizer learns of it a moment later
		if out := h.joinctl(t, "setup", "--dry-run=client").OK(t); strings.Count(out, "configured") != 2 {
			return errors.New(out)
		}
		return nil
	})
	h.joinctl(t, "setup", "--yes").Wants(t, 0, "to change: clusterrolebinding system:karmada:agent-autoapprove-bootstrap", "to change: clusterrole system:karmada:agent-rbac-generator")
	h.joinctl(t, "setup", "--yes").Wants(t, 0, "nothing to do")
	binding, err1 = bindings.Get(ctx, binding.Name, metav1.GetOptions{})
	role, err2 = roles.Get(ctx, role.Name, metav1.GetOptions{})
	if err := errors.Join(err1, err2); err != nil || len(binding.Subjects) != 2 || role.Rules[0].Resources[0] != "pods" {
		t.Errorf("%v: what was there is gone: %v %v", err, binding.Subjects, role.Rules)
	}
}

func TestSetupLeavesAClusterInfoThatDiffersAlone(t *testing.T) {
	t.Parallel()
	h := healthy(t)
	before := h.objects(t)
	h.joinctl(t, "setup", "--yes", "--endpoint", "other.example.org:5443").Wants(t, 1, "cluster-info exists and is another one", "hint: --force overwrites it")
	if after := h.objects(t); !slices.Equal(before, after) {
		t.Errorf("before %s, after %s", before, after)
	}
	h.joinctl(t, "token", "create").OK(t)
	h.joinctl(t, "setup", "--yes", "--force", "--endpoint", "other.example.org:5443").Wants(t, 0, "OVERWRITTEN")
	if server := h.info(t); !strings.Contains(server, "https://other.example.org:5443") {
		t.Errorf("cluster-info holds %s", server)
	}
}

// info returns the kubeconfig in cluster-info.
func (h *hub) info(t *testing.T) string {
	t.Helper()
	info, err := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic).Get(t.Context(), "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info.Data["kubeconfig"]
}
