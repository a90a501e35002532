// SPDX-License-Identifier: Apache-2.0

package deploy_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// cronJob returns the Job of a CronJob.
func cronJob(t *testing.T, name string) batchv1.JobSpec {
	t.Helper()
	job, err := admin.BatchV1().CronJobs(namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return job.Spec.JobTemplate.Spec
}

// runCronJob runs the arguments in the manifest of a CronJob as its Pod does, as the ServiceAccount in the manifest.
func runCronJob(t *testing.T, name string) program.Result {
	t.Helper()
	pod := cronJob(t, name).Template.Spec
	container := pod.Containers[0]
	if len(pod.Containers) != 1 || len(container.Command)+len(container.Env)+len(container.EnvFrom) > 0 || len(container.Args) == 0 {
		t.Fatalf("the Pod of CronJob %s runs %+v", name, pod)
	}
	return inPod(t, pod.ServiceAccountName, container.Args...)
}

// expectOutput fails the test unless a run has this exit code and exactly this output. In what it prints, HOST stands for the
// address of the server, and TIME for a moment and for what is left of a day.
func expectOutput(t *testing.T, title string, got program.Result, code int, stdout, stderr string) {
	t.Helper()
	printed := regexp.MustCompile(`20\d\d-\d\d-\d\dT[0-9:]{8}Z|\b(24h|23h59m\w*)\b`).ReplaceAllString(strings.ReplaceAll(got.Stderr, cp.Host, "HOST"), "TIME")
	if got.Code != code || got.Stdout != stdout || printed != stderr {
		t.Errorf("%s: exit code %d, want %d\nstdout %q, want %q\nstderr %q, want %q", title, got.Code, code, got.Stdout, stdout, printed, stderr)
	}
}

// tokenIDs returns the IDs of all tokens.
func tokenIDs(t *testing.T) (ids []string) {
	t.Helper()
	secrets, err := admin.CoreV1().Secrets("kube-system").List(t.Context(), metav1.ListOptions{FieldSelector: "type=" + string(corev1.SecretTypeBootstrapToken)})
	must(t, err)
	for _, secret := range secrets.Items {
		ids = append(ids, strings.TrimPrefix(secret.Name, "bootstrap-token-"))
	}
	return ids
}

// TestTheCronJobsDoTheirWorkWithTheArgumentsInTheirManifests is not parallel: other tests create tokens for member1, and the
// audit judges every token.
func TestTheCronJobsDoTheirWorkWithTheArgumentsInTheirManifests(t *testing.T) {
	system, own := admin.CoreV1().Secrets("kube-system"), admin.CoreV1().Secrets(namespace)
	expired := secret("bootstrap-token-expire", corev1.SecretTypeBootstrapToken, data(map[string]string{"token-id": "expire", "expiration": "2020-01-02T03:04:05Z"}))
	_, err := system.Create(t.Context(), expired, metav1.CreateOptions{})
	must(t, err)

	first := runCronJob(t, "joinctl-ensure")
	ids := slices.DeleteFunc(tokenIDs(t), func(id string) bool { return id == "expire" })
	if len(ids) != 1 {
		t.Fatalf("tokens %q: exit code %d, %s", ids, first.Code, first.Stderr)
	}
	id := ids[0]
	expectOutput(t, "ensure", first, 0, "secret joinctl/join-member1\n",
		fmt.Sprintf("joinctl: created token %s for cluster member1 in this Pod's cluster (https://HOST); it expires in TIME, at TIME\n", id)+
			"joinctl: secret joinctl/join-member1 in this Pod's cluster: updated, keys token\n")
	published, err := own.Get(t.Context(), "join-member1", metav1.GetOptions{})
	must(t, err)
	if user, err := cp.WhoAmI(t.Context(), string(published.Data["token"])); err != nil || user.Username != "system:bootstrap:"+id {
		t.Errorf("the published token is of %q: %v", user.Username, err)
	}
	expectOutput(t, "ensure again", runCronJob(t, "joinctl-ensure"), 0, "secret joinctl/join-member1\n",
		fmt.Sprintf("joinctl: token %s for cluster member1 in this Pod's cluster (https://HOST) is valid for TIME more\n", id)+
			"joinctl: secret joinctl/join-member1 in this Pod's cluster: unchanged\n")
	again, err := own.Get(t.Context(), "join-member1", metav1.GetOptions{})
	if must(t, err); again.ResourceVersion != published.ResourceVersion || len(tokenIDs(t)) != 2 {
		t.Errorf("the second run wrote the Secret, or there are tokens %q", tokenIDs(t))
	}

	if _, err := cp.WhoAmI(t.Context(), "expire.0123456789abcdef"); !apierrors.IsUnauthorized(err) {
		t.Errorf("the expired token: %v", err)
	}
	audit := runCronJob(t, "joinctl-audit")
	expectOutput(t, "audit", audit, 4, audit.Stdout, "joinctl: error: this Pod's cluster: 1 expired token: expire\n"+
		"joinctl: hint: joinctl token prune deletes expired tokens; doctor shows whether a token cleaner runs\n")
	if rules := cronJob(t, "joinctl-audit").PodFailurePolicy.Rules; rules[0].Action != "FailJob" || !slices.Contains(rules[0].OnExitCodes.Values, int32(audit.Code)) {
		t.Errorf("a finding is tried again: %+v", rules)
	}
	expectOutput(t, "prune", runCronJob(t, "joinctl-prune"), 0, "bootstrap token \"expire\" deleted\n", "")
	expectOutput(t, "prune again", runCronJob(t, "joinctl-prune"), 0, "", "joinctl: nothing to prune in this Pod's cluster: no tokens are expired\n")
	audit = runCronJob(t, "joinctl-audit")
	expectOutput(t, "audit again", audit, 0, audit.Stdout, "")
	if got := strings.Fields(audit.Stdout); !slices.Contains(got, id) || slices.Contains(got, "expire") || !slices.Contains(got, "member1") {
		t.Errorf("the audit lists\n%s", audit.Stdout)
	}
	must(t, system.Delete(t.Context(), "bootstrap-token-"+id, metav1.DeleteOptions{}))
}
