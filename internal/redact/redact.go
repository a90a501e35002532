// SPDX-License-Identifier: Apache-2.0

// Package redact removes credentials from text.
package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// hidden replaces a credential.
const hidden = "<hidden>"

// A Redactor removes credentials from text: bootstrap tokens, JWTs, Authorization headers, user names and passwords in
// URLs, and the values that Hide knows. It is also a klog.LogFilter. As such it drops the bodies of requests and responses,
// because client-go logs them as protobuf hexdumps, in which no pattern matches a credential
// (k8s.io/client-go/rest/request.go, logBody).
type Redactor struct {
	bootstrapToken, userinfo, other *regexp.Regexp
	known                           values
}

// New returns a Redactor.
func New() *Redactor {
	return &Redactor{
		bootstrapToken: regexp.MustCompile(`(^|[^a-z0-9]|\\(?:[a-z]|x[0-9a-f]{2}|u[0-9a-f]{4}))[a-z0-9]{6}\.[a-z0-9]{16}([^a-z0-9]|$)`),
		userinfo:       regexp.MustCompile(`://[^\s/?#"'<>\\]+@`), // up to the last @: a password can have one
		other: regexp.MustCompile(`\beyJ[\w-]+\.[\w-]+\.[\w-]*(?:\.[\w-]+)*` + // a JWT; a JWE has more parts
			`|(?i:\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]{8,})`), // an Authorization header
	}
}

// Text returns s with <hidden> in place of each credential.
func (r *Redactor) Text(s string) string {
	s = r.userinfo.ReplaceAllString(r.known.replace(s), "://"+hidden+"@")
	s = r.other.ReplaceAllString(s, hidden)
	for range 2 { // two tokens can share the character between them, and a match consumes it
		s = r.bootstrapToken.ReplaceAllString(s, "${1}"+hidden+"${2}")
	}
	return s
}

// IsToken reports whether a word, such as a host name, has the form of a bootstrap token. DNS ignores case and a trailing
// dot, so IsToken does too.
func IsToken(word string) bool {
	return regexp.MustCompile(`^(?i:[a-z0-9]{6}\.[a-z0-9]{16})\.?$`).MatchString(word)
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

// value returns a value unchanged, unless its text or its JSON contains a credential: klog formats some types as text,
// some as JSON, and bytes as either. Then it returns the redacted text.
func (r *Redactor) value(v any) any {
	if raw, ok := v.([]byte); ok {
		v = string(raw)
	}
	if text, ok := v.(string); ok {
		return r.Text(text)
	}
	asJSON, _ := json.Marshal(v) // klog cannot log the value as JSON either if this fails
	for _, text := range []string{fmt.Sprintf("%+v", v), string(asJSON)} {
		if clean := r.Text(text); clean != text {
			return clean
		}
	}
	return v
}
