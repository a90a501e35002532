// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
)

// A Ref names a Secret that is, or revokes, a credential: by its name, or by the cluster that a bootstrap token is for.
type Ref struct {
	Context string // "": unqualified, the Secret can be in any selected context
	Member  string // of that context; "": in any selected member, or in none
	Name    string // of the Secret; "": known by its cluster only
	Cluster string // that a bootstrap token is for; "": any or none
	Account string // ServiceAccount: all its revocable tokens; "": any
}

// Qualified reports whether the Ref names a context.
func (r Ref) Qualified() bool { return r.Context != "" }

// A NameParser reads the name of a Secret out of what an operator typed. Its errors do not repeat the word, which can be a
// credential.
type NameParser func(word string) (name string, err error)

// ParseRefs reads NAME, CONTEXT/NAME, and CONTEXT/MEMBER/NAME where many members are selected; each Ref is returned once.
// Contexts have slashes in their names and Secrets have not, so the last slash counts.
func (s *Session) ParseRefs(words []string, parse NameParser) ([]Ref, error) {
	if len(words) == 0 {
		return nil, errors.New("no token is named")
	}
	var refs []Ref
	for i, word := range words {
		ref, err := parseRef(word, parse)
		if err != nil {
			return nil, fmt.Errorf("token %d of %d: %w", i+1, len(words), err)
		}
		if cut := strings.LastIndex(ref.Context, "/"); s.Members.Many() && cut > 0 {
			ref.Context, ref.Member = ref.Context[:cut], ref.Context[cut+1:]
		}
		s.qualified = s.qualified || ref.Qualified()
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

func parseRef(word string, parse NameParser) (Ref, error) {
	name, err := parse(word)
	if cut := strings.LastIndex(word, "/"); err != nil && cut > 0 {
		name, err = parse(word[cut+1:])
		return Ref{Context: word[:cut], Name: name}, err
	}
	return Ref{Name: name}, err
}

// Resolve selects the targets for some Refs, and returns the Refs, each once, with the contexts that are visited. The
// contexts that Refs name have to be selected; without a selection they are the selection, with the current context where a
// Ref is unqualified. Every error is a *failure.ConfigError.
func (s *Session) Resolve(ctx context.Context, refs []Ref) ([]Ref, error) {
	named := map[string]bool{}
	unqualified := false
	for _, ref := range refs {
		if ref.Qualified() {
			named[ref.Context] = true
		} else {
			unqualified = true
		}
	}
	if err := s.selectNamed(slices.Sorted(maps.Keys(named)), unqualified); err != nil {
		return nil, err
	}
	targets, err := s.Distinct(ctx)
	if err != nil {
		return nil, err
	}
	visited := map[string]string{}
	for _, target := range targets {
		visited[target.Context] = target.Context
		for _, duplicate := range target.Duplicates() {
			visited[duplicate] = target.Context
		}
	}
	var resolved []Ref
	for _, ref := range refs {
		if ref.Qualified() && visited[ref.Context] == "" {
			return nil, &failure.ConfigError{Err: fmt.Errorf("context %q, which a token is named with, is not among the selected ones", ref.Context)}
		}
		ref.Context = visited[ref.Context]
		if !slices.Contains(resolved, ref) { // contexts that reach the same control plane are one
			resolved = append(resolved, ref)
		}
	}
	return resolved, nil
}

// selectNamed selects the contexts that Refs name, unless the Options select some.
func (s *Session) selectNamed(names []string, current bool) error {
	selected := s.FromFile || !s.Selection.IsPlain() || len(s.Selection.Contexts) > 0
	if selected || len(names) == 0 {
		_, err := s.Targets()
		return err
	}
	if current {
		kubeconfig, err := s.Load()
		if err != nil {
			return err
		}
		own, err := fleet.Select(kubeconfig, fleet.Selection{})
		if err != nil {
			return err
		}
		names = append(names, own[0].Context)
	}
	_, err := s.selectTargets(fleet.Selection{Contexts: names})
	return err
}

// Covers reports whether a Ref can mean something on a target. The Ref comes from Resolve.
func (r Ref) Covers(target fleet.Target) bool {
	return (r.Context == "" || r.Context == target.Context) && (r.Member == "" || r.Member == target.Member)
}
