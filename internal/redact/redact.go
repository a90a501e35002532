// SPDX-License-Identifier: Apache-2.0

// Package redact takes credentials out of text.
package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
)

const hidden = "<hidden>"

// A Redactor takes credentials out of text: bootstrap tokens, JWTs and bearer headers. It is a klog filter too, and
// as such drops bodies of requests and responses whole: client-go logs them as protobuf hexdumps in which no pattern
// finds a secret (k8s.io/client-go/rest/request.go, logBody).
type Redactor struct {
	token, other *regexp.Regexp
}

// New returns a Redactor. It holds no secrets itself.
func New() *Redactor {
	return &Redactor{
		token: regexp.MustCompile(`(^|[^a-z0-9]|\\(?:[a-z]|x[0-9a-f]{2}|u[0-9a-f]{4}))[a-z0-9]{6}\.[a-z0-9]{16}([^a-z0-9]|$)`),
		other: regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*(?:\.[\w-]+)*` + // a JWT, or a JWE, which has more parts
			`|(?i:\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]{8,})`), // an Authorization header
	}
}

// Text returns s without its credentials.
func (r *Redactor) Text(s string) string {
	s = r.other.ReplaceAllString(s, hidden)
	for range 2 { // of two tokens with one character between them, the first match takes that away from the second
		s = r.token.ReplaceAllString(s, "${1}"+hidden+"${2}")
	}
	return s
}

// Filter implements klog.LogFilter.
func (r *Redactor) Filter(args []any) []any {
	clean := make([]any, len(args))
	for i, arg := range args {
		clean[i] = r.value(arg)
	}
	return clean
}

// FilterF implements klog.LogFilter.
func (r *Redactor) FilterF(format string, args []any) (string, []any) {
	return r.Text(format), r.Filter(args)
}

// FilterS implements klog.LogFilter.
func (r *Redactor) FilterS(msg string, keysAndValues []any) (string, []any) {
	clean := r.Filter(keysAndValues)
	for i := 1; i < len(clean); i += 2 {
		if clean[i-1] == "body" {
			clean[i] = hidden
		}
	}
	return r.Text(msg), clean
}

// value leaves a value as it is, of its own type, unless a log could show a credential in it: klog prints some types
// as text, some as JSON, and bytes as either.
func (r *Redactor) value(v any) any {
	if raw, ok := v.([]byte); ok {
		v = string(raw)
	}
	if text, ok := v.(string); ok {
		return r.Text(text)
	}
	asJSON, _ := json.Marshal(v) // what cannot be marshalled is not logged as JSON either
	for _, text := range []string{fmt.Sprintf("%+v", v), string(asJSON)} {
		if clean := r.Text(text); clean != text {
			return clean
		}
	}
	return v
}
