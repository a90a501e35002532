// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A Pattern selects contexts by name. It is a glob that matches the whole name, where * matches any characters, / and :
// included, and ? matches any one; or an RE2 expression between slashes that matches any part of the name.
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// ParsePattern reads a glob or /RE2/.
func ParsePattern(s string) (Pattern, error) {
	if s == "" || s == "//" {
		return Pattern{}, errors.New("must be a glob or /RE2/, and not empty")
	}
	if len(s) > 1 && strings.HasPrefix(s, "/") && strings.HasSuffix(s, "/") {
		re, err := regexp.Compile(s[1 : len(s)-1])
		if err != nil {
			return Pattern{}, fmt.Errorf("must be a glob or /RE2/: %w", err)
		}
		return Pattern{s, re}, nil
	}
	glob := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(s))
	return Pattern{s, regexp.MustCompile(`^(?s:` + glob + `)$`)}, nil
}

// UnmarshalText is ParsePattern.
func (p *Pattern) UnmarshalText(text []byte) error {
	parsed, err := ParsePattern(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

// MarshalText returns the text that UnmarshalText reads.
func (p Pattern) MarshalText() ([]byte, error) { return []byte(p.text), nil }

// String returns the text of the pattern.
func (p Pattern) String() string { return p.text }

func (p Pattern) matches(name string) bool { return p.re.MatchString(name) }

// isName reports whether the pattern can match only one name: its own text.
func (p Pattern) isName() bool {
	expression := len(p.text) > 1 && strings.HasPrefix(p.text, "/") && strings.HasSuffix(p.text, "/")
	return !expression && !strings.ContainsAny(p.text, "*?")
}

// literal returns the pattern without its wildcards.
func (p Pattern) literal() string {
	return strings.Trim(strings.NewReplacer("*", "", "?", "", ".", "", "^", "", "$", "").Replace(p.text), "/")
}
