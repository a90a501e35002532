// SPDX-License-Identifier: Apache-2.0

package members_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAShortLivedCredentialTakesThePlaceOfTheOneInAClustersSecret also checks that the hub still reaches the member with
// the keys that Karmada documents (karmada pkg/apis/cluster/v1alpha1/types.go: ClusterSpec.SecretRef).
func TestAShortLivedCredentialTakesThePlaceOfTheOneInAClustersSecret(t *testing.T) {
	joinMembers(t)
	ensure := func(more ...string) []string {
		return append([]string{"sa", "ensure", "default", "--duration", "10m", "--as", "karmada-cluster", "--member", "east"}, more...)
	}
	run(t, ensure()...).Expect(t, 1, "joinctl did not make it", "--adopt")
	run(t, ensure("--adopt", "--dry-run")...).Expect(t, 0, "would create a token", "keys that would change: token")
	run(t, ensure("--adopt")...).Expect(t, 0, "created a token of serviceaccount default/default")
	run(t, ensure()...).Expect(t, 0, "is kept")

	spec := fakeKarmada.Spec(t, east.ControlPlane)["secretRef"].(map[string]any)
	secret, err := hub.client.CoreV1().Secrets(spec["namespace"].(string)).Get(t.Context(), spec["name"].(string), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if string(secret.Data["caBundle"]) != string(east.CAData) {
		t.Error("the Secret has another certificate authority")
	}
	east.expectUser(t, string(secret.Data["token"]), robot)
	run(t, "sa", "token", "default", "--member", "east").Expect(t, 0, "issued a token") // through the hub, which reads the Secret
}
