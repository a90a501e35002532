// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"strings"
	"testing"
)

const (
	credential = "abcdef.hjkmnpqrstuvwxyz"
	half       = "hjkmnpqrstuvwxyz" // what must not be found anywhere
)

// An item is what the tests print.
type item struct {
	ID    string   `json:"id"`
	Token string   `json:"token,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Note  string   `json:"note,omitempty"`
}

// view shows items in two columns, and a third one when there is room.
func view() View[item] {
	return View[item]{
		Name: func(i item) string { return "thing/" + i.ID },
		Columns: []Column[item]{
			{Title: "ID", Cell: func(i item) string { return i.ID }},
			{Title: "Note", Cell: func(i item) string { return i.Note }},
			{Title: "Token", Wide: true, Cell: func(i item) string { return i.Token }},
		},
	}
}

func nothing() List[item] { return List[item]{Kind: "ThingList"} }

func something() List[item] {
	return List[item]{
		Kind:     "ThingList",
		Items:    []item{{ID: "a", Token: credential, Tags: []string{"x", "y"}, Note: "first"}, {ID: "longer", Note: "2nd"}},
		Failures: []Failure{{Context: "prod", Reason: "Forbidden", Message: "no \"right\""}},
	}
}

// format returns the Format of -o.
func format(t *testing.T, o string) *Format {
	t.Helper()
	f := &Format{AllowMissingKeys: true}
	if o == Default {
		return f
	}
	if err := f.Set(o); err != nil {
		t.Fatal(err)
	}
	return f
}

// printed returns what Print writes.
func printed(t *testing.T, f *Format, list List[item]) string {
	t.Helper()
	var out bytes.Buffer
	if err := Print(&out, f, list, view()); err != nil {
		t.Fatalf("-o %s: %v", f, err)
	}
	return out.String()
}

// lines joins lines, each with its end.
func lines(texts ...string) string { return strings.Join(texts, "\n") + "\n" }
