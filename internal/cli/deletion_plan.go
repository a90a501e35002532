// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

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
		case d.everywhere || len(targets) == 1:
			for _, target := range targets {
				add(target.Context, p)
			}
		case len(targets) > 1:
			sought = append(sought, p)
		}
	}
	if len(sought) == 0 {
		return plan, nil
	}
	holders, blind := d.find(ctx, targets, sought, missed)
	for _, p := range sought {
		if err := d.unique(p, holders[p], blind); err != nil {
			missed.add(fleet.Target{}, err)
		} else if len(holders[p]) == 1 {
			add(holders[p][0], p)
		} else {
			missed.done++
		}
	}
	return plan, nil
}

// find returns the contexts in which tokens are, and how many could not be searched.
func (d *deletion) find(ctx context.Context, targets []fleet.Target, sought []place, missed *shortfall) (holders map[place][]string, blind int) {
	results := visit(ctx, d.conn, targets, 0, func(ctx context.Context, _ fleet.Target, c *kube.Client) ([]place, error) {
		var here []place
		for _, p := range sought {
			switch _, err := token.Get(ctx, c, p.ref()); kube.ReasonOf(err) {
			case "":
				here = append(here, p)
			case kube.NotFound:
			default:
				return nil, err
			}
		}
		return here, nil
	})
	holders = map[place][]string{}
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target, result.Err)
			blind++
		}
		for _, p := range result.Value {
			holders[p] = append(holders[p], result.Target.Context)
		}
	}
	return holders, blind
}

// unique returns why a token that is named without a context is not deleted where it is.
func (d *deletion) unique(p place, holders []string, blind int) error {
	const hint = "name it as CONTEXT/ID, or say --everywhere"
	switch {
	case len(holders) > 1:
		return &kube.Error{Reason: kube.Conflict, Hint: hint, Err: fmt.Errorf("token %s is in %d contexts (%s), and was left in all of them", p.ref(), len(holders), strings.Join(briefly(holders), ", "))}
	case len(holders) == 1 && blind > 0:
		return &kube.Error{Reason: kube.Conflict, Hint: hint, Err: fmt.Errorf("token %s is in context %q, and was left there: %d others could not be searched for it", p.ref(), holders[0], blind)}
	case len(holders) == 0 && !d.ignoreNotFound:
		return &kube.Error{Reason: kube.NotFound, Err: fmt.Errorf("token %s is in none of the contexts that could be searched", p.ref())}
	}
	return nil
}
