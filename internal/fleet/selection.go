// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"maps"
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

// Select returns the targets of a selection, sorted by name; only a Shard can be empty. Contexts with the same server,
// certificate authority, TLS server name and proxy are one target. Every error is a *failure.ConfigError; it wraps an
// *UnknownContextError if a context does not exist or a pattern matches none.
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
	targets = slices.DeleteFunc(targets, func(t Target) bool { return !s.Shard.contains(t.Context) })
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
	excluded, err := matching(s.Exclude, all)
	if err != nil {
		return nil, err
	}
	included.Insert(matched...).Delete(excluded...)
	if len(included) == 0 {
		return nil, &failure.ConfigError{Err: errors.New("the selection has no contexts"), Hint: existing(all)}
	}
	return sets.List(included), nil
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
// or exclude nothing in silence.
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

// distinct returns one target for all contexts that reach the same control plane: the first one named exactly, else the
// first one. names are sorted, and so are the targets.
func distinct(k *kube.Kubeconfig, s Selection, names []string) []Target {
	exact := map[string]bool{}
	for _, name := range s.Contexts {
		exact[name] = true
	}
	used := map[kube.EndpointKey]string{}
	groups := map[string]*group{}
	for _, namedExactly := range []bool{true, false} {
		for _, name := range names {
			if exact[name] != namedExactly {
				continue
			}
			endpoint, known := k.EndpointKey(name)
			first, duplicate := used[endpoint]
			if known && duplicate {
				groups[first].duplicates = append(groups[first].duplicates, name)
				continue
			}
			if known {
				used[endpoint] = name
			}
			groups[name] = &group{}
		}
	}
	targets := make([]Target, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		slices.Sort(groups[name].duplicates)
		targets = append(targets, Target{Context: name, kubeconfig: k, group: groups[name]})
	}
	return targets
}
