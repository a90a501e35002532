// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: every command, flag, exit code and column.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/redact"
)

// Env is everything that the program takes from the outside world.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	InTTY    bool             // In is a terminal, where somebody can answer a question
	ErrTTY   bool             // Err is a terminal, where progress is welcome
	OutLost  bool             // Out goes nowhere: the program was started with its stdout closed
	Now      func() time.Time // this machine's clock
	Rand     io.Reader        // cryptographically strong
	CacheDir string           // where this user's programs keep what they can lose; empty: nowhere
	ExecInfo string           // what a client says that calls this program for a credential (KUBERNETES_EXEC_INFO)
	MaxFiles int              // that may be open at once; 0: nobody knows
	Depth    string           // how many joinctl have called each other for a credential up to here (JOINCTL_DEPTH)
	Kill     <-chan struct{}  // closed when the operator will not even wait for requests under way
	Version  string           // of the release; empty: as the build knows it

	once     sync.Once
	redactor *redact.Redactor
}

// The exit codes. They are stable.
const (
	ExitOK          = 0   // all done
	ExitFailed      = 1   // failed
	ExitUsage       = 2   // a mistake in the command line or the kubeconfig: nothing was attempted
	ExitPartial     = 3   // some targets or objects failed
	ExitProblem     = 4   // all calls worked, and a check found a problem
	ExitInterrupted = 130 // stopped by a signal
)

// Main runs the program with its arguments, without its name, until it is done or ctx ends, and returns the exit code.
func Main(ctx context.Context, env *Env, args []string) int {
	started := false
	root := newRoot(env, func() { started = true })
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		explain(env, err)
	}
	return exitCode(ctx, err, started)
}

// exitCode is the one place where an outcome becomes a number. An error before any command's body began is a usage
// error, whatever it is.
func exitCode(ctx context.Context, err error, started bool) int {
	var (
		config  *failure.ConfigError
		partial *shortfall
		problem *problem
	)
	switch {
	case ctx.Err() != nil:
		return ExitInterrupted
	case err == nil:
		return ExitOK
	case !started || errors.As(err, &config):
		return ExitUsage
	case errors.As(err, &partial) && partial.done > 0:
		return ExitPartial
	case partial == nil && errors.As(err, &problem):
		return ExitProblem
	}
	return ExitFailed
}

// say writes one line for people to stderr.
func (env *Env) say(format string, args ...any) {
	_, _ = fmt.Fprintln(env.Err, "joinctl: "+output.Plain(env.redact(fmt.Sprintf(format, args...))))
}

// redact returns text without its credentials. Its patterns are compiled once: a fleet says a lot, from many goroutines.
func (env *Env) redact(text string) string {
	env.once.Do(func() { env.redactor = redact.New() })
	return env.redactor.Text(text)
}

func (env *Env) warn(format string, args ...any) { env.say("warning: "+format, args...) }
