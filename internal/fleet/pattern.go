// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"regexp"
	"strings"
)

// A Pattern chooses contexts by name: a glob over the whole name, in which * stands for any characters, / and :
// among them, and ? for any one; or a regular expression (RE2) between slashes, found anywhere in the name.
type Pattern struct {
	text string
	re   *regexp.Regexp
}

// ParsePattern reads a glob or /RE2/.
func ParsePattern(s string) (Pattern, error) {
	if s == "" || s == "//" {
		return Pattern{}, errors.New("a pattern cannot be empty")
	}
	if len(s) > 1 && strings.HasPrefix(s, "/") && strings.HasSuffix(s, "/") {
		re, err := regexp.Compile(s[1 : len(s)-1])
		return Pattern{s, re}, err
	}
	glob := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(s))
	return Pattern{s, regexp.MustCompile(`^(?s:` + glob + `)$`)}, nil
}

// String returns the pattern as it was given.
func (p Pattern) String() string { return p.text }

func (p Pattern) matches(name string) bool { return p.re.MatchString(name) }

// literal returns what the pattern says about names besides that they may vary.
func (p Pattern) literal() string {
	return strings.Trim(strings.NewReplacer("*", "", "?", "", ".", "", "^", "", "$", "").Replace(p.text), "/")
}
