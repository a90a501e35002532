// SPDX-License-Identifier: Apache-2.0

package token

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestGenerateMapsBytesToTheAlphabet(t *testing.T) {
	t.Parallel()
	var random []byte
	for i := range 22 {
		random = append(random, byte(14+i)) // the last one maps to z
	}
	tok, err := Generate(bytes.NewReader(random))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tok.Reveal(), "efghij.klmnopqrstuvwxyz"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The 252 smallest bytes are 7 times the alphabet. The other 4 would make 0, 1, 2 and 3 likelier than the rest.
func TestGenerateDropsBytesThatWouldFavourSomeCharacters(t *testing.T) {
	t.Parallel()
	rejected := []byte{252, 253, 254, 255}
	random := append(bytes.Repeat(rejected, 5), 251, 252) // 22 bytes, only one of them usable
	random = append(random, bytes.Repeat([]byte{36}, 22)...)
	tok, err := Generate(bytes.NewReader(random))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tok.Reveal(), "z00000.0000000000000000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestGenerateFailsWhenRandomnessRunsOut(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	for name, random := range map[string]struct {
		from io.Reader
		want error
	}{
		"nothing":            {strings.NewReader(""), io.EOF},
		"a byte short":       {bytes.NewReader(make([]byte, 21)), io.ErrUnexpectedEOF},
		"only dropped bytes": {bytes.NewReader(bytes.Repeat([]byte{255}, 22)), io.EOF},
		"an error":           {io.MultiReader(bytes.NewReader(make([]byte, 21)), failingReader{broken}), broken},
	} {
		tok, err := Generate(random.from)
		if !errors.Is(err, random.want) || !tok.IsZero() {
			t.Errorf("%s: got %v, %v", name, tok, err)
		}
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// The limit is the 99.9th percentile. A generator that drops no bytes reaches about 214.
func TestGenerateUsesEveryCharacterEquallyOften(t *testing.T) {
	t.Parallel()
	const tokens, limit = 5000, 66.6 // chi-square with 35 degrees of freedom
	random := rand.NewChaCha8([32]byte{1})
	counts := map[rune]int{}
	for range tokens {
		tok, err := Generate(random)
		if err != nil {
			t.Fatal(err)
		}
		for _, char := range tok.ID + tok.Secret() {
			counts[char]++
		}
	}
	const expected = tokens * 22.0 / 36
	var chi float64
	for _, char := range "0123456789abcdefghijklmnopqrstuvwxyz" {
		off := float64(counts[char]) - expected
		chi += off * off / expected
		delete(counts, char)
	}
	if chi > limit {
		t.Errorf("chi-square is %.1f, above %.1f", chi, limit)
	}
	if len(counts) > 0 {
		t.Errorf("characters outside the alphabet: %v", counts)
	}
}
