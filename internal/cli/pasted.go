// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/join"
)

// A pasted is a join command as it was given to check: in flags of its own, or as words. A bad value in it is a finding
// and no mistake in using check.
type pasted struct {
	joiner    join.Joiner
	tokenFile string
	flags     []joinFlag
}

// A joinFlag is one flag of a join command.
type joinFlag struct{ flag, value string }

// A joinFlagValue collects the values of one flag. It shows none: they may be a credential.
type joinFlagValue struct {
	flag string
	all  *[]joinFlag
	kind string
}

func (v *joinFlagValue) Set(s string) error {
	*v.all = append(*v.all, joinFlag{"--" + v.flag, s})
	return nil
}

func (v *joinFlagValue) String() string { return "" }
func (v *joinFlagValue) Type() string   { return v.kind }

// register gives check the flags of the joiners: those that count for all to see, and all others hidden.
func (p *pasted) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	add := func(kind, usage string, f join.Flag) *pflag.Flag {
		flag := flags.VarPF(&joinFlagValue{f.Name, &p.flags, kind}, f.Name, f.Shorthand, usage)
		if f.Switch {
			flag.NoOptDefVal = "true"
		}
		return flag
	}
	flags.Var(&p.joiner, "joiner", "which program will join: karmada or kubeadm (default: the command's, else karmada)")
	flags.StringVar(&p.tokenFile, "token-file", "", "file with the bootstrap token, or - for standard input")
	add("token", "bootstrap token to join with, or - for standard input", join.Flag{Name: "token"})
	add("list", "pin of a CA to expect (repeatable, or a list)", join.Flag{Name: "discovery-token-ca-cert-hash"})
	add("name", "name that the member is to have, checked by Karmada's rule", join.Flag{Name: "cluster-name"})
	add("", "join without a pin", join.Flag{Name: "discovery-token-unsafe-skip-ca-verification", Switch: true})
	for _, name := range []string{"discovery-token", "tls-bootstrap-token"} {
		add("token", "kubeadm's other spelling of --token", join.Flag{Name: name}).Hidden = true
	}
	for _, joiner := range []join.Joiner{join.Karmada, join.Kubeadm} {
		for _, other := range joiner.OtherFlags() {
			// Ours of these names mean the same; --karmada-context is another spelling of --context.
			if ours := []string{"v", "vmodule", "karmada-context"}; flags.Lookup(other.Name) == nil && !slices.Contains(ours, other.Name) {
				add("string", "accepted as the joiner's, and not checked", other).Hidden = true
			}
		}
	}
}

// refuseConnection finds flags that say how to reach a control plane by a kubeconfig: the joiner has none of them.
func refuseConnection(cmd *cobra.Command) error {
	all := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	(&connection{}).register(all)
	var err error
	cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && all.Lookup(f.Name) != nil {
			err = fmt.Errorf("--%s is for a kubeconfig's connection, and who joins has none", f.Name)
		}
	})
	return err
}

// attempt returns the join command that arguments and flags make.
func (p *pasted) attempt(env *Env, args []string) (join.Attempt, error) {
	attempt := join.Attempt{Command: join.Command{Joiner: join.Joiner(first(string(p.joiner), string(join.Karmada)))}}
	words, err := p.words(env, args)
	if err != nil {
		return attempt, err
	}
	if len(words) > 1 {
		if attempt, err = join.Paste(words); err != nil {
			return attempt, err
		}
		if p.joiner != "" && p.joiner != attempt.Joiner {
			return attempt, fmt.Errorf("--joiner %s contradicts the command, which is for %s", p.joiner, attempt.Joiner)
		}
	} else if len(words) == 1 {
		attempt.SetEndpoint(words[0])
	}
	if p.tokenFile != "" {
		p.flags = append(p.flags, joinFlag{"--token", stdin})
	}
	for _, s := range p.flags {
		if s.flag == "--token" && s.value == stdin {
			if s.value, err = p.read(env); err != nil {
				return attempt, err
			}
		}
		if !attempt.Set(s.flag, s.value) {
			return attempt, fmt.Errorf("%s is no flag of the program that joins: --joiner karmada or kubeadm names it", s.flag)
		}
	}
	return attempt, attempt.Missing()
}

// words returns the words of a command that was given whole, or its endpoint alone.
func (p *pasted) words(env *Env, args []string) ([]string, error) {
	switch {
	case len(args) != 1:
		return args, nil
	case args[0] == stdin:
		lines, err := readLines(env, stdin)
		if err != nil {
			return nil, err
		}
		return join.Split(strings.Join(lines, "\n"))
	case strings.ContainsAny(args[0], " \t\n"):
		return join.Split(args[0])
	}
	return args, nil
}

// read returns the one token of a file or of standard input.
func (p *pasted) read(env *Env) (string, error) {
	tokens, err := given(env, nil, first(p.tokenFile, stdin))
	if err != nil {
		return "", err
	}
	if len(tokens) != 1 {
		return "", fmt.Errorf("one token is needed, got %d", len(tokens))
	}
	return tokens[0], nil
}
