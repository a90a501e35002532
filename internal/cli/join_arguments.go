// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/join"
)

// joinArguments are a join command on the command line of check: as the joiner's flags, or as the words of the command. A
// bad value is a finding, and not a usage error of check.
type joinArguments struct {
	joiner    join.Joiner // zero: none is named
	tokenFile string
	flags     []joinFlag
}

// A joinFlag is one flag of a join command.
type joinFlag struct{ name, value string }

// register adds the flags of the joiners to check: the flags that check uses, and all others hidden.
func (a *joinArguments) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.TextVar(&a.joiner, "joiner", join.Joiner(""), "program that joins, the `joiner`: karmada or kubeadm (default: the command's, else karmada)")
	flags.StringVar(&a.tokenFile, "token-file", "", "file with the bootstrap token, or - for standard input")
	a.add(flags, "token", "bootstrap token to join with, or - for standard input", join.Flag{Name: "token"})
	a.add(flags, "list", "pin of a CA to expect (repeatable, or a list)", join.Flag{Name: "discovery-token-ca-cert-hash"})
	a.add(flags, "name", "name that the member will have, checked by Karmada's rule", join.Flag{Name: "cluster-name"})
	a.add(flags, "", "join without a pin", join.Flag{Name: "discovery-token-unsafe-skip-ca-verification", Switch: true})
	known := []string{"karmada-context"} // another name of --context
	for _, flag := range join.LoggingFlags() {
		known = append(known, flag.Name) // they mean the same here
	}
	hide := func(kind, usage string, flag join.Flag) {
		if flags.Lookup(flag.Name) == nil && !slices.Contains(known, flag.Name) {
			a.add(flags, kind, usage, flag).Hidden = true
		}
	}
	for _, joiner := range join.Joiners() {
		d := joiner.Description()
		for _, name := range slices.Concat(d.TokenFlags, d.BearerFlags) {
			hide("token", "token in place of --token for one purpose, as kubeadm's", join.Flag{Name: strings.TrimPrefix(name, "--")})
		}
		for _, flag := range d.Flags {
			hide("string", "accepted as the joiner's, and not checked", flag)
		}
	}
}

// add adds a flag that is kept with its value. Help shows no value: it may be a credential.
func (a *joinArguments) add(flags *pflag.FlagSet, kind, usage string, f join.Flag) *pflag.Flag {
	flag := flags.VarPF(&value{kind: kind, set: func(text string) error {
		a.flags = append(a.flags, joinFlag{"--" + f.Name, text})
		return nil
	}}, f.Name, f.Shorthand, usage)
	if f.Switch {
		flag.NoOptDefVal = "true"
	}
	return flag
}

// refuseConnection refuses flags that say how to reach control planes through a kubeconfig: check reads none.
func refuseConnection(cmd *cobra.Command) error {
	var err error
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && slices.Contains([]string{selectionGroup, connectionGroup, runGroup}, groupOf(f)) {
			err = fmt.Errorf("--%s is for commands that read a kubeconfig, and %s reads none", f.Name, cmd.CommandPath())
		}
	})
	return err
}

// parse returns the join command. It reads standard input and the token file.
func (a *joinArguments) parse(env *Env, args []string) (join.Attempt, error) {
	attempt := join.Attempt{Command: join.Command{Joiner: cmp.Or(a.joiner, join.Default())}}
	command, err := readCommand(env, args)
	switch {
	case err != nil:
		return attempt, err
	case command.endpoint != "":
		attempt.SetEndpoint(command.endpoint)
	case command.given:
		if named := a.joiner.String(); named != "" && named != command.attempt.Joiner.String() {
			return attempt, fmt.Errorf("--joiner %s contradicts the command, which is for %s", named, command.attempt.Joiner)
		}
		attempt = command.attempt
	}
	if err := a.setFlags(env, &attempt); err != nil {
		return attempt, err
	}
	return attempt, attempt.Missing()
}

// setFlags sets the flags that check was given itself.
func (a *joinArguments) setFlags(env *Env, attempt *join.Attempt) (err error) {
	if a.tokenFile != "" {
		a.flags = append(a.flags, joinFlag{"--token", stdin})
	}
	for _, flag := range a.flags {
		if flag.name == "--token" && flag.value == stdin {
			if flag.value, err = a.readToken(env); err != nil {
				return err
			}
		}
		if !attempt.Set(flag.name, flag.value) {
			return fmt.Errorf("%s has no flag %s: name the joiner with --joiner", attempt.Joiner.Description().Program(), flag.name)
		}
	}
	return nil
}

// A givenCommand is what the arguments of check hold: an endpoint alone, a whole command, or nothing.
type givenCommand struct {
	endpoint string
	attempt  join.Attempt
	given    bool // the attempt is
}

// readCommand reads the arguments, or standard input for -. One argument, or standard input, can hold a whole text with the
// command in it.
func readCommand(env *Env, args []string) (out givenCommand, err error) {
	if len(args) == 0 {
		return out, nil
	}
	text := args[0]
	if text == stdin && len(args) == 1 {
		lines, err := readLines(env, stdin)
		if err != nil {
			return out, err
		}
		text = strings.Join(lines, "\n")
	}
	switch {
	case len(args) > 1:
		out.attempt, err = join.Paste(args)
	case strings.ContainsAny(text, " \t\n"):
		out.attempt, err = join.ParseText(text)
	default:
		return givenCommand{endpoint: text}, nil
	}
	out.given = true
	return out, err
}

// readToken returns the one token in the token file or on standard input.
func (a *joinArguments) readToken(env *Env) (string, error) {
	tokens, err := readArgs(env, nil, cmp.Or(a.tokenFile, stdin))
	if err != nil {
		return "", err
	}
	if len(tokens) != 1 {
		return "", fmt.Errorf("one token is needed, got %d", len(tokens))
	}
	return tokens[0], nil
}
