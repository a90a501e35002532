// SPDX-License-Identifier: Apache-2.0

package output

import (
	"slices"
	"strings"
	"testing"
)

type sortableItem struct {
	ID    string   `json:"id"`
	Seen  *int64   `json:"seen,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Inner struct {
		Note string `json:"note,omitempty"`
	} `json:"inner"`
	Shown string `json:"-"`
}

func sortKey(t *testing.T, text string) SortKey {
	t.Helper()
	var key SortKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return key
}

func TestItemsAreSortedByAFieldAndThoseWithoutItComeLast(t *testing.T) {
	t.Parallel()
	items := func() []sortableItem {
		all := []sortableItem{
			{ID: "c", Seen: new(int64(10)), Tags: []string{"x"}},
			{ID: "a"},
			{ID: "b", Seen: new(int64(9)), Tags: []string{"a", "z"}},
			{ID: "d", Seen: new(int64(-1))},
		}
		all[1].Inner.Note = "first"
		return all
	}
	for path, want := range map[string]string{
		".id": "abcd", "{.id}": "abcd", "id": "abcd", "{id}": "abcd",
		".seen":       "dbca", // as numbers
		".tags[0]":    "bcad",
		".tags":       "bcad",
		".inner.note": "acbd",
		".inner.none": "cabd", // the order stays
	} {
		all := items()
		if err := Sort(all, sortKey(t, path)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		got := ""
		for _, one := range all {
			got += one.ID
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	all := items()
	if err := Sort(all, SortKey{}); err != nil || all[0].ID != "c" {
		t.Errorf("without a key: %v, %v", all, err)
	}
}

func TestASortKeyNamesAFieldThatItemsHave(t *testing.T) {
	t.Parallel()
	for path, ok := range map[string]bool{
		".id": true, "{.tags[0]}": true, ".inner.anything": true, ".ID": false, ".shown": false, ".Shown": false, ".status": false, "[0]": false,
	} {
		if err := CheckSortKey[sortableItem](sortKey(t, path)); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), ".id, .seen, .tags, .inner") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := CheckSortKey[sortableItem](SortKey{}); err != nil {
		t.Errorf("without a key: %v", err)
	}
}

func TestASortKeyThatDoesNotFitShowsNoItem(t *testing.T) {
	t.Parallel()
	items := []item{{ID: "a", Token: credential}, {ID: "b", Token: credential}}
	before := slices.Clone(items)
	err := Sort(items, sortKey(t, ".token[0]"))
	if err != nil && strings.Contains(err.Error(), tokenSecret) || !slices.EqualFunc(items, before, func(a, b item) bool { return a.ID == b.ID }) {
		t.Errorf("got %v", err)
	}
}
