// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// A deletion is what token delete was asked for.
type deletion struct {
	env            *Env
	conn           *connection
	places         []place
	everywhere     bool
	ignoreNotFound bool
	yes            bool
	dry            dryRun
	format         output.Format
}

// A deleted is a token that was deleted, or would have been.
type deleted struct {
	Context string `json:"context"`
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	For     string `json:"for,omitempty"` // the cluster that it was named by
	Status  string `json:"status"`

	loose bool  `json:"-"` // it was named without a context
	err   error `json:"-"`
}

func (d deleted) at() (context, name string) { return d.Context, first(d.ID, d.Name) }

// run deletes on every target what is to be deleted there, and prints what is gone.
func (d *deletion) run(ctx context.Context) error {
	missed := d.conn.shortfall()
	plan, err := d.plan(ctx, missed)
	if err != nil {
		return err
	}
	var targets []fleet.Target
	for _, target := range d.conn.selected {
		if len(plan[target.Context]) > 0 {
			targets = append(targets, target)
		}
	}
	results := visit(ctx, d.conn, targets, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]deleted, error) {
		klog.V(1).InfoS("deleting bootstrap tokens", "context", target.Context, "server", c.Server().Host, "count", len(plan[target.Context]))
		return d.on(ctx, target, c, plan[target.Context])
	})
	gone := output.List[deleted]{Kind: "TokenDeletionList"}
	for _, result := range results {
		if result.Err != nil && result.Value == nil {
			missed.add(result.Target, result.Err)
		}
		for _, item := range result.Value {
			switch {
			case item.err == nil:
				gone.Items = append(gone.Items, item)
			case d.needless(item):
			default:
				missed.add(result.Target, item.err)
				continue
			}
			missed.done++
		}
	}
	gone.Failures = missed.document()
	return errors.Join(d.print(gone), missed.orNil())
}

// needless reports whether a token did not have to be deleted, because it does not exist.
func (d *deletion) needless(item deleted) bool {
	return failure.ReasonOf(item.err) == failure.NotFound && (d.ignoreNotFound || d.everywhere && item.loose)
}

// on deletes tokens on one target. All are tried; the first failure stands for the target.
func (d *deletion) on(ctx context.Context, target fleet.Target, c *kube.Client, places []place) (out []deleted, failed error) {
	for _, p := range places {
		item := deleted{Context: target.Context, ID: p.ref().ID(), Name: p.name, For: p.cluster, loose: p.context == ""}
		switch d.dry {
		case dryRunClient:
			_, item.err = token.Get(ctx, c, p.ref())
			item.Status = "deleted (dry run)"
		case dryRunServer:
			item.err = token.Delete(ctx, c, p.ref(), true)
			item.Status = "deleted (server dry run)"
		default:
			item.err = token.Delete(ctx, c, p.ref(), false)
			item.Status = "deleted"
		}
		if failed == nil && !d.needless(item) {
			failed = item.err
		}
		out = append(out, item)
	}
	return out, failed
}

// print prints a line for each token by default, as the peers do.
func (d *deletion) print(gone output.List[deleted]) error {
	if !d.format.IsDefault() {
		return output.Print(d.env.Out, &d.format, gone, located(d.conn, output.View[deleted]{
			Name: func(i deleted) string { return "secret/" + i.Name },
			Columns: []output.Column[deleted]{
				{Title: "Token", Cell: func(i deleted) string { return first(i.ID, i.Name) }},
				{Title: "Status", Cell: func(i deleted) string { return i.Status }},
			},
		}, deleted.at))
	}
	for _, item := range gone.Items {
		context, name := item.at()
		if d.conn.many() {
			name = context + "/" + name
		}
		if _, err := fmt.Fprintf(d.env.Out, "bootstrap token %q %s\n", name, item.Status); err != nil {
			return err
		}
	}
	return nil
}
