// SPDX-License-Identifier: Apache-2.0

package token

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/joinctl/joinctl/internal/story"
)

const hiddenSecret = "hjkmnpqrstuvwxyz" // without hex digits

// valuesWithToken returns values that contain a Token in many ways.
func valuesWithToken(t *testing.T) map[string]any {
	tok := mustParse(t, "abcdef."+hiddenSecret)
	type private struct{ tok Token }
	type privatePointer struct{ tok *Token }
	type public struct {
		Tok    Token
		Inside any
	}
	type embedded struct{ Token }
	return map[string]any{
		"itself":                   tok,
		"pointer":                  &tok,
		"pointer to a pointer":     new(&tok),
		"private field":            private{tok},
		"private field by pointer": &private{tok},
		"private pointer":          privatePointer{&tok},
		"public field":             public{tok, &tok},
		"embedded":                 embedded{tok},
		"slice":                    []Token{tok},
		"slice of pointers":        []*Token{&tok},
		"array":                    [1]Token{tok},
		"slice of private fields":  []private{{tok}},
		"map value":                map[string]Token{"a": tok},
		"map key":                  map[Token]int{tok: 1},
		"map of private fields":    map[string]private{"a": {tok}},
		"interface in a slice":     []any{tok, &tok, private{tok}},
		"error":                    fmt.Errorf("about %v and %+v", tok, private{tok}),
	}
}

func TestATokenNeverShowsItsSecretUnderAnyVerb(t *testing.T) {
	t.Parallel()
	for name, value := range valuesWithToken(t) {
		for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "# ", "30", ".40"} {
				format := "%" + flags + string(verb)
				text := strings.ReplaceAll(fmt.Sprintf(format, value), "0x", "")
				if form := story.Leak(text, hiddenSecret); form != "" {
					t.Errorf("%s with %s shows the secret as %s", name, format, form)
				}
			}
		}
		if form := story.Leak(fmt.Sprint(value)+fmt.Sprintln(value), hiddenSecret); form != "" {
			t.Errorf("%s shows the secret as %s", name, form)
		}
	}
}

func TestATokenNeverShowsItsSecretInLogsAndDocuments(t *testing.T) {
	t.Parallel()
	writers := map[string]func(*bytes.Buffer, any) error{
		"slog text": func(out *bytes.Buffer, value any) error {
			slog.New(slog.NewTextHandler(out, nil)).Error("text", "value", value)
			return nil
		},
		"slog json": func(out *bytes.Buffer, value any) error {
			slog.New(slog.NewJSONHandler(out, nil)).Error("json", "value", value)
			return nil
		},
		"template": func(out *bytes.Buffer, value any) error {
			return template.Must(template.New("").Parse("{{.}} {{printf `%#v` .}}")).Execute(out, value)
		},
		"json": func(out *bytes.Buffer, value any) error {
			text, err := json.Marshal(value)
			out.Write(text)
			if unsupported := new(json.UnsupportedTypeError); errors.As(err, &unsupported) {
				return nil // a map with Token keys
			}
			return err
		},
	}
	for how, write := range writers {
		for name, value := range valuesWithToken(t) {
			var out bytes.Buffer
			if err := write(&out, value); err != nil {
				t.Errorf("%s, %s: %v", how, name, err)
			}
			if form := story.Leak(out.String(), hiddenSecret); form != "" {
				t.Errorf("%s, %s: shows the secret as %s: %s", how, name, form, out.String())
			}
		}
	}
}

func TestATokenShowsItsID(t *testing.T) {
	t.Parallel()
	tok := mustParse(t, "abcdef."+hiddenSecret)
	if got, want := fmt.Sprintf("%v %s", tok, &tok), "abcdef.<hidden> abcdef.<hidden>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
