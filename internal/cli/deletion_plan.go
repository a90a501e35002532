// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// A holder is a context that has what a place names.
type holder struct {
	context string
	names   []string // of Secrets
}

// plan says what is to be deleted on which target. What cannot be planned goes to the failures.
func (d *deletion) plan(ctx context.Context, missed *shortfall) (map[string][]place, error) {
	used, err := d.conn.locate(d.places)
	if err != nil {
		return nil, err
	}
	targets, err := d.conn.targets()
	if err != nil {
		return nil, err
	}
	plan := map[string][]place{}
	add := func(context string, p place) {
		if !slices.Contains(plan[context], p) {
			plan[context] = append(plan[context], p)
		}
	}
	var sought []place
	for _, p := range d.places {
		switch {
		case p.context != "":
			p.context = used[p.context]
			add(p.context, p)
		case p.name != "" && (d.everywhere || len(targets) == 1):
			for _, target := range targets {
				add(target.Context, p)
			}
		case len(targets) > 0:
			sought = append(sought, p)
		}
	}
	if len(sought) == 0 {
		return plan, nil
	}
	holders, blind := d.find(ctx, targets, sought, missed)
	if blind == len(targets) {
		return plan, nil // that is told already
	}
	for _, p := range sought {
		if err := d.unique(p, holders[p], blind); err != nil {
			missed.add(fleet.Target{}, err)
			continue
		}
		if len(holders[p]) == 0 {
			missed.done++
		}
		for _, h := range holders[p] {
			for _, name := range h.names {
				add(h.context, place{name: name, cluster: p.cluster})
			}
		}
	}
	return plan, d.agreed(plan)
}

// find returns the contexts in which tokens are, and how many could not be searched.
func (d *deletion) find(ctx context.Context, targets []fleet.Target, sought []place, missed *shortfall) (holders map[place][]holder, blind int) {
	results := visit(ctx, d.conn, targets, 0, func(ctx context.Context, _ fleet.Target, c *kube.Client) (map[place][]string, error) {
		here := map[place][]string{}
		for _, p := range sought {
			names, err := held(ctx, c, p)
			if err != nil {
				return nil, err
			}
			here[p] = names
		}
		return here, nil
	})
	holders = map[place][]holder{}
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target, result.Err)
			blind++
		}
		for p, names := range result.Value {
			if len(names) > 0 {
				holders[p] = append(holders[p], holder{result.Target.Context, names})
			}
		}
	}
	return holders, blind
}

// held returns the Secrets that a place means on one control plane.
func held(ctx context.Context, c *kube.Client, p place) ([]string, error) {
	if p.name == "" {
		secrets, _, err := token.List(ctx, c, token.SelectFor(p.cluster))
		names := make([]string, len(secrets))
		for i := range secrets {
			names[i] = secrets[i].Name
		}
		return names, err
	}
	switch _, err := token.Get(ctx, c, p.ref()); failure.ReasonOf(err) {
	case "":
		return []string{p.name}, nil
	case failure.NotFound:
		return nil, nil
	default:
		return nil, err
	}
}

// unique returns why a token that is named without a context is not deleted where it is.
func (d *deletion) unique(p place, holders []holder, blind int) error {
	const hint = "name it as CONTEXT/ID, or say --everywhere"
	var contexts []string
	for _, h := range holders {
		contexts = append(contexts, h.context)
	}
	switch {
	case d.everywhere:
		return nil
	case len(holders) > 1:
		return &failure.Error{Reason: failure.Conflict, Hint: hint, Err: fmt.Errorf("token %s is in %d contexts (%s), and was left in all of them", p, len(holders), strings.Join(briefly(contexts), ", "))}
	case len(holders) == 1 && blind > 0:
		return &failure.Error{Reason: failure.Conflict, Hint: hint, Err: fmt.Errorf("token %s is in context %q, and was left there: %d others could not be searched for it", p, contexts[0], blind)}
	case len(holders) == 0 && !d.ignoreNotFound && d.conn.many():
		return &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("token %s is in none of the contexts that could be searched", p)}
	case len(holders) == 0 && !d.ignoreNotFound:
		return &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("there is no token %s", p)}
	}
	return nil
}

// agreed asks where a cluster stands for more than one token, which then are not named one by one.
func (d *deletion) agreed(plan map[string][]place) error {
	lines := map[string][]string{} // by cluster
	for _, context := range slices.Sorted(maps.Keys(plan)) {
		for _, p := range plan[context] {
			if p.cluster != "" {
				lines[p.cluster] = append(lines[p.cluster], fmt.Sprintf("to be deleted in %s: token %s, for cluster %s", described(fleet.Target{Context: context}), p.ref(), p.cluster))
			}
		}
	}
	var asked []string
	for _, cluster := range slices.Sorted(maps.Keys(lines)) {
		if len(lines[cluster]) > 1 {
			asked = append(asked, lines[cluster]...)
		}
	}
	for _, line := range asked {
		d.env.say("%s", line)
	}
	if len(asked) == 0 || d.yes || d.dry != dryRunNone || d.env.agrees(fmt.Sprintf("delete these %d?", len(asked))) {
		return nil
	}
	return errors.New("nothing was deleted: not without a yes")
}
