// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
)

// An UnknownContextError reports a context that the kubeconfig does not have, or a pattern that matches none.
type UnknownContextError struct {
	Name    string   // name that was asked for; of a pattern the part without wildcards
	Pattern string   // the pattern; "" if the context was named exactly
	Known   []string // contexts of the kubeconfig, sorted
}

func (e *UnknownContextError) Error() string {
	if e.Pattern != "" {
		return fmt.Sprintf("no context matches %q", e.Pattern)
	}
	return fmt.Sprintf("context %q does not exist", e.Name)
}

func unknownContext(name, pattern string, known []string) error {
	known = slices.Sorted(slices.Values(known))
	return &failure.ConfigError{Err: &UnknownContextError{name, pattern, known}, Hint: existing(known)}
}

// existing returns a hint with a few of the contexts to choose from.
func existing(names []string) string {
	const most = 5
	names = slices.Sorted(slices.Values(names))
	if len(names) == 0 {
		return "the kubeconfig has no contexts"
	}
	if len(names) > most {
		return fmt.Sprintf("choose one of the %d contexts with --context, such as %q", len(names), names[:most])
	}
	return fmt.Sprintf("choose one with --context: %q", names)
}
