// SPDX-License-Identifier: Apache-2.0

package output

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEveryFormatOfAListWithItems(t *testing.T) {
	t.Parallel()
	const joined = `a=abcdef.hjkmnpqrstuvwxyz longer= `
	table := lines(
		"ID       NOTE",
		"a        first",
		"longer   2nd",
	)
	for o, want := range map[string]string{
		"":      table,
		"table": table,
		"text":  table,
		"wide": lines(
			"ID       NOTE    TOKEN",
			"a        first   abcdef.hjkmnpqrstuvwxyz",
			"longer   2nd     ",
		),
		"name": lines("thing/a", "thing/longer"),
		"json": lines(
			`{`,
			`    "apiVersion": "joinctl.io/v1alpha1",`,
			`    "failures": [`,
			`        {`,
			`            "code": "JC305",`,
			`            "context": "prod",`,
			`            "message": "no \"right\"",`,
			`            "reason": "Forbidden"`,
			`        }`,
			`    ],`,
			`    "items": [`,
			`        {`,
			`            "id": "a",`,
			`            "note": "first",`,
			`            "tags": [`,
			`                "x",`,
			`                "y"`,
			`            ],`,
			`            "token": "abcdef.hjkmnpqrstuvwxyz"`,
			`        },`,
			`        {`,
			`            "id": "longer",`,
			`            "note": "2nd"`,
			`        }`,
			`    ],`,
			`    "kind": "ThingList"`,
			`}`,
		),
		"yaml": lines(
			`apiVersion: joinctl.io/v1alpha1`,
			`failures:`,
			`- code: JC305`,
			`  context: prod`,
			`  message: no "right"`,
			`  reason: Forbidden`,
			`items:`,
			`- id: a`,
			`  note: first`,
			`  tags:`,
			`  - x`,
			`  - "y"`,
			`  token: abcdef.hjkmnpqrstuvwxyz`,
			`- id: longer`,
			`  note: 2nd`,
			`kind: ThingList`,
		),
		"kyaml": lines(
			`---`,
			`{`,
			`  apiVersion: "joinctl.io/v1alpha1",`,
			`  failures: [{`,
			`    code: "JC305",`,
			`    context: "prod",`,
			`    message: "no \"right\"",`,
			`    reason: "Forbidden",`,
			`  }],`,
			`  items: [{`,
			`    id: "a",`,
			`    note: "first",`,
			`    tags: [`,
			`      "x",`,
			`      "y",`,
			`    ],`,
			`    token: "abcdef.hjkmnpqrstuvwxyz",`,
			`  }, {`,
			`    id: "longer",`,
			`    note: "2nd",`,
			`  }],`,
			`  kind: "ThingList",`,
			`}`,
		),
		"jsonpath={.items[*].id}":                                      "a longer",
		"jsonpath={range .items[*]}{.id}={.token} {end}":               joined,
		"jsonpath-as-json={.items[0].tags}":                            lines(`[`, `    [`, `        "x",`, `        "y"`, `    ]`, `]`),
		"go-template={{range .items}}{{.id}}={{or .token ``}} {{end}}": joined,
		"template={{.kind}} {{len .failures}}":                         "ThingList 1",
		"jsonpath-file=" + templateFile(t, "{.failures[0].reason}"):    "Forbidden",
		"go-template-file=" + templateFile(t, "{{.apiVersion}}"):       "joinctl.io/v1alpha1",
		"templatefile=" + templateFile(t, "{{.apiVersion}}"):           "joinctl.io/v1alpha1",
	} {
		if got := printed(t, format(t, o), listWithItems()); got != want {
			t.Errorf("-o %s: got\n%s\nwant\n%s", o, got, want)
		}
	}
}

// Scripts count items and failures: both are always present, and never null.
func TestEveryFormatOfAnEmptyList(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{
		"":      "",
		"table": "",
		"wide":  "",
		"name":  "",
		"json": lines(
			`{`,
			`    "apiVersion": "joinctl.io/v1alpha1",`,
			`    "failures": [],`,
			`    "items": [],`,
			`    "kind": "ThingList"`,
			`}`,
		),
		"yaml": lines(
			`apiVersion: joinctl.io/v1alpha1`,
			`failures: []`,
			`items: []`,
			`kind: ThingList`,
		),
		"kyaml": lines(
			`---`,
			`{`,
			`  apiVersion: "joinctl.io/v1alpha1",`,
			`  failures: [],`,
			`  items: [],`,
			`  kind: "ThingList",`,
			`}`,
		),
		"jsonpath={.items[*].id}":                     "",
		"jsonpath={.items}{.failures}":                "[][]",
		"jsonpath-as-json={.items}":                   lines(`[`, `    []`, `]`),
		"go-template={{len .items}}{{len .failures}}": "00",
	} {
		if got := printed(t, format(t, o), emptyList()); got != want {
			t.Errorf("-o %s: got\n%s\nwant\n%s", o, got, want)
		}
	}
}

func TestTheTemplateMayBeAFlagOfItsOwn(t *testing.T) {
	t.Parallel()
	for o, template := range map[string]string{
		"":                 "{{.kind}}",
		"go-template":      "{{.kind}}",
		"jsonpath":         "{.kind}",
		"go-template-file": templateFile(t, "{{.kind}}"),
		"jsonpath-file":    templateFile(t, "{.kind}"),
		"jsonpath={.none}": "{.kind}", // as in kubectl, --template overrides the argument
	} {
		f := format(t, o)
		f.Template = template
		if err := f.Check(); err != nil {
			t.Errorf("-o %s: %v", o, err)
		}
		if got := printed(t, f, emptyList()); got != "ThingList" {
			t.Errorf("-o %s: got %q", o, got)
		}
	}
}

func TestNoHeadersPrintsNoTitles(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{
		"":     lines("a        first", "longer   2nd"),
		"wide": lines("a        first   abcdef.hjkmnpqrstuvwxyz", "longer   2nd     "),
		"name": lines("thing/a", "thing/longer"),
	} {
		f := format(t, o)
		f.NoHeaders = true
		if got := printed(t, f, listWithItems()); got != want {
			t.Errorf("-o %s: got\n%s\nwant\n%s", o, got, want)
		}
	}
}

// templateFile writes a template to a file and returns its path.
func templateFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
