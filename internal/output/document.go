// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
)

// APIVersion is the version of every structured document. Within it fields are added, never renamed or removed.
const APIVersion = "joinctl.io/v1alpha1"

// A Failure is an error on one target.
type Failure struct {
	Context string `json:"context"`          // context of the kubeconfig
	Member  string `json:"member,omitempty"` // the cluster behind the target, or the cluster to join, if the error concerns one
	Reason  string `json:"reason"`           // a word that scripts can match, such as Forbidden
	Code    string `json:"code"`             // of the reason
	Message string `json:"message"`          // the error
}

// A List is the document that commands print: items and failures in the order of the targets. Both fields are always
// present.
type List[T any] struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Items      []T       `json:"items"`
	Failures   []Failure `json:"failures"`
}

// A View formats items for tables and -o name.
type View[T any] struct {
	Columns []Column[T]
	Name    func(T) string
	Width   int // columns at which a table is wrapped if those of the terminal are unknown; 0: it is not wrapped then
}

// A Column is one column of a table. Its cells are printed with Plain. In -o wide it is neither cut nor wrapped.
type Column[T any] struct {
	Title string
	Wide  bool // only in -o wide
	Cell  func(T) string
	Tone  func(T) Tone   // the colour of its cells; nil: none
	Cut   int            // columns that are left of it at least on a terminal that is too narrow; 0: it is never cut
	Wrap  bool           // it is the last one, and its text goes on in further lines
	Below func(T) string // text of further lines, of the last column; not in -o wide; nil: none
}

// Print writes a list in a format. It writes nothing if rendering fails, except that one name that is no line does not
// keep the other names from being printed. It returns the error of w as it is.
func Print[T any](w io.Writer, f *Format, list List[T], view View[T]) error {
	var buf bytes.Buffer
	rendered := render(&buf, layoutOf(w), f, list, view)
	if rendered != nil && !errors.As(rendered, new(unprintableError)) {
		return rendered
	}
	if _, err := w.Write(buf.Bytes()); err != nil {
		return err
	}
	return rendered
}

func render[T any](w io.Writer, l *layout, f *Format, list List[T], view View[T]) error {
	switch {
	case f.Structured():
		list.APIVersion = APIVersion
		list.Items, list.Failures = nonNil(list.Items), nonNil(list.Failures)
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&list)
		if err != nil {
			return fmt.Errorf("convert %s: %w", list.Kind, err)
		}
		if f.isColumns() {
			return l.printColumns(w, f, content)
		}
		return printObject(w, f, &unstructured.Unstructured{Object: content})
	case f.IsName():
		return printNames(w, list.Items, view.Name)
	case len(list.Items) == 0:
		return nil
	}
	l.columns = cmp.Or(l.columns, view.Width)
	headings, rows := tableOf(list.Items, view.Columns, f.IsWide())
	return l.print(w, headings, rows, !f.NoHeaders)
}

// An unprintableError is how many names were left out, because a program that reads a name on each line would read others.
type unprintableError int

func (e unprintableError) Error() string {
	return fmt.Sprintf("%d of the names contain control characters and are not printed: -o json shows them", int(e))
}

// printNames prints one name on each line. The error is an unprintableError if it leaves any out.
func printNames[T any](w io.Writer, items []T, name func(T) string) error {
	var unprintable unprintableError
	for _, item := range items {
		line := name(item)
		if escape(line, "") != line {
			unprintable++
			continue
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	if unprintable > 0 {
		return unprintable
	}
	return nil
}

// Object writes one API object in a structured format, as kubectl does. It writes nothing if rendering fails.
func Object(w io.Writer, f *Format, obj runtime.Object) error {
	var buf bytes.Buffer
	var err error
	if f.isColumns() {
		err = printObjectColumns(&buf, f, obj)
	} else {
		err = printObject(&buf, f, obj)
	}
	if err != nil {
		return err
	}
	_, err = w.Write(buf.Bytes())
	return err
}

func printObjectColumns(w io.Writer, f *Format, obj runtime.Object) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return fmt.Errorf("convert an object: %w", err)
	}
	return (&layout{}).printColumns(w, f, content)
}

func printObject(w io.Writer, f *Format, obj runtime.Object) error {
	p, err := f.printer()
	if err != nil {
		return err
	}
	if !f.ShowManaged {
		p = &printers.OmitManagedFieldsPrinter{Delegate: p}
	}
	if err := p.PrintObj(obj, w); err != nil && f.isTemplate() {
		return templateError(err)
	} else if err != nil {
		return fmt.Errorf("print as %s: %w", f.name, err)
	}
	return nil
}

// templateError replaces the error of a template. The libraries put values of the document, such as credentials, into
// their errors. Only the name of a missing field comes from the template, so it is safe to show.
func templateError(err error) error {
	missing := regexp.MustCompile(`(\w+ is not found|map has no entry for key "\w+")$`).FindString(err.Error())
	if missing != "" {
		missing = " (" + missing + ")"
	}
	return fmt.Errorf("the template does not fit the document%s: -o json shows its fields", missing)
}

// nonNil returns an empty slice for nil, so that JSON has [] instead of null.
func nonNil[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}
