// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/redact"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/token"
)

// choicesAnnotation marks a flag whose values are a few words: the words are the annotation.
const choicesAnnotation = "joinctl_choices"

// declareChoices says what the values of a flag are, for completion. The other values that a flag takes are not completed.
func declareChoices[T ~string](flags *pflag.FlagSet, name string, choices ...T) {
	_ = flags.SetAnnotation(name, choicesAnnotation, texts(choices)) // fails for a flag that does not exist
}

func texts[T ~string](words []T) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = string(word)
	}
	return out
}

// A finder returns the completions of a word, perhaps with others.
type finder func(cmd *cobra.Command, args []string, typed string) []cobra.Completion

// value returns how the value of a flag is completed, nil if that is not declared. A flag belongs here by its annotation, its
// type, or its name.
func (c *completion) value(f *pflag.Flag) cobra.CompletionFunc {
	switch choices, isChoice := f.Annotations[choicesAnnotation]; {
	case f.Name == "output":
		return c.outputFormat(choices)
	case isChoice:
		return offer(words(choices...))
	case f.NoOptDefVal == "true":
		return offer(words("true", "false"))
	case isDirectory(f.Name):
		return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
	case isFile(f.Name) || f.Name == "template":
		return c.file
	}
	for _, key := range []string{f.Name, f.Value.Type()} {
		if find, ok := c.finders[key]; ok {
			return offer(find)
		}
	}
	return nil
}

func isDirectory(flag string) bool {
	return slices.Contains([]string{"out-dir", "cache-dir", "log-dir"}, flag)
}

// byType returns the finders of flags by the type of their value; that of a TextVar is a pointer.
func (c *completion) byType() map[string]finder {
	return map[string]finder{
		"pattern":                    c.contextNames, // of --contexts and --exclude-contexts
		"rules":                      inList(words(action.TokenRuleNames()...)),
		"severity":                   words("INFO", "WARNING", "ERROR", "FATAL"), // klog's
		pointerTo[join.Joiner]():     words(join.Joiners()...),
		pointerTo[action.DryRun]():   words(action.None.String(), action.Client.String(), action.Server.String()),
		pointerTo[action.OldToken](): words(action.OldTokenNames()...),
		pointerTo[satoken.Kind]():    words(satoken.Pod, satoken.Secret, satoken.Node),

		"duration": nothing, "number": nothing, "uint64": nothing, "Level": nothing, "traceLocation": nothing, "moduleSpec": nothing,
		"selector": nothing, "audience": nothing, "KEY=VALUE": nothing,
		pointerTo[token.TTL](): nothing, pointerTo[token.Expiry](): nothing, pointerTo[maxAge](): nothing, pointerTo[satoken.Lifetime](): nothing,
		pointerTo[join.Endpoint](): nothing, pointerTo[join.CertificateKey](): nothing, pointerTo[fleet.Shard](): nothing,
	}
}

// byName returns the finders of flags whose type does not say what their value is.
func (c *completion) byName() map[string]finder {
	groups := make([]string, 0, len(join.Joiners()))
	for _, joiner := range join.Joiners() {
		groups = append(groups, joiner.Group())
	}
	usages := inList(words(token.Signing, token.Authentication))
	finders := map[string]finder{
		"context":    c.contextNames,
		"to-context": c.contextNames,
		"cluster":    c.kubeconfigClusters,
		"user":       c.kubeconfigUsers,
		"namespace":  c.names((*action.Completion).Namespaces),
		"to-secret":  c.secretNamespaces,
		"member":     inList(c.names((*action.Completion).Members)),
		"for":        inList(c.tokenClusters),
		"usage":      usages,
		"usages":     usages,
		"group":      inList(words(groups...)),
		"groups":     inList(words(groups...)),
	}
	for _, name := range freeFlags() {
		finders[name] = nothing
	}
	return finders
}

