// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/terminal"
	"github.com/joinctl/joinctl/internal/token"
)

// described returns a completion with a description: the parts that are not empty, without credentials.
func (c *completion) described(word string, parts ...string) cobra.Completion {
	const longest = 80 // characters of one part
	var texts []string
	for _, part := range parts {
		if part != "" {
			texts = append(texts, terminal.Shorten(output.Plain(c.session.Terminal.Redact(part)), longest))
		}
	}
	return cobra.CompletionWithDesc(word, strings.Join(texts, " · "))
}

// kubeconfig returns the kubeconfig, nil if it cannot be read.
func (c *completion) kubeconfig() *kube.Kubeconfig {
	loaded, err := c.session.Load()
	if err != nil {
		return nil
	}
	return loaded
}

// contextNames finds the contexts of the kubeconfig, with their servers. No server is asked.
func (c *completion) contextNames(*cobra.Command, []string, string) []cobra.Completion {
	var out []cobra.Completion
	if loaded := c.kubeconfig(); loaded != nil {
		for _, name := range slices.Sorted(slices.Values(loaded.Contexts())) {
			summary, _ := loaded.Summary(name) // as far as there is one
			current := map[bool]string{true: "current"}[name == loaded.CurrentContext()]
			out = append(out, c.described(name, summary.Server, current))
		}
	}
	return out
}

func (c *completion) kubeconfigClusters(*cobra.Command, []string, string) []cobra.Completion {
	if loaded := c.kubeconfig(); loaded != nil {
		return loaded.Clusters()
	}
	return nil
}

func (c *completion) kubeconfigUsers(*cobra.Command, []string, string) []cobra.Completion {
	if loaded := c.kubeconfig(); loaded != nil {
		return loaded.Users()
	}
	return nil
}

// ask returns an action that asks the control planes that the flags before the word mean, nil if the flags are wrong.
func (c *completion) ask(cmd *cobra.Command) *action.Completion {
	selected := selectionFlags{file: cmd.Flag("contexts-file").Value.String()}
	if err := selected.check(c.env, c.session, cmd.Flags()); err != nil {
		return nil
	}
	return &action.Completion{Session: c.session}
}

// names finds what a method of the action returns, such as the ServiceAccounts of the control planes.
func (c *completion) names(read func(*action.Completion, context.Context) []string) finder {
	return func(cmd *cobra.Command, _ []string, _ string) []cobra.Completion {
		if ask := c.ask(cmd); ask != nil {
			return distinctWords(read(ask, cmd.Context()))
		}
		return nil
	}
}

// secretNamespaces finds the namespaces for --to-secret NAMESPACE/NAME, in the cluster that has the Secret.
func (c *completion) secretNamespaces(cmd *cobra.Command, _ []string, _ string) []cobra.Completion {
	if other := cmd.Flag("to-context").Value.String(); other != "" {
		c.session.Selection = fleet.Selection{Contexts: []string{other}}
	}
	var out []cobra.Completion
	for _, name := range c.names((*action.Completion).Namespaces)(cmd, nil, "") {
		out = append(out, name+"/")
	}
	return out
}

// tokenClusters finds the clusters that tokens are for.
func (c *completion) tokenClusters(cmd *cobra.Command, _ []string, _ string) []cobra.Completion {
	ask := c.ask(cmd)
	if ask == nil {
		return nil
	}
	var out []cobra.Completion
	for _, one := range ask.Tokens(cmd.Context()) {
		if one.Spec.For != "" {
			out = append(out, c.described(one.Spec.For, contextOf(one.Target), lifeOf(one)))
		}
	}
	return distinctWords(out)
}

