// SPDX-License-Identifier: Apache-2.0

package output

import (
	"strings"
	"testing"
)

func TestAnUnknownFormatIsAnErrorThatListsTheFormats(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"", "xml", "JSON", "custom-column=ID:.id", "json ", "=x"} {
		f := &Format{}
		err := f.UnmarshalText([]byte(input))
		if err == nil || !f.IsDefault() {
			t.Errorf("%q is accepted", input)
			continue
		}
		for _, name := range []string{
			"table", "wide", "name", "json", "yaml", "kyaml", "jsonpath", "jsonpath-file", "jsonpath-as-json", "go-template", "go-template-file", "custom-columns", "custom-columns-file",
		} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("the error for %q does not name %s: %v", input, name, err)
			}
		}
	}
}

func TestFormatsReportTheirKind(t *testing.T) {
	t.Parallel()
	type kind struct{ structured, name, byDefault bool }
	for o, want := range map[string]kind{
		"":                     {byDefault: true},
		"table":                {},
		"text":                 {},
		"wide":                 {},
		"name":                 {name: true},
		"json":                 {structured: true},
		"yaml":                 {structured: true},
		"kyaml":                {structured: true},
		"jsonpath={.a}":        {structured: true},
		"jsonpath-file=f":      {structured: true},
		"jsonpath-as-json={}":  {structured: true},
		"go-template={{.}}":    {structured: true},
		"template={{.}}":       {structured: true},
		"go-template-file=f":   {structured: true},
		"templatefile=f":       {structured: true},
		"go-template={{eq a}}": {structured: true},
	} {
		f := format(t, o)
		if got := (kind{f.Structured(), f.IsName(), f.IsDefault()}); got != want {
			t.Errorf("-o %s: got %+v, want %+v", o, got, want)
		}
	}
	f := &Format{Template: "{{.}}"}
	if !f.Structured() || f.IsDefault() {
		t.Error("--template alone does not select go-template")
	}
}

func TestAFormatSurvivesMarshalText(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{"": "", "text": "table", "json": "json", "jsonpath={.a}=b": "jsonpath={.a}=b", "template={{.}}": "go-template={{.}}"} {
		if text, err := format(t, o).MarshalText(); err != nil || string(text) != want {
			t.Errorf("-o %s: got %q, %v", o, text, err)
		}
	}
}

func TestCheckReportsAMistakeInATemplate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ o, template, text string }{
		{"go-template={{.items", "", "template"},
		{"go-template={{nonsense .items}}", "", "nonsense"},
		{"jsonpath={.items", "", "template"},
		{"jsonpath", "", "--template"},
		{"go-template", "", "--template"},
		{"go-template-file=/does/not/exist", "", "/does/not/exist"},
		{"jsonpath-file=/does/not/exist", "", "/does/not/exist"},
		{"jsonpath-file", "", "--template"},
		{"", "{{.items", "template"},
		{"table", "{{.kind}}", "template"}, // a table has no template
		{"wide", "{.kind}", "template"},
		{"name", "{.kind}", "template"},
	} {
		f := format(t, test.o)
		f.Template = test.template
		if err := f.Check(); err == nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("-o %s --template %q: got %v, want something about %q", test.o, test.template, err, test.text)
		}
	}
	for _, o := range []string{"", "table", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.items}", "go-template={{.items}}"} {
		if err := format(t, o).Check(); err != nil {
			t.Errorf("-o %s: %v", o, err)
		}
	}
}
