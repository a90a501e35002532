// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
)

const (
	shortestValue = 4 // a shorter value is part of too many words
	shortestPart  = 8 // a shorter value is hidden only as a whole word
)

// values are known credentials, by their first characters. They can be used by several goroutines.
type values struct {
	mu       sync.Mutex
	pending  []string // added at the first use: a kubeconfig can have ten thousand keys, and most runs redact nothing
	byPrefix map[string][]string
}

// Hide makes the Redactor hide these values wherever they are, as they are, escaped for a URL, and quoted. It hides each
// line of a value with several lines by itself. It ignores values of less than 4 characters.
func (r *Redactor) Hide(credentials ...string) {
	r.known.mu.Lock()
	defer r.known.mu.Unlock()
	r.known.pending = append(r.known.pending, credentials...)
}

// prepare adds the pending values. The caller holds the lock.
func (v *values) prepare() {
	for _, credential := range v.pending {
		for line := range strings.Lines(credential) {
			if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") { // a line of PEM that is not secret
				v.add(line)
			}
		}
	}
	v.pending = nil
}

// add adds a value in all its forms.
func (v *values) add(value string) {
	quoted := strconv.Quote(value)
	forms := []string{
		value, url.QueryEscape(value), url.PathEscape(value), strings.TrimPrefix(url.UserPassword("", value).String(), ":"),
		quoted[1 : len(quoted)-1],
	}
	if v.byPrefix == nil {
		v.byPrefix = map[string][]string{}
	}
	for i, form := range forms {
		if len(form) >= shortestValue && (i == 0 || form != value) {
			prefix := form[:shortestValue]
			v.byPrefix[prefix] = append(v.byPrefix[prefix], form)
		}
	}
}

// replace returns s with <hidden> in place of each value. Of several values at one place, the longest counts.
func (v *values) replace(s string) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.prepare()
	if len(v.byPrefix) == 0 {
		return s
	}
	var out strings.Builder
	from := 0
	for at := 0; at+shortestValue <= len(s); {
		length := v.match(s, at)
		if length == 0 {
			at++
			continue
		}
		out.WriteString(s[from:at] + hidden)
		at += length
		from = at
	}
	return out.String() + s[from:]
}

// match returns the length of the longest value that is at an index of s, 0 for none.
func (v *values) match(s string, at int) int {
	longest := 0
	for _, value := range v.byPrefix[s[at:at+shortestValue]] {
		if len(value) > longest && strings.HasPrefix(s[at:], value) && (len(value) >= shortestPart || isWord(s, at, len(value))) {
			longest = len(value)
		}
	}
	return longest
}

// isWord reports whether a part of s is no part of a longer word.
func isWord(s string, at, length int) bool {
	end := at + length
	return (at == 0 || !isAlphanumeric(s[at-1])) && (end == len(s) || !isAlphanumeric(s[end]))
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