// tokenRefs finds the IDs of tokens, as CONTEXT/ID after CONTEXT/ and where several contexts have an ID, else contexts.
func (c *completion) tokenRefs(cmd *cobra.Command, args []string, typed string) []cobra.Completion {
	if anyChanged(cmd, "for", "token-file", "expired") {
		return nil
	}
	qualifier := c.qualifier(typed)
	var out []cobra.Completion
	if ask := c.ask(cmd); ask != nil && (qualifier != "" || canBeID(typed)) {
		tokens := ask.Tokens(cmd.Context())
		count := map[string]int{}
		for _, one := range tokens {
			count[one.Secret.Name]++
		}
		for _, one := range tokens {
			id, prefix := token.Ref{Name: one.Secret.Name}.ID(), qualifier
			if count[one.Secret.Name] > 1 {
				prefix = one.Target.Context + "/"
			}
			if id != "" && !slices.Contains(args, prefix+id) {
				out = append(out, c.described(prefix+id, contextOf(one.Target), lifeOf(one), cmp.Or(forText(one.Spec.For), one.Spec.Description)))
			}
		}
	}
	return c.orContexts(out, typed)
}

// canBeID reports whether a word can begin the ID of a token.
func canBeID(typed string) bool {
	return token.RefTo((typed + "000000")[:6]).ID() != "" && len(typed) <= 6
}

// revocable finds the revocation Secrets of tokens, and sa/NAME for all tokens of a ServiceAccount.
func (c *completion) revocable(cmd *cobra.Command, args []string, typed string) []cobra.Completion {
	if anyChanged(cmd, "expired") {
		return nil
	}
	before := typed
	if account := strings.LastIndex("/"+typed, "/sa/"); account >= 0 {
		before = typed[:account]
	}
	qualifier := c.qualifier(before)
	var out []cobra.Completion
	if ask := c.ask(cmd); ask != nil {
		tokens := ask.Revocable(cmd.Context())
		for _, one := range tokens {
			if word := qualifier + one.Secret.Name; !slices.Contains(args, word) {
				out = append(out, c.described(word, contextOf(one.Target), leftUntil(one.Secret.Expires, one.Now), "serviceaccount "+one.Secret.Account.Name))
			}
		}
		for _, one := range tokens {
			if word := qualifier + "sa/" + one.Secret.Account.Name; !slices.Contains(args, word) {
				out = append(out, c.described(word, "all tokens of this ServiceAccount"))
			}
		}
	}
	return c.orContexts(distinctWords(out), typed)
}

// qualifier returns CONTEXT/ if the typed text begins with it, and selects that context.
func (c *completion) qualifier(typed string) string {
	cut := strings.LastIndex(typed, "/")
	if loaded := c.kubeconfig(); cut > 0 && loaded != nil && loaded.HasContext(typed[:cut]) {
		c.session.Selection, c.session.FromFile = fleet.Selection{Contexts: []string{typed[:cut]}}, false
		return typed[:cut+1]
	}
	return ""
}

// orContexts returns contexts to go on with, as CONTEXT/, if none of the completions begins with the typed text.
func (c *completion) orContexts(found []cobra.Completion, typed string) []cobra.Completion {
	if typed == "" || slices.ContainsFunc(found, func(one cobra.Completion) bool { return strings.HasPrefix(one, typed) }) {
		return found
	}
	var out []cobra.Completion
	for _, one := range c.contextNames(nil, nil, typed) {
		name, description, _ := strings.Cut(one, "\t")
		out = append(out, cobra.CompletionWithDesc(name+"/", description))
	}
	return out
}

func anyChanged(cmd *cobra.Command, flags ...string) bool {
	return slices.ContainsFunc(flags, cmd.Flags().Changed)
}

// contextOf names the context of a target, "this server" without one.
func contextOf(target fleet.Target) string { return cmp.Or(target.Context, "this server") }

// lifeOf says how long a token is valid, or that it is not.
func lifeOf(one action.ListedToken) string {
	switch one.Health.Status {
	case token.OK, token.Expired:
		return leftUntil(one.Spec.Expires, one.Now)
	}
	return string(one.Health.Status)
}

func leftUntil(expires, now time.Time) string {
	switch {
	case expires.IsZero():
		return "never expires"
	case !expires.After(now):
		return "expired"
	}
	return failure.Duration(expires.Sub(now)) + " left"
}

func forText(cluster string) string {
	if cluster == "" {
		return ""
	}
	return "for " + cluster
}

// distinctWords returns completions without those whose word came before.
func distinctWords(all []cobra.Completion) []cobra.Completion {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(one cobra.Completion) bool {
		word := wordOf(one)
		again := seen[word]
		seen[word] = true
		return again
	})
}
