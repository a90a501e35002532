// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

// printFound prints what was found on all targets as one document, and says so where no such things were.
func printFound[T any](conn *connection, format *output.Format, kind, things string, view output.View[T], results []fleet.Result[[]T]) error {
	missed, found := conn.shortfall(), output.List[T]{Kind: kind}
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target, result.Err)
			continue
		}
		missed.done++
		found.Items = append(found.Items, result.Value...)
	}
	switch {
	case len(found.Items) > 0 || missed.done == 0:
	case conn.many():
		conn.env.say("no %s in any of %s", things, counted(missed.done, conn.kind()))
	default:
		conn.env.say("no %s in %s", things, described(results[0].Target))
	}
	found.Failures = missed.document()
	if err := output.Print(conn.env.Out, format, found, view); err != nil {
		return err
	}
	return missed.orNil()
}
