// SPDX-License-Identifier: Apache-2.0

// Package story answers what a user sees: it runs scripts of commands against the real program, for tests only.
//
// Besides the commands of testscript a story has:
//
//	run ARG…            run joinctl and expect success, or failure after !
//	exits CODE ARG…     run joinctl and expect an exit code
//	keep NAME           remember the last stdout, without its newline, as the variable NAME
//
// Every story ends with a search for its secrets in all that joinctl wrote to stderr.
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

type heardKey struct{}

// heard is what a story's runs of joinctl wrote.
type heard struct{ stdout, stderr strings.Builder }

// Run runs every story of a directory. setup may add variables and what has to be undone in the end.
func Run(t *testing.T, dir string, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			h := &heard{}
			env.Values[heardKey{}] = h
			env.Setenv("HOME", env.WorkDir)
			env.Defer(func() {
				if found := h.leaks(); found != "" {
					env.T().Fatal("a secret leaked to stderr as " + found + ":\n" + h.stderr.String())
				}
			})
			return setup(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"run":   succeeds,
			"exits": exits,
			"keep":  keep,
		},
	})
}

func succeeds(ts *testscript.TestScript, neg bool, args []string) {
	if code := run(ts, args); (code != 0) != neg {
		ts.Fatalf("joinctl exited with %d", code)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
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
	h := ts.Value(heardKey{}).(*heard)
	err := ts.Exec("joinctl", args...)
	h.stdout.WriteString(ts.ReadFile("stdout"))
	h.stderr.WriteString(ts.ReadFile("stderr"))
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

// leaks names the first form in which a token that joinctl printed stands on stderr too.
func (h *heard) leaks() string {
	tokens := regexp.MustCompile(`\b[a-z0-9]{6}\.([a-z0-9]{16})\b|\beyJ[\w-]+\.[\w-]+\.([\w-]{10,})`)
	for _, found := range tokens.FindAllStringSubmatch(h.stdout.String(), -1) {
		if form := Leak(h.stderr.String(), found[1]+found[2]); form != "" {
			return form
		}
	}
	return ""
}

// Main registers the program under test for stories of the package whose TestMain calls it.
func Main(m *testing.M, program func()) {
	testscript.Main(m, map[string]func(){"joinctl": program})
}

// Setenv keeps only what programs need of the environment, so that a story does not depend on who runs it.
func Setenv(env *testscript.Env) error {
	env.Setenv("PATH", os.Getenv("PATH"))
	return nil
}
