// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/rand"
	"testing"

	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

func TestTheSameWordsDeriveTheSameTokenIDAndAnotherSecret(t *testing.T) {
	t.Parallel()
	id := DeriveID("m1", "signing", "")
	if !bootstraputil.IsValidBootstrapTokenID(id) || id != DeriveID("m1", "signing", "") {
		t.Errorf("derived %q", id)
	}
	for _, words := range [][]string{{"m1", "", "signing"}, {"m1signing", ""}, {"m2", "signing", ""}} {
		if DeriveID(words...) == id {
			t.Errorf("%q derive the same ID", words)
		}
	}
	one, err := GenerateWithID(id, rand.Reader)
	other, otherErr := GenerateWithID(id, rand.Reader)
	if err != nil || otherErr != nil || one.ID != id || one == other || !bootstraputil.IsValidBootstrapToken(one.Reveal()) {
		t.Errorf("generated %v and %v: %v, %v", one, other, err, otherErr)
	}
}
