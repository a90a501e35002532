// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"fmt"
	"regexp"
)

const hidden = "<hidden>"

// A Redactor takes credentials out of text: bootstrap tokens, JWTs and bearer headers. It is a klog filter too, and
// as such drops bodies of requests and responses whole: client-go logs them as protobuf hexdumps in which no pattern
// finds a secret (k8s.io/client-go/rest/request.go, logBody).
type Redactor struct {
	patterns *regexp.Regexp
}

// NewRedactor returns a Redactor. It holds no secrets itself.
func NewRedactor() *Redactor {
	return &Redactor{regexp.MustCompile(
		`\b[a-z0-9]{6}\.[a-z0-9]{16}\b` + // a bootstrap token
			`|\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*` + // a JWT
			`|(?i:\b(?:bearer|basic) +[A-Za-z0-9._~+/=-]{8,})`)} // an Authorization header
}

// Text returns s without its credentials.
func (r *Redactor) Text(s string) string { return r.patterns.ReplaceAllString(s, hidden) }

// Filter implements klog.LogFilter.
func (r *Redactor) Filter(args []any) []any {
	for i := range args {
		args[i] = r.value(args[i])
	}
	return args
}

// FilterF implements klog.LogFilter.
func (r *Redactor) FilterF(format string, args []any) (string, []any) {
	return format, r.Filter(args)
}

// FilterS implements klog.LogFilter.
func (r *Redactor) FilterS(msg string, keysAndValues []any) (string, []any) {
	for i := 1; i < len(keysAndValues); i += 2 {
		if keysAndValues[i-1] == "body" {
			keysAndValues[i] = hidden
			continue
		}
		keysAndValues[i] = r.value(keysAndValues[i])
	}
	return r.Text(msg), keysAndValues
}

// value leaves a value as it is, of its own type, unless its text holds a credential.
func (r *Redactor) value(v any) any {
	text := fmt.Sprint(v)
	if clean := r.Text(text); clean != text {
		return clean
	}
	return v
}
