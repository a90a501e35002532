// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

// Join creates a ready Cluster and deletes it when the test ends. One member can join under many names.
func (k *Karmada) Join(t testing.TB, name string, labels map[string]string, member *controlplane.ControlPlane) {
	t.Helper()
	k.applyCluster(t, name, labels, k.Spec(t, member), object{"conditions": []object{{
		"type": "Ready", "status": "True", "reason": "ClusterReady", "message": "cluster is healthy and ready to accept workloads",
		"lastTransitionTime": "2026-01-01T00:00:00Z",
	}}})
}

// Set creates or replaces a Cluster with any spec and an empty status, and deletes it when the test ends.
func (k *Karmada) Set(t testing.TB, name string, labels map[string]string, spec map[string]any) {
	t.Helper()
	k.applyCluster(t, name, labels, spec, object{})
}

// Spec returns a valid Cluster spec for a member. Tests change it and pass it to Set.
func (k *Karmada) Spec(t testing.TB, member *controlplane.ControlPlane) map[string]any {
	t.Helper()
	name := k.member(t, member).name
	return object{
		"syncMode":              "Push",
		"apiEndpoint":           "https://" + member.Host,
		"secretRef":             object{"namespace": clusterNamespace, "name": name},
		"impersonatorSecretRef": object{"namespace": clusterNamespace, "name": name + "-impersonator"},
	}
}

// applyCluster stores a Cluster in the hub and deletes it when the test ends.
func (k *Karmada) applyCluster(t testing.TB, name string, labels map[string]string, spec, status object) {
	t.Helper()
	err := apply(t.Context(), k.client, storedClusters+"/"+name, object{
		"apiVersion": storedGroup + "/" + version, "kind": "Cluster",
		"metadata": object{"name": name, "labels": labels}, "spec": spec, "status": status,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		err := k.client.Discovery().RESTClient().Delete().AbsPath(storedClusters, name).Do(ctx).Error()
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
}
