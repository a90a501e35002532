// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
)

// APIVersion is the version of every structured document. Fields are added under it, never renamed or removed.
const APIVersion = "joinctl.io/v1alpha1"

// A Failure is what went wrong on one target.
type Failure struct {
	Context string `json:"context"`
	Member  string `json:"member,omitempty"` // of the cluster behind the target, or about to join it, that it is about
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// A List is the one document that commands print: what was done or found, and what failed, in the order of the
// targets. Both are there when empty.
type List[T any] struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Items      []T       `json:"items"`
	Failures   []Failure `json:"failures"`
}

// A View is how items look to people and to scripts that want names.
type View[T any] struct {
	Columns []Column[T]
	Name    func(T) string
}

// A Column is one column of a table.
type Column[T any] struct {
	Title string
	Wide  bool // shown by -o wide only
	Cell  func(T) string
}

// Print writes a list in a format. Nothing is written before the whole of it is known to be printable.
func Print[T any](w io.Writer, f *Format, list List[T], view View[T]) error {
	var buf bytes.Buffer
	if err := render(&buf, f, list, view); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}

func render[T any](w io.Writer, f *Format, list List[T], view View[T]) error {
	switch {
	case f.Structured():
		list.APIVersion = APIVersion
		list.Items, list.Failures = present(list.Items), present(list.Failures)
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&list)
		if err != nil {
			return fmt.Errorf("convert %s: %w", list.Kind, err)
		}
		return object(w, f, &unstructured.Unstructured{Object: content})
	case f.IsName():
		for _, item := range list.Items {
			if _, err := fmt.Fprintln(w, view.Name(item)); err != nil {
				return err
			}
		}
		return nil
	}
	return printers.NewTablePrinter(printers.PrintOptions{NoHeaders: f.NoHeaders, Wide: f.name == Wide}).
		PrintObj(table(list.Items, view.Columns), w)
}

// Object writes one API object in a structured format, as kubectl does.
func Object(w io.Writer, f *Format, obj runtime.Object) error {
	var buf bytes.Buffer
	if err := object(&buf, f, obj); err != nil {
		return err
	}
	_, err := w.Write(buf.Bytes())
	return err
}

func object(w io.Writer, f *Format, obj runtime.Object) error {
	p, err := f.printer()
	if err != nil {
		return err
	}
	if !f.ShowManaged {
		p = &printers.OmitManagedFieldsPrinter{Delegate: p}
	}
	if err := p.PrintObj(obj, w); err != nil && f.isTemplate() {
		return misfit(err)
	} else if err != nil {
		return fmt.Errorf("print as %s: %w", f.name, err)
	}
	return nil
}

// misfit tells what is wrong with a template without the values that it stumbled over: the libraries put those,
// credentials among them, into their errors. Only the name of a field that is missing is the template's own.
func misfit(err error) error {
	missing := regexp.MustCompile(`(\w+ is not found|map has no entry for key "\w+")$`).FindString(err.Error())
	if missing != "" {
		missing = " (" + missing + ")"
	}
	return fmt.Errorf("the template does not fit the document%s: -o json shows its fields", missing)
}

// Plain puts a space for every character that a terminal does not show as text but acts on: names, descriptions and
// messages come from others, who may not mean well.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// table builds what cli-runtime prints.
func table[T any](items []T, columns []Column[T]) *metav1.Table {
	t := &metav1.Table{}
	for _, column := range columns {
		definition := metav1.TableColumnDefinition{Name: column.Title, Type: "string"}
		if column.Wide {
			definition.Priority = 1
		}
		t.ColumnDefinitions = append(t.ColumnDefinitions, definition)
	}
	for _, item := range items {
		row := metav1.TableRow{}
		for _, column := range columns {
			row.Cells = append(row.Cells, Plain(column.Cell(item)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// present turns a nil slice into an empty one, which JSON shows as [] and not as null.
func present[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}
