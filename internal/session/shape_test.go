// SPDX-License-Identifier: Apache-2.0

package session

import (
	"errors"
	"testing"
)

func TestMessagesOfOneShapeDifferInNamesOnly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		a, b string
		want bool
	}{
		"the same":         {"may not list", "may not list", true},
		"nothing":          {"", "", true},
		"quoted names":     {`cluster "a b" does not exist`, `cluster "c" does not exist`, true},
		"token IDs":        {"token abcdef not found", "token 12cdef not found", true},
		"hosts":            {"dial tcp 10.0.0.1:6443: connect: connection refused", "dial tcp [::1]:443: connect: connection refused", true},
		"lists of names":   {`it is in 2 contexts ("a", "b")`, `it is in 3 contexts ("a", "b", "c")`, true},
		"files":            {"open /a/x.crt: no such file or directory", "open C:\\y.crt: no such file or directory", true},
		"a third differs":  {"one two three four five six", "one two three four new sun", false},
		"hyphens apart":    {"a b read-only", "a b read-write", false},
		"two of three":     {"one two three", "one two four", false},
		"hyphens":          {"a read-only file", "a read-write file", false},
		"apostrophes":      {"the server's file", "the client's file", false},
		"other mistakes":   {`cluster "a" does not exist`, `user "a" needs a client key`, false},
		"other objects":    {"no such user", "no such cluster", false},
		"one says more":    {"may not list", "may not list secrets", false},
		"other first word": {`open /a: permission denied`, `proxy-url x: scheme unknown`, false},
	} {
		if got := shapeOf(errors.New(test.a)).matches(shapeOf(errors.New(test.b))); got != test.want {
			t.Errorf("%s: got %v: %q, %q", name, got, shapeOf(errors.New(test.a)), shapeOf(errors.New(test.b)))
		}
	}
}
