// SPDX-License-Identifier: Apache-2.0

package action

import (
	"io"

	"github.com/joinctl/joinctl/internal/token"
)

// TokenGenerate draws random tokens and tells no server.
type TokenGenerate struct {
	Count int
	Rand  io.Reader // cryptographically strong
}

// Run returns the tokens, each with an ID of its own.
func (a *TokenGenerate) Run() ([]token.Token, error) {
	drawn := map[string]bool{}
	var toks []token.Token
	for len(toks) < a.Count {
		tok, err := token.Generate(a.Rand)
		if err != nil {
			return nil, err
		}
		if !drawn[tok.ID] {
			drawn[tok.ID] = true
			toks = append(toks, tok)
		}
	}
	return toks, nil
}