// freeFlags returns the flags whose value only the operator knows, apart from those whose type tells it.
func freeFlags() []string {
	return []string{
		"as", "as-group", "as-uid", "bound-object-name", "bound-object-uid", "cluster-name", "context-name", "description",
		"discovery-token-ca-cert-hash", "password", "proxy-url", "server", "tls-server-name", "token", "user-name", "username",
	}
}

// arguments returns how the arguments of a command are completed, nil if they are not.
func (c *completion) arguments(cmd *cobra.Command) cobra.CompletionFunc {
	refs, account := offer(c.tokenRefs), offer(onlyFirst(c.names((*action.Completion).Accounts)))
	return map[string]cobra.CompletionFunc{
		"ca-hash":       c.file,
		"token delete":  refs,
		"token extend":  refs,
		"token command": offer(onlyFirst(c.tokenRefs)),
		"token rotate":  offer(onlyFirst(c.tokenRefs)),
		"sa token":      account,
		"sa kubeconfig": account,
		"sa credential": account,
		"sa ensure":     account,
		"sa revoke":     offer(c.revocable),

		"check":        offer(nothing), // an address, or the words of a join command
		"token create": offer(nothing), // a token that does not exist
		"token uses":   offer(nothing), // asks no server
		"sa inspect":   offer(nothing), // a token
	}[commandName(cmd)]
}

// commandName returns the words after joinctl by which a command is called.
func commandName(cmd *cobra.Command) string {
	return strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()), " ")
}

// file has the shell complete the name of a file.
func (c *completion) file(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	c.files = true
	return nil, cobra.ShellCompDirectiveDefault
}

// outputFormat completes -o. Some formats take a template, or a file with one.
func (c *completion) outputFormat(names []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if name, _, given := strings.Cut(typed, "="); given && (strings.HasSuffix(name, "-file") || name == "templatefile") {
			return c.file(cmd, args, typed)
		}
		return offer(words(names...))(cmd, args, typed)
	}
}

// offer makes a completion of a finder, with what begins with the typed text. The shell keeps the order.
func offer(find finder) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		found := slices.DeleteFunc(find(cmd, args, typed), func(one cobra.Completion) bool {
			return !strings.HasPrefix(one, typed) || !isSafe(wordOf(one))
		})
		directive := cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		if len(found) > 0 && !slices.ContainsFunc(found, func(one cobra.Completion) bool { return !isBeginning(wordOf(one)) }) {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return found, directive
	}
}

// isSafe reports whether a shell can complete a word: it has no control characters, and is no token.
func isSafe(word string) bool {
	return word != "" && word == strings.TrimSpace(output.Plain(word)) && !redact.IsToken(word)
}

// isBeginning reports whether people go on typing after a word.
func isBeginning(word string) bool {
	return strings.HasSuffix(word, "=") || strings.HasSuffix(word, "/")
}

// wordOf returns a completion without its description.
func wordOf(one cobra.Completion) string {
	word, _, _ := strings.Cut(one, "\t")
	return word
}

// words finds fixed words.
func words[T ~string](choices ...T) finder {
	return func(*cobra.Command, []string, string) []cobra.Completion { return texts(choices) }
}

// nothing finds nothing: only the operator knows the word.
func nothing(*cobra.Command, []string, string) []cobra.Completion { return nil }

// inList finds the items of a list with commas, without those that it has already.
func inList(find finder) finder {
	return func(cmd *cobra.Command, args []string, typed string) []cobra.Completion {
		cut := strings.LastIndex(typed, ",") + 1
		before := strings.Split(typed[:cut], ",")
		var out []cobra.Completion
		for _, one := range find(cmd, args, typed[cut:]) {
			if !slices.Contains(before, wordOf(one)) {
				out = append(out, typed[:cut]+one)
			}
		}
		return out
	}
}

// onlyFirst finds nothing after the first argument.
func onlyFirst(find finder) finder {
	return func(cmd *cobra.Command, args []string, typed string) []cobra.Completion {
		if len(args) > 0 {
			return nil
		}
		return find(cmd, args, typed)
	}
}

func pointerTo[T any]() string { return fmt.Sprint(reflect.TypeFor[*T]()) }
