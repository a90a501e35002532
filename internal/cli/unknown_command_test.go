// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"
)

func TestAWordThatPeopleTypeLeadsToItsCommand(t *testing.T) {
	for args, want := range map[string]string{
		"list":                  "joinctl sa list or joinctl token list",
		"ls":                    "joinctl sa list or joinctl token list",
		"create":                "joinctl token create or joinctl sa token",
		"delete":                "joinctl token delete or joinctl sa revoke",
		"join hub:6443":         "joinctl check or joinctl token create",
		"register":              "joinctl check or joinctl token create",
		"revoke":                "joinctl sa revoke or joinctl token delete",
		"token get":             "joinctl token list or joinctl sa list",
		"token show":            "joinctl token list or joinctl sa inspect",
		"token revoke 07401b":   "joinctl token delete or joinctl sa revoke",
		"token inspect 07401b":  "joinctl token list or joinctl sa inspect",
		"token describe 07401b": "joinctl token list or joinctl sa inspect",
		"token doctor":          "joinctl doctor",
		"token lst":             "joinctl token list",
		"tokns list":            "joinctl token",
		"sa delete x":           "joinctl sa revoke or joinctl token delete",
		"sa get":                "joinctl sa list or joinctl token list",
	} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		if code != ExitUsage || stdout != "" || !strings.Contains(stderr, "\njoinctl: hint: did you mean "+want+"? see joinctl") {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want %s", args, code, stdout, stderr, want)
		}
	}
	if _, _, stderr := run(t, "frobnicate"); strings.Contains(stderr, "did you mean") {
		t.Errorf("nothing is like it: %s", stderr)
	}
}

func TestAnUnknownCommandIsNamedBeforeItsFlags(t *testing.T) {
	for _, flags := range []string{"", " --no-such-flag", " --for m1 -x", " --help", " -h"} {
		for args, want := range map[string]string{
			"list":            `unknown command "list" for "joinctl"`,
			"token get":       `unknown command "get" for "joinctl token"`,
			"completion bsh":  `unknown command "bsh" for "joinctl completion"`,
			"--context a lst": `unknown command "lst" for "joinctl"`,
		} {
			code, stdout, stderr := run(t, strings.Fields(args+flags)...)
			if code != ExitUsage || stdout != "" || !strings.HasPrefix(stderr, "joinctl: error: "+want+"\n") {
				t.Errorf("%s%s: exit code %d, stdout %q, stderr %q", args, flags, code, stdout, stderr)
			}
		}
	}
}

func TestAMisspeltFlagLeadsToTheNearestOne(t *testing.T) {
	for args, want := range map[string]string{
		"token create --tll 3h":                "--ttl",
		"token create --print-registr-command": "--print-register-command",
		"token create --print-registr":         "--print-register-command",
		"token list --contex a":                "--context or --contexts or --contexts-file",
		"token list --kubconfig a":             "--kubeconfig",
		"sa token robot --namespce ci":         "--namespace",
		"doctor --all-context":                 "--all-contexts",
		"token list --no-such-flag":            "",
		"token list --zz":                      "",
	} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		hint := "\njoinctl: hint: did you mean " + want + "? see joinctl "
		if want == "" {
			hint = "\njoinctl: hint: see joinctl token list --help\n"
		}
		if code != ExitUsage || stdout != "" || !strings.Contains(stderr, hint) {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
	}
}

func TestListAndDeleteHaveShortNames(t *testing.T) {
	t.Parallel()
	for alias, want := range map[string]string{"token ls": "token list", "token rm": "token delete", "sa ls": "sa list", "sa rm": "sa revoke"} {
		if c, _, err := testRoot().Find(strings.Fields(alias)); err != nil || pathOf(c) != want {
			t.Errorf("%s is %s, %v", alias, pathOf(c), err)
		}
	}
}
