// SPDX-License-Identifier: Apache-2.0

package cli

import "github.com/joinctl/joinctl/internal/output"

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

// at returns where a token is, and what it is called there.
func (i tokenItem) at() (context, name string) { return i.Context, first(i.ID, i.Name) }
