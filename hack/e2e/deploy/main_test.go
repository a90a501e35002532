// SPDX-License-Identifier: Apache-2.0

// Package deploy_test applies hack/deploy to a real control plane, and runs the built joinctl there as its ServiceAccounts.
package deploy_test

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

const (
	namespace = "joinctl"
	manifests = "../../deploy"
)

// accounts are the ServiceAccounts of the CronJobs, each named like its CronJob.
var accounts = []string{"joinctl-audit", "joinctl-ensure", "joinctl-prune"}

// cp is a control plane with the manifests, which all tests share.
var (
	cp    *controlplane.ControlPlane
	admin kubernetes.Interface
)

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		var err error
		if cp, admin, err = start("--name", "hub", "--cleaner=false"); err != nil {
			return 1, err
		}
		for range 2 { // the second time changes nothing
			if out, err := exec.Command(program.Binary("kubectl"), "--kubeconfig", cp.Kubeconfig, "apply", "-k", manifests).CombinedOutput(); err != nil {
				return 1, errors.Join(err, errors.New(string(out)))
			}
		}
		if err := waitForPolicy(); err != nil {
			return 1, err
		}
		return m.Run(), nil
	})
}

// waitForPolicy waits until the server has compiled the policy: until then it admits everything.
func waitForPolicy() error {
	for range 100 {
		client, err := clientAs("joinctl-ensure")
		if err != nil {
			return err
		}
		if err := create(context.Background(), client, secret("probe", corev1.SecretTypeOpaque, nil)); denied(err) {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.New("the policy does not refuse anything")
}

// denied reports whether an error is that of the policy.
func denied(err error) bool {
	return err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'joinctl-bootstrap-tokens'")
}

func user(account string) string { return "system:serviceaccount:" + namespace + ":" + account }

// clientAs returns a client that impersonates a ServiceAccount.
func clientAs(account string) (kubernetes.Interface, error) {
	config, err := cp.ClientConfig()
	if err != nil {
		return nil, err
	}
	config.Impersonate = rest.ImpersonationConfig{UserName: user(account), Groups: groups()}
	return kubernetes.NewForConfig(config)
}

func groups() []string {
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"}
}

// joinctlAs runs joinctl as a ServiceAccount.
func joinctlAs(t *testing.T, account string, args ...string) program.Result {
	t.Helper()
	args = append(args, "--as", user(account))
	for _, group := range groups() {
		args = append(args, "--as-group", group)
	}
	return program.Run(t, cp.Kubeconfig, args...)
}

// secret returns a Secret of kube-system.
func secret(name string, kind corev1.SecretType, data map[string]string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: kind, StringData: data}
}

// create asks the server whether it would create a Secret.
func create(ctx context.Context, client kubernetes.Interface, secret *corev1.Secret) error {
	_, err := client.CoreV1().Secrets("kube-system").Create(ctx, secret, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePodsOfTheCronJobsAreAdmittedUnderTheRestrictedStandard(t *testing.T) {
	t.Parallel()
	jobs, err := admin.BatchV1().CronJobs(namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	var names []string
	for _, job := range jobs.Items {
		names = append(names, job.Name)
		spec := job.Spec.JobTemplate.Spec
		if job.Spec.ConcurrencyPolicy != "Forbid" || job.Spec.StartingDeadlineSeconds == nil || *spec.BackoffLimit > 3 {
			t.Errorf("CronJob %s has %+v", job.Name, job.Spec)
		}
		pod := spec.Template.Spec
		container := pod.Containers[0]
		if !*container.SecurityContext.ReadOnlyRootFilesystem || container.Resources.Limits.Memory().IsZero() || pod.ServiceAccountName != job.Name {
			t.Errorf("the Pod of CronJob %s is %+v", job.Name, pod)
		}
		_, err := admin.CoreV1().Pods(namespace).Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: job.Name}, Spec: pod},
			metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			t.Errorf("the Pod of CronJob %s: %v", job.Name, err)
		}
	}
	if !slices.Equal(names, accounts) {
		t.Errorf("the CronJobs are %q", names)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "root"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "root", Image: "root"}}}}
	if _, err := admin.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err == nil || !strings.Contains(err.Error(), "restricted") {
		t.Errorf("a Pod of root is admitted: %v", err)
	}
}
