// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

// at returns where a token was, and what it was called there.
func (i revoked) at() (context, member, name string) { return i.Context, i.Member, i.Name }

// settle decides what becomes of tokens that are named without a context and were looked for in several: one has to be
// in exactly one of them, unless it is to be revoked everywhere. Where it is not, it needs no failure of its own.
func (r *revocation) settle(found []fleet.Result[[]revoked]) {
	if len(found) < 2 {
		return
	}
	for _, p := range r.places {
		if p.context != "" {
			continue
		}
		var holders []string
		for _, result := range found {
			for _, item := range result.Value {
				if item.loose && item.Name == p.name && item.err == nil {
					holders = append(holders, r.conn.called(item.target))
				}
			}
		}
		told := len(holders) > 0 || r.everywhere
		for i := range found {
			found[i].Value = slices.DeleteFunc(found[i].Value, func(item revoked) bool {
				absent := item.loose && item.Name == p.name && failure.ReasonOf(item.err) == failure.NotFound
				needless := absent && told
				told = told || absent
				return needless
			})
		}
		if len(holders) > 1 && !r.everywhere {
			r.refuse(p, found, holders)
		}
	}
}

// refuse leaves a token where it is, because it is in several.
func (r *revocation) refuse(p place, found []fleet.Result[[]revoked], holders []string) {
	places, hint := "contexts", "name it as CONTEXT/NAME"
	if r.conn.members.many() {
		places, hint = "members", "name one member with --member"
	}
	for _, result := range found {
		for i, item := range result.Value {
			if item.loose && item.Name == p.name && item.err == nil {
				result.Value[i].err = &failure.Error{
					Reason: failure.Conflict,
					Err:    fmt.Errorf("token %s is in %d %s (%s), and was left in all of them", p.name, len(holders), places, strings.Join(briefly(holders), ", ")),
					Hint:   hint + ", or say --everywhere",
				}
			}
		}
	}
}

// print writes a line for each token by default.
func (r *revocation) print(gone output.List[revoked]) error {
	view := behind(r.conn, output.View[revoked]{
		Name: func(i revoked) string { return "secret/" + i.Name },
		Columns: []output.Column[revoked]{
			{Title: "Namespace", Cell: func(i revoked) string { return i.Namespace }},
			{Title: "Name", Cell: func(i revoked) string { return i.Name }},
			{Title: "Status", Cell: func(i revoked) string { return i.Status }},
		},
	}, revoked.at)
	if !r.format.IsDefault() {
		return output.Print(r.env.Out, &r.format, gone, view)
	}
	for _, item := range gone.Items {
		name := item.Name
		if r.conn.many() {
			name = view.Name(item)
		}
		if _, err := fmt.Fprintf(r.env.Out, "serviceaccount token %q %s\n", name, item.Status); err != nil {
			return err
		}
	}
	return nil
}
