// SPDX-License-Identifier: Apache-2.0

package join

import (
	"testing"

	"github.com/joinctl/joinctl/internal/token"
)

func TestAJoinerIsAFlagValue(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]Joiner{"karmada": Karmada, "kubeadm": Kubeadm} {
		var joiner Joiner
		if err := joiner.Set(given); err != nil || joiner != want || joiner.String() != given {
			t.Errorf("Set(%q): %v, %v", given, joiner, err)
		}
	}
	for _, given := range []string{"", "Karmada", "karmadactl", "k3s"} {
		joiner := Kubeadm
		if err := joiner.Set(given); err == nil || joiner != Kubeadm {
			t.Errorf("Set(%q): %v, %v", given, joiner, err)
		}
	}
}

func TestTheGroupOfAJoinerIsOneThatTheServerAccepts(t *testing.T) {
	t.Parallel()
	for joiner, want := range map[Joiner]string{
		Karmada: "system:bootstrappers:karmada:default-cluster-token",
		Kubeadm: "system:bootstrappers:kubeadm:default-node-token",
	} {
		if _, err := token.ParseGroups([]string{joiner.Group()}); err != nil || joiner.Group() != want {
			t.Errorf("%s: %q, %v", joiner, joiner.Group(), err)
		}
	}
}
