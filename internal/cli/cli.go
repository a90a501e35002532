// SPDX-License-Identifier: Apache-2.0

// Package cli answers what is typed and what is shown: the command tree, flags, columns, exit codes, hints and wording.
package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/output"

	"github.com/joinctl/joinctl/internal/kuberc"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// DepthVariable is the environment variable in which a joinctl that calls another joinctl for a credential counts.
const DepthVariable = session.DepthVariable

// Env is everything that the program takes from the outside world.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	InTTY    bool             // In is a terminal, where somebody can answer a question
	ErrTTY   bool             // Err is a terminal, where a progress line is welcome
	ErrWidth func() int       // columns of that terminal, 0 for unknown; nil: unknown
	OutTTY   bool             // Out is a terminal
	OutWidth func() int       // columns of that terminal, 0 for unknown; nil: unknown
	NoColor  bool             // the user wants no colours, or the terminal has none (NO_COLOR, TERM=dumb)
	OutLost  bool             // Out goes nowhere: the program was started with its stdout closed, or so it looks
	Now      func() time.Time // this machine's clock
	Rand     io.Reader        // cryptographically strong
	CacheDir string           // where programs of this user keep what they can lose; "": nowhere
	ExecInfo string           // what a client says that calls this program for a credential (KUBERNETES_EXEC_INFO)
	MaxFiles int              // that may be open at once; 0: unknown
	Depth    string           // how many joinctl have called each other for a credential (JOINCTL_DEPTH)
	Kill     <-chan struct{}  // closed when the operator does not wait for requests in flight
	Version  string           // of the release; "": as the build knows it
	Kuberc   KubercEnvironment
	Program  string // path of the file that was started (os.Args[0]); "": joinctl

	color       colorMode           // of --color
	stop        <-chan struct{}     // closed when the operator interrupts the run
	preferences *kuberc.Preferences // of kubectl, where an alias from them is the command; nil: not read yet
}

// Main runs the program with its arguments, without its name, until it is done or ctx ends, and returns the exit code.
func Main(ctx context.Context, env *Env, args []string) int {
	run := *env
	run.stop = ctx.Done()
	env = &run
	s := newSession(env)
	started := false
	checked, out := *env, &checkedWriter{Writer: env.Out}
	checked.Out = &output.Screen{Writer: out, Columns: env.OutWidth, Color: checked.hasColor}
	root := newRoot(&checked, s, func() { started = true })
	stderr := s.Terminal // complete replaces it
	err := execute(ctx, &checked, s, root, args)
	if err == nil && out.err != nil {
		err, started = out.err, true
	}
	explain(stderr, err)
	return exitCode(ctx, err, started)
}

// execute runs the command that the arguments name.
func execute(ctx context.Context, env *Env, s *session.Session, root *cobra.Command, args []string) error {
	if IsCompletion(args) {
		root.SetArgs(args)
		ctx, cancel := context.WithTimeout(ctx, completionTime)
		defer cancel()
		return complete(ctx, env, s, root, args)
	}
	args, err := expandAlias(env, s, root, args)
	if err != nil {
		return &usageError{err, "joinctl sa token"}
	}
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if requested, ok := errors.AsType[versionRequest](err); ok {
		_, _ = io.WriteString(env.Out, requested.text) // Main notices output that is lost
		return nil
	}
	if err == nil {
		err = unknownWord(cmd) // before --help
	}
	return err
}

// newSession returns the session that the flags of all commands describe.
func newSession(env *Env) *session.Session {
	return session.New(session.Environment{
		Now:       env.Now,
		Rand:      env.Rand,
		Stop:      env.stop,
		Kill:      env.Kill,
		MaxFiles:  env.MaxFiles,
		ExecDepth: env.Depth,
		UserAgent: userAgent(buildVersion(env)),
		Terminal: terminal.New(terminal.Streams{
			In: env.In, Err: env.Err, InTTY: env.InTTY, ErrTTY: env.ErrTTY, Width: env.ErrWidth,
		}),
	})
}
