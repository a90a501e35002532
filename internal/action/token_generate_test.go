// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"
)

func TestGeneratedTokensHaveDistinctIDs(t *testing.T) {
	t.Parallel()
	repeated := append(bytes.Repeat([]byte{1}, 44), bytes.Repeat([]byte{2}, 22)...)
	generate := TokenGenerate{Count: 2, Rand: io.MultiReader(bytes.NewReader(repeated), rand.Reader)}
	toks, err := generate.Run()
	check(t, err)
	if len(toks) != 2 || toks[0].ID != "111111" || toks[1].ID != "222222" {
		t.Errorf("generated %v", toks)
	}
}

func TestASourceWithoutRandomnessIsAnError(t *testing.T) {
	t.Parallel()
	generate := TokenGenerate{Count: 1, Rand: bytes.NewReader(nil)}
	if toks, err := generate.Run(); err == nil || toks != nil {
		t.Errorf("generated %v, %v", toks, err)
	}
}
