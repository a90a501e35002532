// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/token"
)

// A place names a Secret that stands for a credential, where it is; or by a cluster, that of each token for it.
type place struct {
	context string // empty: in whichever of the selected ones it is
	member  string // of that context; empty: in whichever of the selected ones it is
	name    string // of the Secret; empty: known by the cluster only
	cluster string // that a bootstrap token is for; empty: that does not matter
}

// ref returns the bootstrap token of that name.
func (p place) ref() token.Ref { return token.Ref{Name: p.name} }

// parsePlace reads NAME or CONTEXT/NAME. The last slash counts: contexts have slashes in their names, Secrets have not.
func parsePlace(word string, parse func(string) (name string, err error)) (place, error) {
	name, err := parse(word)
	if cut := strings.LastIndex(word, "/"); err != nil && cut > 0 {
		name, err = parse(word[cut+1:])
		return place{context: word[:cut], name: name}, err
	}
	return place{name: name}, err
}

// parseTokenName reads a reference to a bootstrap token.
func parseTokenName(word string) (string, error) {
	ref, err := token.ParseRef(word)
	return ref.Name, err
}

// locate makes sure that the contexts which refs name are among the targets: of a selection they have to be part,
// without one they are the selection. It returns the context under which each is visited.
func (c *connection) locate(places []place) (map[string]string, error) {
	named := map[string]string{}
	loose := false
	for _, p := range places {
		named[p.context] = p.context
		loose = loose || p.context == ""
	}
	delete(named, "")
	if len(named) == 0 {
		return nil, nil
	}
	if err := c.choose(slices.Sorted(maps.Keys(named)), loose); err != nil {
		return nil, err
	}
	used := map[string]string{}
	for _, target := range c.selected {
		used[target.Context] = target.Context
		for _, other := range target.Duplicates() {
			used[other] = target.Context
		}
	}
	for name := range named {
		if used[name] == "" {
			return nil, &failure.ConfigError{Err: fmt.Errorf("context %q, which a token is named with, is not among the selected ones", name)}
		}
		named[name] = used[name]
	}
	return named, nil
}

// choose selects the contexts that are named, and the current one where others are meant too, unless there is a
// selection already.
func (c *connection) choose(names []string, current bool) error {
	if c.listed != "" || !c.selection.IsPlain() || len(c.selection.Contexts) > 0 {
		_, err := c.targets()
		return err
	}
	kubeconfig, err := c.load()
	if err != nil {
		return err
	}
	if current {
		names = append(names, kubeconfig.CurrentContext())
	}
	c.selected, err = fleet.Select(kubeconfig, fleet.Selection{Contexts: names})
	return err
}

// holding returns the targets on which a token is to be looked for.
func (c *connection) holding(p place) ([]fleet.Target, error) {
	used, err := c.locate([]place{p})
	if err != nil {
		return nil, err
	}
	targets, err := c.targets()
	if err != nil || p.context == "" {
		return targets, err
	}
	return slices.DeleteFunc(slices.Clone(targets), func(t fleet.Target) bool { return t.Context != used[p.context] }), nil
}

// String names the place without its context.
func (p place) String() string {
	if p.name == "" {
		return "for cluster " + p.cluster
	}
	return p.ref().String()
}

// parseTokens reads the bootstrap tokens that arguments, standard input or a file name, or that are named by their
// clusters, each once.
func (c *connection) parseTokens(args []string, file string, clusters []string) ([]place, error) {
	var places []place
	if len(clusters) == 0 || len(args) > 0 || file != "" {
		var err error
		if places, err = c.parsePlaces(args, file, parseTokenName); err != nil {
			return nil, err
		}
	}
	for _, name := range clusters {
		places = append(places, place{cluster: name})
	}
	return places, nil
}

// parsePlaces reads what arguments, standard input or a file name, each once. No error repeats a word of it.
func (c *connection) parsePlaces(args []string, file string, parse func(string) (string, error)) ([]place, error) {
	words, err := given(c.env, args, file)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("no token is named")
	}
	var places []place
	for i, word := range words {
		place, err := parsePlace(word, parse)
		if err != nil {
			return nil, fmt.Errorf("token %d of %d: %w", i+1, len(words), err)
		}
		if cut := strings.LastIndex(place.context, "/"); c.members.many() && cut > 0 {
			place.context, place.member = place.context[:cut], place.context[cut+1:]
		}
		c.located = c.located || place.context != ""
		if !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return places, nil
}
