// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// A Selection is what the operator asked for: all that is included, less what is excluded. The zero Selection is the
// current context, never all of them.
type Selection struct {
	Contexts []string // exact names
	Include  []Pattern
	All      bool
	Exclude  []Pattern
	Shard    Shard // of the targets that are left
}

// IsPlain reports whether the selection can mean nothing but one target: the current context, or the one that is named.
func (s Selection) IsPlain() bool {
	return len(s.Contexts) <= 1 && len(s.Include) == 0 && !s.All && len(s.Exclude) == 0 && s.Shard.Of == 0
}

// Select returns the targets that a selection means, in the order of their names; none only where a Shard has none.
// Contexts with the same server, certificate authority, TLS server name and proxy are one target. Every error is a
// *failure.ConfigError.
func Select(k *kube.Kubeconfig, s Selection) ([]Target, error) {
	if s.IsPlain() {
		return plain(k, s)
	}
	if len(s.Contexts) == 0 && len(s.Include) == 0 && !s.All {
		return nil, &failure.ConfigError{
			Err:  errors.New("nothing is selected of which a part could be taken"),
			Hint: "say of what: --context, --contexts, --all-contexts or --contexts-file",
		}
	}
	names, err := s.names(k)
	if err != nil {
		return nil, err
	}
	targets := distinct(k, s, names)
	targets = slices.DeleteFunc(targets, func(t Target) bool { return !s.Shard.has(t.Context) })
	klog.V(4).InfoS("selected", "contexts", len(names), "targets", len(targets))
	return targets, nil
}

// plain returns the one target that is named, or that is meant where none is.
func plain(k *kube.Kubeconfig, s Selection) ([]Target, error) {
	name := k.CurrentContext()
	if len(s.Contexts) == 1 && s.Contexts[0] != "" {
		if name = s.Contexts[0]; !k.HasContext(name) {
			return nil, missing(k, name)
		}
	}
	target := Target{Context: name, kubeconfig: k}
	if _, err := target.Config(); err != nil {
		if name == "" && !k.Addressed() {
			err = &failure.ConfigError{Err: errors.New("the kubeconfig has no current context"), Hint: existing(k.Contexts())}
		}
		return nil, err
	}
	klog.V(4).InfoS("selected", "context", name)
	return []Target{target}, nil
}

func missing(k *kube.Kubeconfig, name string) error {
	return &failure.ConfigError{Err: fmt.Errorf("context %q does not exist", name), Hint: suggest(name, k.Contexts())}
}

// names returns the contexts that are included and not excluded, sorted.
func (s Selection) names(k *kube.Kubeconfig) ([]string, error) {
	all := k.Contexts()
	included := map[string]bool{}
	for _, name := range s.Contexts {
		if !k.HasContext(name) {
			return nil, missing(k, name)
		}
		included[name] = true
	}
	if s.All {
		for _, name := range all {
			included[name] = true
		}
	}
	for _, pattern := range s.Include {
		matched, err := pattern.in(all)
		if err != nil {
			return nil, err
		}
		for _, name := range matched {
			included[name] = true
		}
	}
	for _, pattern := range s.Exclude {
		matched, err := pattern.in(all)
		if err != nil {
			return nil, err
		}
		for _, name := range matched {
			delete(included, name)
		}
	}
	if len(included) == 0 {
		return nil, &failure.ConfigError{Err: errors.New("the selection has no contexts"), Hint: existing(all)}
	}
	return slices.Sorted(maps.Keys(included)), nil
}

// in returns the names that the pattern matches. It is an error if there are none: a pattern with a mistake in it must
// not pass for one that selects or spares nothing.
func (p Pattern) in(names []string) ([]string, error) {
	var matched []string
	for _, name := range names {
		if p.matches(name) {
			matched = append(matched, name)
		}
	}
	if len(matched) == 0 {
		return nil, &failure.ConfigError{Err: fmt.Errorf("no context matches %q", p), Hint: suggest(p.literal(), names)}
	}
	return matched, nil
}

// distinct makes one target of all contexts that reach the same control plane: the first that is named exactly, else
// the first of all. names are sorted, and so are the targets.
func distinct(k *kube.Kubeconfig, s Selection, names []string) []Target {
	exact := map[string]bool{}
	for _, name := range s.Contexts {
		exact[name] = true
	}
	chosen := map[kube.EndpointKey]string{}
	groups := map[string]*group{}
	for _, first := range []bool{true, false} {
		for _, name := range names {
			if exact[name] != first {
				continue
			}
			route, ok := k.EndpointKey(name)
			used, taken := chosen[route]
			if ok && taken {
				groups[used].duplicates = append(groups[used].duplicates, name)
				continue
			}
			if ok {
				chosen[route] = name
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
