// SPDX-License-Identifier: Apache-2.0

// Package story runs testscript files against the real program. It is for tests only.
//
// A story has these commands in addition to those of testscript:
//
//	run ARG…            run joinctl and expect success, or failure after !
//	exits CODE ARG…     run joinctl and expect an exit code
//	keep NAME           set the variable NAME to the last stdout, without its newline
//
// At its end every story searches the stderr of joinctl for the tokens that joinctl printed.
package story

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

type outputKey struct{}

// output is the output of all runs of joinctl in a story.
type output struct{ stdout, stderr strings.Builder }

// Run runs every story in a directory. setup may add variables and deferred functions.
func Run(t *testing.T, dir string, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			out := &output{}
			env.Values[outputKey{}] = out
			env.Setenv("HOME", env.WorkDir)
			env.Defer(func() {
				if found := out.leaks(); found != "" {
					env.T().Fatal("a secret leaked to stderr as " + found + ":\n" + out.stderr.String())
				}
			})
			return setup(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run":   runSucceeds,
			"exits": runExits,
			"keep":  keep,
		},
	})
}

func runSucceeds(ts *testscript.TestScript, neg bool, args []string) {
	if code := run(ts, args); (code != 0) != neg {
		ts.Fatalf("joinctl exited with %d", code)
	}
}

func runExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: exits CODE ARG…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := run(ts, args[1:]); code != want {
		ts.Fatalf("joinctl exited with %d, not %d", code, want)
	}
}

// run runs joinctl and returns its exit code.
func run(ts *testscript.TestScript, args []string) int {
	out := ts.Value(outputKey{}).(*output)
	err := ts.Exec("joinctl", args...)
	out.stdout.WriteString(ts.ReadFile("stdout"))
	out.stderr.WriteString(ts.ReadFile("stderr"))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("run joinctl: %v", err)
	return -1
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: keep NAME")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}

// leaks returns the form of the first token of stdout that stderr contains too, or "".
func (o *output) leaks() string {
	tokens := regexp.MustCompile(`\b[a-z0-9]{6}\.([a-z0-9]{16})\b|\beyJ[\w-]+\.[\w-]+\.([\w-]{10,})`)
	for _, found := range tokens.FindAllStringSubmatch(o.stdout.String(), -1) {
		if form := Leak(o.stderr.String(), found[1]+found[2]); form != "" {
			return form
		}
	}
	return ""
}

// Main runs the tests of a package, with the program as the command joinctl of its stories. TestMain calls it.
func Main(m *testing.M, program func()) {
	testscript.Main(m, map[string]func(){"joinctl": program})
}

// Setenv sets PATH only, so that a story does not depend on the environment of the tests.
func Setenv(env *testscript.Env) error {
	env.Setenv("PATH", os.Getenv("PATH"))
	return nil
}
