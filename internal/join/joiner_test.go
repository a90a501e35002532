// SPDX-License-Identifier: Apache-2.0

package join

import (
	"slices"
	"testing"

	"github.com/joinctl/joinctl/internal/token"
)

func TestAJoinerIsParsedFromItsName(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]Joiner{"karmada": Karmada, "kubeadm": Kubeadm} {
		var joiner Joiner
		if err := joiner.UnmarshalText([]byte(given)); err != nil || joiner != want || joiner.String() != given {
			t.Errorf("UnmarshalText(%q): %v, %v", given, joiner, err)
		}
		if text, err := want.MarshalText(); err != nil || string(text) != given {
			t.Errorf("MarshalText of %s: %q, %v", want, text, err)
		}
	}
	for _, given := range []string{"", "Karmada", "karmadactl", "k3s"} {
		joiner := Kubeadm
		if err := joiner.UnmarshalText([]byte(given)); err == nil || joiner != Kubeadm {
			t.Errorf("UnmarshalText(%q): %v, %v", given, joiner, err)
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

func TestEveryJoinerIsDescribedInFull(t *testing.T) {
	t.Parallel()
	for _, joiner := range Joiners() {
		d := joiner.Description()
		if d.Joiner != joiner {
			t.Errorf("%s is described as %s", joiner, d.Joiner)
		}
		if usages, err := token.ParseUsages(d.Usages); err != nil || !slices.Equal(usages, d.Usages) {
			t.Errorf("%s: its tokens have usages %q, %v", joiner, d.Usages, err)
		}
		for what, value := range map[string]string{
			"program": d.Program(), "group": d.Group, "signer": d.Request.Signer, "approval": d.Request.Approval, "API group": d.APIGroup.Name,
			"mismatch": d.APIGroup.Mismatch, "fix for the API group": d.APIGroup.Fix, "set-up": d.SetUp.Command,
			"fix for cluster-info": d.SetUp.ClusterInfo, "fix for rights": d.SetUp.Rights, "fix for the cleaner": d.SetUp.Cleaner,
		} {
			if value == "" {
				t.Errorf("%s has no %s", joiner, what)
			}
		}
		if d.ChooseCluster == nil || !d.takesToken(flagToken) {
			t.Errorf("%s chooses no cluster or takes no token", joiner)
		}
		if d.InsecureWithoutPin && !d.FollowsServer {
			t.Errorf("%s would send its token to a server that it does not verify", joiner)
		}
		if d.FollowsServer != (d.StaysSince == "") {
			t.Errorf("%s: it follows the server: %v, and stays since %q", joiner, d.FollowsServer, d.StaysSince)
		}
		for _, grant := range d.Grants {
			if grant.Name == "" || grant.Purpose == "" || grant.Holder() == "" || len(grant.Needs) == 0 {
				t.Errorf("%s: a grant is not complete: %+v", joiner, grant)
			}
		}
	}
}

func TestAJoinerTakesOnlyWhatItHasAFlagFor(t *testing.T) {
	t.Parallel()
	for joiner, want := range map[Joiner]struct{ name, key, signature bool }{
		Karmada: {name: true, signature: true},
		Kubeadm: {key: true, signature: true},
	} {
		if joiner.TakesClusterName() != want.name || joiner.TakesCertificateKey() != want.key || joiner.NeedsSignature() != want.signature {
			t.Errorf("%s takes a cluster name: %v, a certificate key: %v, needs a signature: %v",
				joiner, joiner.TakesClusterName(), joiner.TakesCertificateKey(), joiner.NeedsSignature())
		}
	}
}

func TestAnAPIGroupTellsAServerThatDoesNotFit(t *testing.T) {
	t.Parallel()
	for joiner, served := range map[Joiner]bool{Karmada: true, Kubeadm: false} {
		group := joiner.Description().APIGroup
		if fits, mismatch := group.Check(served), group.Check(!served); fits != "" || mismatch == "" {
			t.Errorf("%s: of a server that fits it says %q, of another %q", joiner, fits, mismatch)
		}
	}
}
