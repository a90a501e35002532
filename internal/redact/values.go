// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
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
	encoded  []string // as pending, to be hidden in encoded forms too
	byPrefix map[string][]string
}

// Hide makes the Redactor hide these values wherever they are, as they are, escaped for a URL or for JSON, and quoted. It hides each
// line of a value with several lines by itself. It ignores values of less than 4 characters.
func (r *Redactor) Hide(credentials ...string) {
	r.known.mu.Lock()
	defer r.known.mu.Unlock()
	r.known.pending = append(r.known.pending, credentials...)
}

// HideEncoded is Hide for the secrets that a run creates or deletes. It hides them in base64 and hex too: an admission webhook
// can send back the object that it was asked about, or a part of it, in its error.
func (r *Redactor) HideEncoded(secrets ...string) {
	r.Hide(secrets...)
	r.known.mu.Lock()
	defer r.known.mu.Unlock()
	r.known.encoded = append(r.known.encoded, secrets...)
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
	for _, secret := range v.encoded {
		v.addEncoded(secret)
	}
	v.pending, v.encoded = nil, nil
}

// add adds a value in all its forms.
func (v *values) add(value string) {
	quoted := strconv.Quote(value)
	asJSON, _ := json.Marshal(value) // a string has no error
	forms := []string{
		value, url.QueryEscape(value), url.PathEscape(value), strings.TrimPrefix(url.UserPassword("", value).String(), ":"),
		quoted[1 : len(quoted)-1], string(asJSON[1 : len(asJSON)-1]),
	}
	for i, form := range forms {
		if i == 0 || form != value {
			v.addForm(form)
		}
	}
}

// addEncoded adds a value as hex and as base64: by itself, and within encoded text, where it begins at one of three places
// of a group of four characters.
func (v *values) addEncoded(value string) {
	if len(value) < shortestPart {
		return
	}
	asHex := hex.EncodeToString([]byte(value))
	v.addForm(asHex)
	v.addForm(strings.ToUpper(asHex))
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		v.addForm(encoding.EncodeToString([]byte(value)))
		for before := range 3 {
			text := encoding.EncodeToString([]byte(strings.Repeat("\x00", before) + value))
			v.addForm(text[(before*8+5)/6 : (before+len(value))*8/6]) // the characters that depend on nothing else
		}
	}
}

func (v *values) addForm(form string) {
	if len(form) < shortestValue {
		return
	}
	if v.byPrefix == nil {
		v.byPrefix = map[string][]string{}
	}
	prefix := form[:shortestValue]
	v.byPrefix[prefix] = append(v.byPrefix[prefix], form)
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
		if strings.HasPrefix(s[at:], value) && (len(value) >= shortestPart || isWord(s, at, len(value))) {
			longest = max(longest, len(value))
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
