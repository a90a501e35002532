// SPDX-License-Identifier: Apache-2.0

package output

import (
	"errors"
	"strings"
	"testing"
)

func TestAStreamIsOneTableOrOneDocumentForEachList(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{
		"":                                 lines("ID       NOTE", "a        first", "longer   2nd", "b        third"),
		"wide":                             lines("ID       NOTE    TOKEN", "a        first   abcdef.hjkmnpqrstuvwxyz", "longer   2nd     ", "b        third   "),
		"name":                             lines("thing/a", "thing/longer", "thing/b"),
		"jsonpath={.items[*].id}{\"\\n\"}": lines("", "a longer", "b"),
	} {
		var out strings.Builder
		s := NewStream(&out, format(t, o), view())
		for _, list := range []List[item]{emptyList(), listWithItems(), {Kind: "ThingList", Items: []item{{ID: "b", Note: "third"}}}} {
			if err := s.Print(list); err != nil {
				t.Errorf("-o %s: %v", o, err)
			}
		}
		if got := out.String(); got != want {
			t.Errorf("-o %s: got\n%s\nwant\n%s", o, got, want)
		}
	}
	f := format(t, "table")
	f.NoHeaders = true
	var out strings.Builder
	if err := NewStream(&out, f, view()).Print(listWithItems()); err != nil || strings.Contains(out.String(), "NOTE") {
		t.Errorf("--no-headers: %v, %s", err, out.String())
	}
}

func TestTheDocumentsOfAStreamAreSeparate(t *testing.T) {
	t.Parallel()
	for o, separator := range map[string]string{"json": "}\n{", "yaml": "\n---\n", "kyaml": "\n---\n"} {
		var out strings.Builder
		s := NewStream(&out, format(t, o), view())
		for range 3 {
			if err := s.Print(listWithItems()); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Count(out.String(), separator); got != 2 {
			t.Errorf("-o %s has %d separators:\n%s", o, got, out.String())
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestAStreamReturnsTheErrorOfItsWriter(t *testing.T) {
	t.Parallel()
	if err := NewStream(fullDisk{}, format(t, "table"), view()).Print(listWithItems()); err == nil || err.Error() != "no space left" {
		t.Errorf("got %v", err)
	}
}
