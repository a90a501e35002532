// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/apitest"
)

// run runs joinctl, and returns its exit code with what it wrote. It sets up klog, which belongs to the process: tests that
// call it must not run in parallel.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runIn(t.Context(), &Env{In: strings.NewReader("")}, args...)
}

func runIn(ctx context.Context, env *Env, args ...string) (code int, stdout, stderr string) {
	var out, told strings.Builder
	env.Out, env.Err, env.Now = &out, &told, time.Now
	code = Main(ctx, env, args)
	return code, out.String(), told.String()
}

func TestAWordThatIsNoCommandIsAUsageError(t *testing.T) {
	for args, want := range map[string]string{
		"tokens":                        "joinctl: error: unknown command \"tokens\" for \"joinctl\"\njoinctl: hint: did you mean joinctl token? see joinctl --help\n",
		"token creat":                   "joinctl: error: unknown command \"creat\" for \"joinctl token\"\njoinctl: hint: did you mean joinctl token create? see joinctl token --help\n",
		"help bogus":                    "joinctl: error: unknown command \"bogus\" for \"joinctl\"\njoinctl: hint: see joinctl --help\n",
		"help token bogus":              "joinctl: error: unknown command \"bogus\" for \"joinctl token\"\njoinctl: hint: see joinctl token --help\n",
		"token 07401b.0123456789abcdef": "joinctl: error: unknown command\njoinctl: hint: see joinctl --help\n",
		"token list --tll 3h":           "joinctl: error: unknown flag: --tll\njoinctl: hint: see joinctl token list --help\n",
		"token list a":                  "joinctl: error: joinctl token list takes no arguments, got 1\njoinctl: hint: see joinctl token list --help\n",
		"token delete":                  "joinctl: error: no token is named\njoinctl: hint: see joinctl token delete --help\n",
	} {
		if code, stdout, stderr := run(t, strings.Fields(args)...); code != ExitUsage || stdout != "" || stderr != want {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q, want %q", args, code, stdout, stderr, want)
		}
	}
}

func TestAGroupOfCommandsPrintsItsHelp(t *testing.T) {
	for args, want := range map[string]string{"": "\nTokens:\n", "token": "generate", "help token create": "print-register-command", "token list --help": "joinctl options"} {
		code, stdout, stderr := run(t, strings.Fields(args)...)
		if code != ExitOK || !strings.Contains(stdout, want) || stderr != "" {
			t.Errorf("%s: exit code %d, stdout %q, stderr %q", args, code, stdout, stderr)
		}
		if strings.Contains(stdout, "--log-file") || strings.Contains(stdout, "--kubeconfig string") {
			t.Errorf("%s: help lists the flags of every command", args)
		}
	}
	if code, stdout, _ := run(t, "options"); code != ExitOK || !strings.Contains(stdout, "--log-file-max-size") || strings.Contains(stdout, "log_file") {
		t.Errorf("options: exit code %d, %s", code, stdout)
	}
}

func TestEveryExitCodeIsReached(t *testing.T) {
	a, b := apitest.New(t), apitest.New(t)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"a": a, "b": b, "c": apitest.Down(t)})
	for name, test := range map[string]struct {
		args   string
		code   int
		stderr string
	}{
		"all done":             {"token list", ExitOK, "joinctl: no bootstrap tokens in context a\n"},
		"failed":               {"token list --context c", ExitFailed, `joinctl: error: context "c": `},
		"no such context":      {"token list --context d", ExitUsage, `joinctl: error: context "d" does not exist`},
		"no such pattern":      {"token list --contexts x-*", ExitUsage, `joinctl: error: no context matches "x-*"`},
		"a flag is wrong":      {"token list --parallel 0", ExitUsage, "joinctl: error: --parallel: must be a number from 1 to 100000\n"},
		"partial":              {"token list --all-contexts", ExitPartial, "joinctl: no bootstrap tokens in 2 contexts\njoinctl: error: Unreachable, 1 of 3 (\"c\"): "},
		"a file of contexts":   {"token list --contexts-file -", ExitOK, "joinctl: no bootstrap tokens in 1 context\n"},
		"the time was over":    {"token list --timeout 1ns", ExitFailed, `joinctl: error: context "a": `},
		"no kubeconfig at all": {"token list --kubeconfig /does/not/exist", ExitUsage, "joinctl: error: read kubeconfig: "},
	} {
		args := append([]string{"--kubeconfig", kubeconfig}, strings.Fields(test.args)...)
		code, _, stderr := runIn(t.Context(), &Env{In: strings.NewReader("b # the second\n")}, args...)
		if code != test.code || !strings.HasPrefix(stderr, test.stderr) {
			t.Errorf("%s: exit code %d, want %d; stderr %q", name, code, test.code, stderr)
		}
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	if code, _, _ := runIn(interrupted, &Env{In: strings.NewReader("")}, "token", "list", "--kubeconfig", kubeconfig); code != ExitInterrupted {
		t.Errorf("interrupted: exit code %d", code)
	}
}

func TestChecksBeforeARunEndItAsUsageErrorsInTheirOrder(t *testing.T) {
	t.Parallel()
	var order []string
	cmd := &cobra.Command{Use: "act", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error {
		order = append(order, "run")
		return nil
	}}
	step := func(name string, err error) func() error {
		return func() error { order = append(order, name); return err }
	}
	preRun(cmd, step("first", nil))
	preRun(cmd, step("second", nil))
	aroundRun(cmd, func() func() {
		order = append(order, "begin")
		return func() { order = append(order, "end") }
	})
	cmd.SetArgs(nil)
	if err := cmd.ExecuteContext(t.Context()); err != nil || !slices.Equal(order, []string{"first", "second", "begin", "run", "end"}) {
		t.Errorf("got %q, %v", order, err)
	}
	order = nil
	preRun(cmd, step("third", errors.New("--a contradicts --b")))
	preRun(cmd, step("fourth", nil))
	err := cmd.ExecuteContext(t.Context())
	if usage, ok := errors.AsType[*usageError](err); !ok || usage.command != "act" || !slices.Equal(order, []string{"first", "second", "third"}) {
		t.Errorf("got %q, %v", order, err)
	}
}

func TestOnlyARunIsLimitedInTime(t *testing.T) {
	t.Parallel()
	for timeout, limited := range map[time.Duration]bool{0: false, time.Hour: true} {
		ctx, cancel := (&runLimit{timeout}).limit(t.Context())
		if _, got := ctx.Deadline(); got != limited {
			t.Errorf("--timeout %s: limited %v", timeout, got)
		}
		cancel()
	}
}
