// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/jsonpath"
)

// A SortKey names the field by which the items of a list are sorted, as a JSONPath in one of kubectl's forms: {.expires},
// .expires or expires. The zero SortKey keeps the order.
type SortKey struct {
	text string // without braces: .expires
}

// UnmarshalText parses a JSONPath.
func (k *SortKey) UnmarshalText(text []byte) error {
	path, ok := relaxedPath(string(text))
	if !ok {
		return errors.New("must be a JSONPath of one field, such as .expires")
	}
	key := SortKey{path}
	if _, err := key.path(); err != nil {
		return fmt.Errorf("must be a JSONPath of one field, such as .expires: %w", err)
	}
	*k = key
	return nil
}

// relaxedPath returns a JSONPath in one of kubectl's forms as .expires, and whether it is one
// (k8s.io/kubectl/pkg/cmd/get/customcolumn.go).
func relaxedPath(text string) (path string, ok bool) {
	match := regexp.MustCompile(`^(?:\{\.?([^{}]+)\}|\.?([^{}]+))$`).FindStringSubmatch(text)
	if match == nil {
		return "", false
	}
	return "." + match[1] + match[2], true
}

// MarshalText returns the path, and nothing for the zero SortKey.
func (k SortKey) MarshalText() ([]byte, error) { return []byte(k.text), nil }

// IsZero reports whether the order is kept.
func (k SortKey) IsZero() bool { return k.text == "" }

func (k SortKey) path() (*jsonpath.JSONPath, error) {
	path := jsonpath.New("sort").AllowMissingKeys(true)
	return path, path.Parse("{" + k.text + "}")
}

// CheckSortKey returns an error if a path begins with a field that items of a type do not have: the sorted list would only
// look sorted.
func CheckSortKey[T any](k SortKey) error {
	if k.IsZero() {
		return nil
	}
	names := fieldsOf[T]()
	first := regexp.MustCompile(`^\.?[A-Za-z0-9]*`).FindString(k.text)
	if !slices.Contains(names, strings.TrimPrefix(first, ".")) {
		return fmt.Errorf("no item has the field %s: use one of .%s", first, strings.Join(names, ", ."))
	}
	return nil
}

// SortKeys returns the texts of all SortKeys of items without a path into a field: .id and the like.
func SortKeys[T any]() []string {
	names := fieldsOf[T]()
	for i := range names {
		names[i] = "." + names[i]
	}
	return names
}

// fieldsOf returns the names of the fields of a struct in documents.
func fieldsOf[T any]() []string {
	var names []string
	for field := range reflect.TypeFor[T]().Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// Sort sorts items by a field. Numbers are sorted as numbers, and everything else as text. Items without the field come last,
// and items with the same value keep their order.
func Sort[T any](items []T, k SortKey) error {
	if k.IsZero() {
		return nil
	}
	type sortable struct {
		item  T
		value any // nil: none
	}
	all := make([]sortable, len(items))
	for i := range items {
		value, err := k.valueOf(&items[i])
		if err != nil {
			return err
		}
		all[i] = sortable{items[i], value}
	}
	slices.SortStableFunc(all, func(a, b sortable) int { return compareValues(a.value, b.value) })
	for i := range all {
		items[i] = all[i].item
	}
	return nil
}

// valueOf returns the value of the field, nil if the item does not have it.
func (k SortKey) valueOf(item any) (any, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(item)
	if err != nil {
		return nil, fmt.Errorf("convert an item: %w", err)
	}
	path, err := k.path()
	if err != nil {
		return nil, err
	}
	found, err := path.FindResults(content)
	if err != nil {
		return nil, fmt.Errorf("sort by %s: the path does not fit the items", k.text) // the error can show the document
	}
	if len(found) == 0 || len(found[0]) == 0 || !found[0][0].IsValid() || !found[0][0].CanInterface() {
		return nil, nil
	}
	return found[0][0].Interface(), nil
}

func compareValues(a, b any) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(missing(a), missing(b))
	case reflect.TypeOf(a).Kind() == reflect.Int64 && reflect.TypeOf(b).Kind() == reflect.Int64:
		return cmp.Compare(a.(int64), b.(int64))
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func missing(value any) int {
	if value == nil {
		return 1
	}
	return 0
}
