// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

// printFound prints what was found on all targets as one document, and says for each on which nothing was that there
// are no such things.
func printFound[T any](env *Env, format *output.Format, kind, things string, view output.View[T], results []fleet.Result[[]T]) error {
	missed, found := &shortfall{}, output.List[T]{Kind: kind}
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target.Context, result.Err)
			continue
		}
		missed.done++
		found.Items = append(found.Items, result.Value...)
		if len(result.Value) == 0 {
			env.say("no %s in %s", things, described(result.Target.Context))
		}
	}
	found.Failures = missed.document()
	if err := output.Print(env.Out, format, found, view); err != nil {
		return err
	}
	return missed.orNil()
}
