// SPDX-License-Identifier: Apache-2.0

package join

import (
	"strings"
	"testing"
)

func TestParseClusterNameByKarmadasRule(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("a", 48)
	for _, good := range []string{"a", "1", "member1", "eu-west-1", "0-0", longest} {
		if name, err := ParseClusterName(good); err != nil || string(name) != good {
			t.Errorf("%q: %q, %v", good, name, err)
		}
	}
	for _, bad := range []string{"", "-a", "a-", "A", "a_b", "a.b", "a b", "é", "a\n", longest + "a", "abcdef.0123456789abcdef"} {
		name, err := ParseClusterName(bad)
		if err == nil || name != "" {
			t.Errorf("%q is accepted", bad)
		}
		if err != nil && len(bad) > 3 && strings.Contains(err.Error(), bad) {
			t.Errorf("the error repeats %q: %v", bad, err)
		}
	}
}
