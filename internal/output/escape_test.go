// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// hostile returns strings that must not reach a terminal, a parser or a line-wise reader as they are.
func hostile() map[string]string {
	return map[string]string{
		"terminal title":     "\x1b]0;owned\x07",
		"clear screen":       "a\x1b[2Jb",
		"newline":            "a\nsecret/bootstrap-token-victim",
		"carriage return":    "harmless\rowned",
		"tab":                "a\tb",
		"backspace":          "a\b\b\bowned",
		"NUL":                "a\x00b",
		"DEL":                "a\x7fb",
		"C1 control":         "a\u009b2Jb",
		"next line":          "a\u0085b",
		"line separator":     "a\u2028b\u2029c",
		"right-to-left":      "a\u202egpj.exe",
		"isolate":            "a\u2066b\u2069",
		"right-to-left mark": "\u200fa\u061cb",
		"byte order mark":    "\ufeffa",
		"noncharacter":       "a\ufffeb\uffffc",
		"document end":       "a\n---\nb: c\n...",
		"quotes and escapes": `"a" 'b' \x1b \u202e C:\uFFFE202e;` + "\u202e",
		"YAML indicator":     "- a: {b: [\u202e]} # c",
	}
}

// isActiveIn reports whether text contains active characters, apart from its line ends and the tabs of KYAML.
func isActiveIn(text string) bool {
	return strings.ContainsFunc(strings.NewReplacer("\n", "", "\t", "").Replace(text), isActive)
}

func TestNoOutputContainsTheCharactersOfAHostileString(t *testing.T) {
	t.Parallel()
	for kind, text := range hostile() {
		list := List[item]{
			Kind:     "ThingList",
			Items:    []item{{ID: text, Note: text, Tags: []string{text}}, {ID: "good"}},
			Failures: []Failure{{Context: text, Reason: "Unknown", Message: text}},
		}
		lines := map[string]int{ // in the formats where a line has a meaning
			"": 3, "wide": 3, "name": 1, "jsonpath={range .items[*]}{.id}{\"\\n\"}{end}": 2,
			"go-template={{range .items}}{{.id}}{{\"\\n\"}}{{end}}": 2,
		}
		for _, o := range []string{
			"", "wide", "name", "json", "yaml", "kyaml", "jsonpath={range .items[*]}{.id}{\"\\n\"}{end}", "jsonpath={.failures}",
			"jsonpath-as-json={.items}", "go-template={{range .items}}{{.id}}{{\"\\n\"}}{{end}}", "go-template={{.}}",
		} {
			var out bytes.Buffer
			err := Print(&out, format(t, o), list, view())
			if named := o == "name"; (err != nil) != named || named && !strings.Contains(err.Error(), "-o json") {
				t.Errorf("%s in -o %s: %v", kind, o, err)
			}
			if isActiveIn(out.String()) || !strings.Contains(out.String(), "good") && !strings.Contains(o, "failures") {
				t.Errorf("%s in -o %s: got %q", kind, o, out.String())
			}
			if want := lines[o]; want > 0 && strings.Count(out.String(), "\n") != want {
				t.Errorf("%s in -o %s: got %q, want %d lines", kind, o, out.String(), want)
			}
		}
	}
}

// A program that reads the document gets the string of the server, whatever it contains.
func TestStructuredFormatsKeepEveryCharacter(t *testing.T) {
	t.Parallel()
	texts := []string{"a\n\vb", "a\n\u3000b", "a\n\tb", "a\n\n b\n", "😀 \U0001fffe \U0010ffff"}
	for _, text := range hostile() {
		texts = append(texts, text)
	}
	var all strings.Builder
	for r := rune(0); r <= 0xffff; r++ {
		if utf8.ValidRune(r) {
			texts = append(texts, "a"+string(r)+"b")
			all.WriteRune(r)
		}
	}
	list := List[item]{Kind: "ThingList", Items: []item{{ID: all.String(), Tags: texts}}}
	for _, o := range []string{"json", "yaml", "kyaml"} {
		var out bytes.Buffer
		if err := Print(&out, format(t, o), list, view()); err != nil {
			t.Fatalf("-o %s: %v", o, err)
		}
		if isActiveIn(out.String()) {
			t.Errorf("-o %s contains active characters", o)
		}
		var got List[item]
		read := yaml.Unmarshal
		if o == "json" {
			read = func(content []byte, into any, _ ...yaml.JSONOpt) error { return json.Unmarshal(content, into) }
		}
		if err := read(out.Bytes(), &got); err != nil {
			t.Fatalf("-o %s cannot be read: %v", o, err)
		}
		if fmt.Sprintf("%q", got.Items) != fmt.Sprintf("%q", list.Items) {
			t.Errorf("-o %s changes a string", o)
		}
		for i, text := range texts {
			if got.Items[0].Tags[i] != text {
				t.Errorf("-o %s: %+q becomes %+q", o, text, got.Items[0].Tags[i])
			}
		}
	}
}

// One description must not change how the documents of all other servers look, where YAML can escape it.
func TestYAMLIsJSONOnlyForCharactersThatYAMLCannotEscape(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"日本語　です":   "note: 日本語　です",
		"e\u0301":  "note: e\u0301",
		"a\x7fb":   `note: "a\x7Fb"`,
		"a\u202eb": `"note": "a\u202eb"`,
	} {
		got := printed(t, format(t, "yaml"), List[item]{Kind: "ThingList", Items: []item{{ID: "a", Note: text}}})
		if !strings.Contains(got, want) || strings.HasPrefix(got, "{") != strings.HasPrefix(want, `"`) {
			t.Errorf("%+q: got\n%s\nwant %s", text, got, want)
		}
	}
}
