// SPDX-License-Identifier: Apache-2.0

package members_test

import (
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/story"
)

// TestNoMemberTokenIsLoggedAtAnyLevel searches stderr for tokens in every encoding.
func TestNoMemberTokenIsLoggedAtAnyLevel(t *testing.T) {
	joinMembers(t)
	for _, level := range []string{"-v=1", "-v=6", "-v=8", "-v=10"} {
		token := run(t, "sa", "token", "default", "--member", "east", level)
		kubeconfig := run(t, "sa", "kubeconfig", "default", "--member", "east", level)
		for _, out := range []string{token.OK(t), kubeconfig.OK(t)} {
			at := strings.Index(out, "eyJ")
			bearer := strings.Fields(out[at:])[0]
			if form := story.Leak(token.Stderr+kubeconfig.Stderr, bearer[strings.LastIndex(bearer, ".")+1:]); form != "" {
				t.Errorf("%s: a token is on stderr as %s", level, form)
			}
		}
	}
	out := run(t, "token", "create", "--for", "a,b", "--print-register-command", "-v=10")
	for line := range strings.SplitSeq(out.OK(t), "\n") {
		_, secret, _ := strings.Cut(strings.Fields(line)[4], ".")
		if form := story.Leak(out.Stderr, secret); form != "" {
			t.Errorf("a token secret is on stderr as %s", form)
		}
	}
}
