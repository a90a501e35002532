// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/satoken"
)

// A revocation is what sa revoke was asked for.
type revocation struct {
	env           *Env
	conn          *connection
	places        []place // of Secrets; empty: the expired ones
	everywhere    bool
	expired       bool
	allNamespaces bool
	yes           bool
	format        output.Format
}

// A revoked is what became of one token.
type revoked struct {
	Context   string `json:"context"`
	Member    string `json:"member,omitempty"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Status    string `json:"status"`

	target  fleet.Target             `json:"-"`
	loose   bool                     `json:"-"` // it was named without a context
	binding satoken.RevocationSecret `json:"-"`
	err     error                    `json:"-"`
}

// run finds the tokens on every target, and then revokes them.
func (r *revocation) run(ctx context.Context) error {
	used, err := r.conn.locate(r.places)
	if err != nil {
		return err
	}
	found, err := each(ctx, r.conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]revoked, error) {
		return r.find(ctx, target, c, used)
	})
	if err != nil {
		return err
	}
	r.settle(found)
	plan := map[fleet.Target][]revoked{}
	var targets []fleet.Target
	for _, result := range found {
		if slices.ContainsFunc(result.Value, func(item revoked) bool { return item.err == nil }) {
			plan[result.Target] = result.Value
			targets = append(targets, result.Target)
		}
	}
	if r.expired && !r.agreed(found) {
		return errors.New("nothing was revoked: not without a yes")
	}
	results := visit(ctx, r.conn, targets, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]revoked, error) {
		done := plan[target]
		for i := range done {
			if done[i].err == nil {
				klog.V(1).InfoS("revoking a token", "context", target.Context, "server", c.Server().Host, "name", done[i].Name)
				done[i].err = c.ExplainProxyError(done[i].binding.Revoke(ctx, c))
			}
		}
		return done, nil
	})
	return r.report(found, results)
}

// find looks the tokens up that are meant on a target. What cannot be found fails alone.
func (r *revocation) find(ctx context.Context, target fleet.Target, c *kube.Client, used map[string]string) ([]revoked, error) {
	namespace, err := namespaceIn(target, r.allNamespaces)
	if err != nil {
		return nil, err
	}
	var out []revoked
	for _, p := range r.places {
		if p.context != "" && used[p.context] != target.Context || p.member != "" && p.member != target.Member {
			continue
		}
		b, err := satoken.GetRevocationSecret(ctx, c, namespace, p.name)
		out = append(out, revoked{target: target, Context: target.Context, Member: target.Member, Namespace: namespace, Name: p.name, Status: "revoked", loose: p.context == "", binding: b, err: c.ExplainProxyError(err)})
	}
	if !r.expired {
		return out, nil
	}
	all, now, err := satoken.List(ctx, c, namespace)
	for _, b := range all {
		if !b.Expires.IsZero() && now.After(b.Expires) {
			out = append(out, revoked{target: target, Context: target.Context, Member: target.Member, Namespace: b.Account.Namespace, Name: b.Name, Status: "removed", binding: b})
		}
	}
	return out, c.ExplainProxyError(err)
}

// agreed shows what would be removed, and asks. Where there is nothing, nothing is asked.
func (r *revocation) agreed(found []fleet.Result[[]revoked]) bool {
	count := 0
	for _, result := range found {
		for _, item := range result.Value {
			count++
			r.env.say("to be removed in %s: %s/%s, of serviceaccount %s, expired at %s", described(item.target), item.Namespace, item.Name, item.binding.Account.Name, stamp(item.binding.Expires))
		}
	}
	return count == 0 || r.yes || r.env.agrees(fmt.Sprintf("remove these %d?", count))
}

// report prints what was revoked, and tells what was not: on targets that were not searched, and one by one.
func (r *revocation) report(found, results []fleet.Result[[]revoked]) error {
	missed, gone := r.conn.shortfall(), output.List[revoked]{Kind: "ServiceAccountTokenRevocationList"}
	ended := map[fleet.Target]fleet.Result[[]revoked]{}
	for _, result := range results {
		ended[result.Target] = result
	}
	for _, searched := range found {
		result, visited := ended[searched.Target]
		if !visited {
			result.Value = searched.Value
		}
		if err := errors.Join(searched.Err, result.Err); err != nil {
			missed.add(searched.Target, err)
		} else if r.expired && len(result.Value) == 0 {
			missed.done++ // it was searched, and had none
		}
		for _, item := range result.Value {
			if item.err != nil {
				missed.add(item.target, item.err)
				continue
			}
			missed.done++
			gone.Items = append(gone.Items, item)
		}
	}
	gone.Failures = missed.document()
	err := r.print(gone)
	switch {
	case len(gone.Items) > 0 && !r.expired:
		r.env.say("the server may accept a revoked token for about 10 seconds more")
	case len(gone.Items) == 0 && r.expired && len(missed.failures) == 0:
		r.env.say("no tokens are expired")
	}
	return errors.Join(err, missed.orNil())
}
