// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"

	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/session"
)

// formVar adds --as for the form in which a credential is published. kubectl's --as is the user to impersonate: here too,
// for every value that is no form.
func formVar[T ~string](flags *pflag.FlagSet, s *session.Session, chosen *T, forms ...T) {
	flags.Var(&value{
		kind: "form",
		get:  func() string { return string(*chosen) },
		set: func(text string) error {
			if slices.Contains(forms, T(text)) {
				*chosen = T(text)
				return nil
			}
			s.Overrides.AuthInfo.Impersonate = text
			return nil
		},
	}, "as", "form of the credential: "+joinWords(forms)+"; any other value is the user to impersonate, as on every command")
	declareChoices(flags, "as", forms...)
}
