// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

// located makes a view say where each item is, where there could be several control planes: a column first, and names
// of the form CONTEXT/NAME.
func located[T any](c *connection, view output.View[T], at func(T) (context, name string)) output.View[T] {
	if !c.many() {
		return view
	}
	context := output.Column[T]{Title: "Context", Cell: func(item T) string {
		context, _ := at(item)
		return context
	}}
	view.Columns = append([]output.Column[T]{context}, view.Columns...)
	view.Name = func(item T) string {
		context, name := at(item)
		return output.Plain(context) + "/" + name
	}
	return view
}

// behind is located for items that may be of member clusters: where there could be several of those, a further column,
// and names of the form CONTEXT/MEMBER/NAME.
func behind[T any](c *connection, view output.View[T], at func(T) (context, member, name string)) output.View[T] {
	if c.members.many() {
		column := output.Column[T]{Title: "Member", Cell: func(item T) string {
			_, member, _ := at(item)
			return member
		}}
		view.Columns = append([]output.Column[T]{column}, view.Columns...)
	}
	return located(c, view, func(item T) (context, name string) {
		context, member, name := at(item)
		if c.members.many() {
			name = member + "/" + name
		}
		return context, name
	})
}

// called names a target among those that the command line can mean: one control plane is not named with its members.
func (c *connection) called(target fleet.Target) string {
	switch {
	case target.Member == "":
		return target.Context
	case c.several():
		return target.Context + "/" + target.Member
	}
	return target.Member
}

// form shows how names of things on many targets are printed, and read again.
func (c *connection) form() string {
	if c.members.many() {
		return "CONTEXT/MEMBER/NAME --members"
	}
	return "CONTEXT/NAME"
}

// kind says what the targets are.
func (c *connection) kind() string {
	if c.members.any() {
		return "member"
	}
	return "context"
}

// at returns where a token is, and what it is called there.
func (i tokenItem) at() (context, name string) { return i.Context, first(i.ID, i.Name) }
