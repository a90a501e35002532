// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

func TestContextsShowsWhySomethingThatAnswersRefuses(t *testing.T) {
	t.Parallel()
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"down": apitest.Down(t), "proxy": apitest.AccessProxy(t, nil), "up": apitest.New(t)})
	for format, want := range map[string][]string{
		"table": {"<none> no <unknown>", "<none> Unauthorized <unknown>", "<none> yes "},
		"jsonpath={range .items[*]}{.context} {.reachable} {.refusal};{end}": {"down false ;", "proxy true Unauthorized;", "up true ;"},
	} {
		code, stdout, stderr := run(t, "contexts", "--all-contexts", "--check", "--kubeconfig", kubeconfig, "-o", format)
		if code != ExitPartial {
			t.Errorf("exit code %d\n%s", code, stderr)
		}
		shown := strings.Join(strings.Fields(stdout), " ")
		for _, text := range want {
			if !strings.Contains(shown, text) {
				t.Errorf("%s lacks %q:\n%s", format, text, stdout)
			}
		}
	}
}
