// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"strings"
	"testing"
)

const (
	credential  = "abcdef.hjkmnpqrstuvwxyz"
	tokenSecret = "hjkmnpqrstuvwxyz" // must not appear in errors
)

// An item is an item of the lists that the tests print.
type item struct {
	ID    string   `json:"id"`
	Token string   `json:"token,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Note  string   `json:"note,omitempty"`
}

// view shows items in two columns, and in a third one with -o wide.
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

func emptyList() List[item] { return List[item]{Kind: "ThingList"} }

func listWithItems() List[item] {
	return List[item]{
		Kind:     "ThingList",
		Items:    []item{{ID: "a", Token: credential, Tags: []string{"x", "y"}, Note: "first"}, {ID: "longer", Note: "2nd"}},
		Failures: []Failure{{Context: "prod", Reason: "Forbidden", Code: "JC305", Message: "no \"right\""}},
	}
}

// format returns the Format for a value of -o.
func format(t *testing.T, o string) *Format {
	t.Helper()
	f := &Format{AllowMissingKeys: true}
	if o == Default {
		return f
	}
	if err := f.UnmarshalText([]byte(o)); err != nil {
		t.Fatal(err)
	}
	return f
}

// printed returns the output of Print.
func printed(t *testing.T, f *Format, list List[item]) string {
	t.Helper()
	var out bytes.Buffer
	if err := Print(&out, f, list, view()); err != nil {
		t.Fatalf("-o %s: %v", f.name, err)
	}
	return out.String()
}

// lines joins lines, with a newline after each.
func lines(texts ...string) string { return strings.Join(texts, "\n") + "\n" }
