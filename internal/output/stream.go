// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"io"
)

// A Stream prints lists one after the other, as kubectl get --watch does: the rows of one table, or one document for each list.
type Stream[T any] struct {
	out    io.Writer
	format Format
	view   View[T]
	buf    bytes.Buffer
	layout *layout // it remembers the widths of the columns

	printed bool
}

// NewStream returns a Stream that prints in a format.
func NewStream[T any](w io.Writer, f *Format, view View[T]) *Stream[T] {
	return &Stream[T]{out: w, format: *f, view: view, layout: layoutOf(w)}
}

// Print prints the next list. Like the function Print it writes nothing if rendering fails, and returns the error of the writer
// as it is. A table without rows is not printed.
func (s *Stream[T]) Print(list List[T]) error {
	s.buf.Reset()
	err := s.render(list)
	if err != nil && !errors.As(err, new(unprintableError)) {
		return err
	}
	text := s.buf.String()
	if text == "" {
		return err
	}
	if s.printed && s.format.name == YAML {
		text = "---\n" + text
	}
	s.printed = true
	if _, err := io.WriteString(s.out, text); err != nil {
		return err
	}
	return err
}

func (s *Stream[T]) render(list List[T]) error {
	if s.format.IsTable() && len(list.Items) == 0 {
		return nil
	}
	if err := render(&s.buf, s.layout, &s.format, list, s.view); err != nil {
		return err
	}
	s.format.NoHeaders = true
	return nil
}
