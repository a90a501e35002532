// SPDX-License-Identifier: Apache-2.0

package output

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/client-go/util/jsonpath"
)

// A customColumn is one column of -o custom-columns: kubectl's HEADER:PATH.
type customColumn struct {
	header string
	path   *jsonpath.JSONPath
}

// customColumns parses the columns of a format.
func (f *Format) customColumns() ([]customColumn, error) {
	text, err := f.template(f.name)
	if err != nil {
		return nil, err
	}
	if f.name == customColumnsFile {
		return parseColumnsFile(text)
	}
	return parseColumns(text)
}

// parseColumns parses HEADER:PATH,HEADER:PATH,…. Unlike kubectl it takes commas in the brackets and quotes of a path for a part of
// the path.
func parseColumns(spec string) ([]customColumn, error) {
	var columns []customColumn
	for _, part := range splitColumns(spec) {
		header, path, found := strings.Cut(part, ":")
		if !found {
			return nil, fmt.Errorf("column %q has no path: columns are HEADER:PATH,HEADER:PATH,…, such as ID:.id,EXPIRES:.expires", part)
		}
		column, err := newCustomColumn(header, path)
		if err != nil {
			return nil, err
		}
		columns = append(columns, column)
	}
	return columns, nil
}

// splitColumns splits at commas outside brackets and quotes.
func splitColumns(spec string) []string {
	var parts []string
	depth, quote, start := 0, rune(0), 0
	for i, r := range spec {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '\'' || r == '"':
			quote = r
		case strings.ContainsRune("[({", r):
			depth++
		case strings.ContainsRune("])}", r):
			depth--
		case r == ',' && depth <= 0:
			parts, start = append(parts, spec[start:i]), i+1
		}
	}
	return append(parts, spec[start:])
}

// parseColumnsFile parses a line of headers and a line of paths, both separated by spaces.
func parseColumnsFile(text string) ([]customColumn, error) {
	lines := strings.SplitN(text, "\n", 3)
	if len(lines) < 2 || strings.TrimSpace(lines[0]) == "" || strings.TrimSpace(lines[1]) == "" {
		return nil, errors.New("a file of columns has two lines: headers, and below them their paths, both separated by spaces")
	}
	headers, paths := strings.Fields(lines[0]), strings.Fields(lines[1])
	if len(headers) != len(paths) {
		return nil, fmt.Errorf("the file of columns has %d headers in its first line, and %d paths in its second", len(headers), len(paths))
	}
	columns := make([]customColumn, len(headers))
	for i, header := range headers {
		column, err := newCustomColumn(header, paths[i])
		if err != nil {
			return nil, err
		}
		columns[i] = column
	}
	return columns, nil
}

func newCustomColumn(header, text string) (customColumn, error) {
	relaxed, ok := relaxedPath(text)
	if !ok {
		return customColumn{}, fmt.Errorf("the path of column %q must be a JSONPath of one field, such as .expires", header)
	}
	path := jsonpath.New("column").AllowMissingKeys(true) // whatever --allow-missing-template-keys says, as in kubectl
	if err := path.Parse("{" + relaxed + "}"); err != nil {
		return customColumn{}, fmt.Errorf("the path of column %q must be a JSONPath of one field, such as .expires: %w", header, err)
	}
	return customColumn{header, path}, nil
}

// printColumns prints a row for each item of a document, or one for the document if it has no items, as kubectl does.
func (l *layout) printColumns(w io.Writer, f *Format, document map[string]any) error {
	columns, err := f.customColumns()
	if err != nil {
		return err
	}
	headings := make([]heading, len(columns))
	for i, column := range columns {
		headings[i].title = column.header
	}
	objects, isList := document["items"].([]any)
	if !isList {
		objects = []any{document}
	}
	rows := make([][]cell, len(objects))
	for i, object := range objects {
		for _, column := range columns {
			text, err := column.valueOf(object)
			if err != nil {
				return templateError(err)
			}
			rows[i] = append(rows[i], cell{text: Plain(text)})
		}
	}
	return l.print(w, headings, rows, !f.NoHeaders)
}

// valueOf returns the values in an object, separated by commas.
func (c customColumn) valueOf(object any) (string, error) {
	found, err := c.path.FindResults(object)
	if err != nil {
		return "", err
	}
	var texts []string
	for _, values := range found {
		for _, value := range values {
			if value.IsValid() && value.CanInterface() {
				texts = append(texts, fmt.Sprint(value.Interface()))
			}
		}
	}
	if len(texts) == 0 {
		return "<none>", nil
	}
	return strings.Join(texts, ","), nil
}
