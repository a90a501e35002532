// SPDX-License-Identifier: Apache-2.0

package controlplane_test

import (
	"errors"
	"fmt"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

// Karmada's own programs need these controllers, and an aggregated API server the CA of the front proxy.
func TestTheControlPlaneRunsWhatAnAggregatedServerNeeds(t *testing.T) {
	cp := controlplane.Start(t, binary(t), "--job-controller")
	config := clientConfig(t, cp)
	ctx, client := t.Context(), newClient(t, config)

	t.Run("the CA of the front proxy is published", func(t *testing.T) {
		eventually(t, func() error {
			authentication, err := client.CoreV1().ConfigMaps("kube-system").Get(ctx, "extension-apiserver-authentication", metav1.GetOptions{})
			if err == nil && (authentication.Data["requestheader-client-ca-file"] == "" || authentication.Data["requestheader-allowed-names"] != `["front-proxy-client"]`) {
				err = fmt.Errorf("it has %v", authentication.Data)
			}
			return err
		})
	})
	t.Run("the Secret of a ServiceAccount token gets a token", func(t *testing.T) {
		secrets := client.CoreV1().Secrets("default")
		_, err := secrets.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: "legacy", Annotations: map[string]string{corev1.ServiceAccountNameKey: "default"}},
			Type:       corev1.SecretTypeServiceAccountToken,
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			secret, err := secrets.Get(ctx, "legacy", metav1.GetOptions{})
			if err == nil && len(secret.Data[corev1.ServiceAccountTokenKey]) == 0 {
				err = errors.New("no token")
			}
			if err != nil {
				return err
			}
			bearer := rest.AnonymousClientConfig(config)
			bearer.BearerToken = string(secret.Data[corev1.ServiceAccountTokenKey])
			user, err := whoAmI(ctx, newClient(t, bearer))
			if err == nil && user != "system:serviceaccount:default:default" {
				err = fmt.Errorf("authenticated as %q", user)
			}
			return err
		})
	})
	t.Run("a Job gets its Pods, and completes with them", func(t *testing.T) { testJob(t, client) })
}

// testJob creates a Job, and plays the kubelet for its Pods.
func testJob(t *testing.T, client kubernetes.Interface) {
	ctx, shards, pods := t.Context(), int32(2), client.CoreV1().Pods("default")
	mode := batchv1.IndexedCompletion
	job, err := client.BatchV1().Jobs("default").Create(ctx, &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "shards"},
		Spec: batchv1.JobSpec{Completions: &shards, Parallelism: &shards, CompletionMode: &mode, Template: corev1.PodTemplateSpec{
			Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever, Containers: []corev1.Container{{Name: "one", Image: "none"}}},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=shards"})
		if err == nil && len(list.Items) != int(shards) {
			err = fmt.Errorf("%d Pods", len(list.Items))
		}
		for i := range list.Items {
			pod := &list.Items[i]
			pod.Status.Phase = corev1.PodSucceeded
			_, statusErr := pods.UpdateStatus(ctx, pod, metav1.UpdateOptions{})
			err = errors.Join(err, statusErr)
		}
		return err
	})
	eventually(t, func() error {
		job, err = client.BatchV1().Jobs("default").Get(ctx, "shards", metav1.GetOptions{})
		if err == nil && job.Status.Succeeded != shards {
			err = fmt.Errorf("%d Pods succeeded", job.Status.Succeeded)
		}
		return err
	})
}
