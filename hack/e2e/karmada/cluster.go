// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"context"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

// Join adds a ready Cluster until the test ends. The same member may join under many names.
func (k *Karmada) Join(t testing.TB, name string, labels map[string]string, member *controlplane.ControlPlane) {
	t.Helper()
	k.put(t, name, labels, k.Spec(t, member), object{"conditions": []object{{
		"type": "Ready", "status": "True", "reason": "ClusterReady", "message": "cluster is healthy and ready to accept workloads",
		"lastTransitionTime": "2026-01-01T00:00:00Z",
	}}})
}

// Set adds or replaces a Cluster until the test ends, whatever its spec says, and says nothing about its health.
func (k *Karmada) Set(t testing.TB, name string, labels map[string]string, spec map[string]any) {
	t.Helper()
	k.put(t, name, labels, spec, object{})
}

// Spec returns the spec with which a member joins, for a test to break.
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

// put stores a Cluster in the hub until the test ends.
func (k *Karmada) put(t testing.TB, name string, labels map[string]string, spec, status object) {
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
