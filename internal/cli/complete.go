// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// completionTime bounds a completion: people wait for it while they type. With the time to start the program and to end
// credential plugins, which can take 0.3 s, a completion takes less than 1.5 s.
const completionTime = 1100 * time.Millisecond

// IsCompletion reports whether arguments are the request of a shell for completions.
func IsCompletion(args []string) bool {
	return len(args) > 0 && (args[0] == cobra.ShellCompRequestCmd || args[0] == cobra.ShellCompNoDescRequestCmd)
}

// A completion answers one request of a shell. It writes no errors: nobody who types wants to read them.
type completion struct {
	env     *Env
	session *session.Session
	files   bool // the word is the name of a file, which the shell completes itself

	finders map[string]finder // of flags, by name or by type
}

// complete runs the request of a shell for completions: the arguments that are set for root. It answers when ctx ends at the
// latest.
func complete(ctx context.Context, env *Env, s *session.Session, root *cobra.Command, args []string) error {
	c := newCompletion(ctx, env, s)
	c.register(root)
	var found strings.Builder
	root.SetOut(&found)
	root.SetErr(io.Discard)
	klog.SetLogger(klog.New(nil)) // whatever -v says
	if err := root.ExecuteContext(ctx); err != nil {
		return err
	}
	_, _ = io.WriteString(env.Out, c.answer(root, args, found.String())) // checkedWriter keeps the error
	return nil
}

// newCompletion changes the session: it prints nothing, asks nothing, and abandons what is in progress when ctx ends.
func newCompletion(ctx context.Context, env *Env, s *session.Session) *completion {
	silent := *env
	silent.In, silent.Err, silent.stop = strings.NewReader(""), io.Discard, ctx.Done()
	s.Terminal = terminal.New(terminal.Streams{In: silent.In, Err: silent.Err})
	s.Stop, s.Kill = ctx.Done(), ctx.Done()
	s.NoPrompt, s.Quiet = true, true
	c := &completion{env: &silent, session: s}
	c.finders = c.byType()
	maps.Copy(c.finders, c.byName())
	return c
}

// register gives all commands and flags their completions. Only names of files are completed by the shell.
func (c *completion) register(root *cobra.Command) {
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	eachSubcommand(root, func(cmd *cobra.Command) {
		if cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = c.arguments(cmd)
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if complete := c.value(f); complete != nil {
				_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // fails for a flag that is registered already
			}
		})
	})
}

// answer returns the answer for the shell: what cobra found, with the flags of the command itself before those of every
// command. The last line is the directive.
func (c *completion) answer(root *cobra.Command, args []string, found string) string {
	lines := strings.Split(strings.TrimSuffix(found, "\n"), "\n")
	last := len(lines) - 1
	number, err := strconv.Atoi(strings.TrimPrefix(lines[last], ":"))
	if err != nil {
		return found // of __complete --help
	}
	words, directive := lines[:last], cobra.ShellCompDirective(number)
	if directive == cobra.ShellCompDirectiveDefault && !c.files || directive&cobra.ShellCompDirectiveError != 0 {
		directive = cobra.ShellCompDirectiveNoFileComp // cobra did not understand the words before
	}
	if strings.HasPrefix(args[len(args)-1], "-") && slices.ContainsFunc(words, isFlag) {
		directive |= cobra.ShellCompDirectiveKeepOrder
		localFirst(root, args[1:len(args)-1], words)
		for i := range words {
			words[i] = strings.ReplaceAll(words[i], "`", "") // pflag's mark of the value's name
		}
	}
	return strings.Join(append(words, ":"+strconv.Itoa(int(directive))), "\n") + "\n"
}

func isFlag(word string) bool { return strings.HasPrefix(word, "-") }

// localFirst sorts completions that are flags of the command which the arguments name: its own come first.
func localFirst(root *cobra.Command, args, words []string) {
	cmd, _, err := root.Find(args)
	if err != nil {
		return
	}
	global := func(word string) int {
		name, _, _ := strings.Cut(word, "\t")
		flags := cmd.InheritedFlags()
		if long, ok := strings.CutPrefix(name, "--"); ok && flags.Lookup(long) != nil {
			return 1
		}
		if short := strings.TrimPrefix(name, "-"); len(short) == 1 && flags.ShorthandLookup(short) != nil {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(words, func(a, b string) int { return global(a) - global(b) })
}
