// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// A Selection is what the operator asked for: the included contexts without the excluded ones. The zero Selection is the
// current context, never all contexts.
type Selection struct {
	Contexts []string // exact names
	Include  []Pattern
	All      bool
	Exclude  []Pattern
	Shard    Shard // part of the remaining targets
}

// IsPlain reports whether the selection is one target by its form: the current context, or one named context.
func (s Selection) IsPlain() bool {
	return len(s.Contexts) <= 1 && len(s.Include) == 0 && !s.All && len(s.Exclude) == 0 && s.Shard.Of == 0
}

// Select returns the targets of a selection, sorted by name; only a Shard can be empty. Contexts with the same endpoint and
// the same credential are one target, but every context that is named exactly is a target of its own. Every error is a
// *failure.ConfigError; it wraps an *UnknownContextError if a context does not exist or a pattern matches none.
func Select(k *kube.Kubeconfig, s Selection) ([]Target, error) {
	if s.IsPlain() {
		return plain(k, s)
	}
	if len(s.Contexts) == 0 && len(s.Include) == 0 && !s.All {
		return nil, &failure.ConfigError{
			Err:  errors.New("nothing is selected: an exclusion or a shard needs contexts to choose from"),
			Hint: "add --context, --contexts, --all-contexts or --contexts-file",
		}
	}
	names, err := s.names(k)
	if err != nil {
		return nil, err
	}
	targets := distinct(k, s, names)
	targets = slices.DeleteFunc(targets, func(t Target) bool { return !s.Shard.contains(t.group.shardName) })
	klog.V(4).InfoS("selected", "contexts", len(names), "targets", len(targets))
	return targets, nil
}

// plain returns the target of the named context, else of the current one.
func plain(k *kube.Kubeconfig, s Selection) ([]Target, error) {
	name := k.CurrentContext()
	if len(s.Contexts) == 1 && s.Contexts[0] != "" {
		if name = s.Contexts[0]; !k.HasContext(name) {
			return nil, unknownContext(name, "", k.Contexts())
		}
	}
	target := Target{Context: name, kubeconfig: k}
	if _, err := target.Config(); err != nil {
		if name == "" && !k.HasServerOverride() {
			err = &failure.ConfigError{Err: errors.New("the kubeconfig has no current context"), Hint: existing(k.Contexts())}
		}
		return nil, err
	}
	klog.V(4).InfoS("selected", "context", name)
	return []Target{target}, nil
}

// names returns the included contexts without the excluded ones, sorted.
func (s Selection) names(k *kube.Kubeconfig) ([]string, error) {
	all := k.Contexts()
	included := sets.New(s.Contexts...)
	for _, name := range s.Contexts {
		if !k.HasContext(name) {
			return nil, unknownContext(name, "", k.Contexts())
		}
	}
	if s.All {
		included.Insert(all...)
	}
	matched, err := matching(s.Include, all)
	if err != nil {
		return nil, err
	}
	excluded, err := s.excluded(all)
	if err != nil {
		return nil, err
	}
	included.Insert(matched...).Delete(excluded...)
	if included.Has("") {
		return nil, unnamedContext(k)
	}
	if len(included) == 0 {
		return nil, &failure.ConfigError{Err: errors.New("the selection has no contexts"), Hint: existing(all)}
	}
	return sets.List(included), nil
}

// unnamedContext refuses a context with the name "": client-go takes that name for the current context.
func unnamedContext(k *kube.Kubeconfig) error {
	return &failure.ConfigError{
		Err:  fmt.Errorf("%s has a context without a name, which cannot be used", k.ContextFile("")),
		Hint: "give the context a name in that file, or leave it out with --exclude-contexts '/^$/'",
	}
}

// excluded returns the names that any exclusion matches. A name that does not exist is an error. A glob or an expression may
// match none: the same command is for kubeconfigs with such contexts and without.
func (s Selection) excluded(names []string) ([]string, error) {
	patterns := slices.Clone(s.Exclude)
	for _, idle := range s.IdleExclusions(names) {
		patterns = slices.DeleteFunc(patterns, func(p Pattern) bool { return p.text == idle })
	}
	return matching(patterns, names)
}

// IdleExclusions returns the globs and expressions to exclude that match none of the names.
func (s Selection) IdleExclusions(names []string) (idle []string) {
	for _, pattern := range s.Exclude {
		if !pattern.isName() && !slices.ContainsFunc(names, pattern.matches) {
			idle = append(idle, pattern.text)
		}
	}
	return idle
}

// matching returns the names that any of the patterns matches.
func matching(patterns []Pattern, names []string) ([]string, error) {
	var out []string
	for _, pattern := range patterns {
		matched, err := pattern.in(names)
		if err != nil {
			return nil, err
		}
		out = append(out, matched...)
	}
	return out, nil
}

// in returns the names that the pattern matches. A pattern that matches none is an error: a typing error must not select
// nothing in silence.
func (p Pattern) in(names []string) ([]string, error) {
	var matched []string
	for _, name := range names {
		if p.matches(name) {
			matched = append(matched, name)
		}
	}
	if len(matched) == 0 {
		return nil, unknownContext(p.literal(), p.text, names)
	}
	return matched, nil
}
