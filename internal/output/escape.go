// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/yaml"
	"sigs.k8s.io/yaml/kyaml"
)

// Names, descriptions and messages come from servers and from other people. This file keeps their characters from acting
// on a terminal, on a parser, or on a program that reads names line by line.

// isActive reports whether a terminal or a parser acts on a character: control characters, those that change the direction
// of text, the separators of lines, and the characters that no YAML document may contain
// (https://yaml.org/spec/1.2.2/#51-character-set).
func isActive(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune("\u2028\u2029\ufeff\ufffe\uffff", r)
}

// Plain replaces every character that is not printable with a space.
func Plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// escape returns text with \uXXXX in place of the active characters, as JSON has it. It keeps those in keep.
func escape(text, keep string) string {
	if !strings.ContainsFunc(text, isActive) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if isActive(r) && !strings.ContainsRune(keep, r) {
			fmt.Fprintf(&out, `\u%04x`, r) // every active character is in the Basic Multilingual Plane
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// An escapedPrinter prints JSON, YAML and KYAML in which every active character is escaped.
type escapedPrinter struct{ format string }

func (p escapedPrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	var document strings.Builder
	if err := (&printers.JSONPrinter{}).PrintObj(obj, &document); err != nil {
		return err
	}
	text, err := escape(document.String(), "\n"), error(nil)
	switch p.format {
	case YAML:
		text, err = jsonToYAML(text)
	case KYAML:
		text, err = jsonToKYAML(text)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// jsonToYAML returns a JSON document as YAML. It returns it as it is, since JSON is YAML, if a string contains an active
// character that YAML prints without quotes.
func jsonToYAML(json string) (string, error) {
	text, err := yaml.JSONToYAML([]byte(json))
	if err != nil || escape(string(text), "\n") != string(text) {
		return json, err
	}
	return string(text), nil
}

// jsonToKYAML returns a JSON document as KYAML. It returns the compact form if a string has a line that begins with a
// space other than " ", because the encoder adds a backslash to such a line.
func jsonToKYAML(json string) (string, error) {
	encoder := kyaml.Encoder{Compact: regexp.MustCompile(`\\n(\\[^n"\\]|[^ -~])`).MatchString(json)}
	var out strings.Builder
	err := encoder.FromYAML(strings.NewReader(json), &out)
	return out.String(), err
}

// escapeStrings returns a document with its strings escaped, for templates: these print strings as they are.
func escapeStrings(value any) any {
	switch value := value.(type) {
	case string:
		return escape(value, "")
	case []any:
		out := make([]any, len(value))
		for i := range value {
			out[i] = escapeStrings(value[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(value))
		for key := range value {
			out[escape(key, "")] = escapeStrings(value[key])
		}
		return out
	}
	return value
}
