// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// Errors go to stderr and into logs, so they must not show values of the object.
func TestAnErrorInATemplateNeverShowsTheObject(t *testing.T) {
	t.Parallel()
	for _, o := range []string{
		"jsonpath={.items.id}",
		"jsonpath={.nothing}",
		"jsonpath={.items[0].nothing}",
		"jsonpath={.items[0].token.nothing}",
		"jsonpath={.items[7]}",
		"jsonpath={.items[0][0]}",
		"jsonpath={.items[0].token[0]}",
		"jsonpath={.items[0][?(@.id)]}",
		"jsonpath={.items[0].token[?(@.id)]}",
		"jsonpath={.items[0].token[?(@.id == 'a')]}",
		"jsonpath={.items[?(@.token > 1)].id}",
		"jsonpath={.items[?(@.tags > 'x')].id}",
		"jsonpath={range .items[0].token}{.}{end}{end}",
		"jsonpath-as-json={.items[0].token[?(@.id)]}",
		"jsonpath-file=" + templateFile(t, "{.items[0].token[?(@.id)]}"),
		"go-template={{.items.id}}",
		"go-template={{.nothing}}",
		"go-template={{(index .items 0).token.nothing}}",
		"go-template={{range (index .items 0).token}}{{.}}{{end}}",
		"go-template={{index .items 7}}",
		"go-template={{index (index .items 0).token \"x\"}}",
		"go-template={{eq .items .items}}",
		"go-template={{eq (index .items 0) (index .items 0)}}",
		"go-template={{lt (index .items 0).token 1}}",
		"go-template={{base64decode (index .items 0).token}}",
		"go-template={{call (index .items 0).token}}",
		"go-template={{slice (index .items 0).token 99}}",
		"go-template={{template \"none\" .}}",
		"go-template={{len 3}}{{.items}}",
		"go-template-file=" + templateFile(t, "{{eq .items .items}}"),
	} {
		for _, allowMissing := range []bool{false, true} {
			f := format(t, o)
			f.AllowMissingKeys = allowMissing
			var out bytes.Buffer
			err := Print(&out, f, listWithItems(), view())
			if err == nil {
				continue // the template is valid for this list
			}
			if strings.Contains(err.Error(), tokenSecret) {
				t.Errorf("-o %s: the error shows the token: %v", o, err)
			}
			if out.Len() > 0 {
				t.Errorf("-o %s: though it fails, it writes %q", o, out.String())
			}
		}
	}
}

// Every template here fails, unlike in the test above.
func TestPrintWritesNothingIfRenderingFails(t *testing.T) {
	t.Parallel()
	for _, o := range []string{
		"jsonpath={.items[*].id}{.items[0].token[?(@.id)]}",
		"jsonpath={.kind} {.nothing}",
		"jsonpath-as-json={.kind}{.nothing}",
		"go-template={{.kind}} {{eq .items .items}}",
		"go-template={{.kind}} {{.nothing}}",
	} {
		f := format(t, o)
		f.AllowMissingKeys = false
		var out bytes.Buffer
		if err := Print(&out, f, listWithItems(), view()); err == nil || out.Len() > 0 {
			t.Errorf("-o %s: got %v, and it writes %q", o, err, out.String())
		}
	}
}

func TestAMissingKeyIsAnErrorUnlessAllowed(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{"jsonpath={.nothing}": "", "go-template={{.nothing}}": "<no value>"} {
		f := format(t, o)
		if got := printed(t, f, emptyList()); got != want {
			t.Errorf("-o %s: got %q, want %q", o, got, want)
		}
		f.AllowMissingKeys = false
		if err := Print(&bytes.Buffer{}, f, emptyList(), view()); err == nil || !strings.Contains(err.Error(), "nothing") {
			t.Errorf("-o %s: got %v, want an error that names the key", o, err)
		}
	}
}

// The caller rolls a token back if it was not printed.
func TestPrintReturnsTheErrorOfTheWriter(t *testing.T) {
	t.Parallel()
	for _, o := range []string{"", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.kind}", "go-template={{.kind}}"} {
		if err := Print(fullWriter{}, format(t, o), listWithItems(), view()); !errors.Is(err, errFull) {
			t.Errorf("-o %s: got %v", o, err)
		}
	}
}

var errFull = errors.New("no space left on device")

type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errFull }

func TestAnErrorInATemplateNamesAMissingField(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{
		"jsonpath={.nothing}":      "the template does not fit the document (nothing is not found): -o json shows its fields",
		"go-template={{.nothing}}": `the template does not fit the document (map has no entry for key "nothing"): -o json shows its fields`,
		"jsonpath={.items[7]}":     "the template does not fit the document: -o json shows its fields",
	} {
		f := format(t, o)
		f.AllowMissingKeys = false
		if err := Print(&bytes.Buffer{}, f, listWithItems(), view()); err == nil || err.Error() != want {
			t.Errorf("-o %s: got %v", o, err)
		}
	}
}

func TestWideIsOneFormat(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]bool{Default: false, "table": false, "wide": true, "name": false, "json": false} {
		if format(t, o).IsWide() != want {
			t.Errorf("-o %s is wide: %v", o, !want)
		}
	}
}
