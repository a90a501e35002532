// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

const (
	// sweptAtOnce is how many objects on one target are deleted at once if Sweep found them.
	sweptAtOnce = 8
	// deletionTime is what each object adds to the time of its target. A prune of thousands takes longer than the usual time.
	deletionTime = 200 * time.Millisecond
)

func timeFor(objects int) time.Duration { return time.Duration(objects) * deletionTime }

// deleteAll deletes all objects on a target, also after one has failed. Those that references mean are deleted in their order.
func (r *Removal[T]) deleteAll(ctx context.Context, target fleet.Target, c *kube.Client, here found[T]) {
	objects := here.objects
	klog.V(1).InfoS("deleting", "context", target.Context, "member", target.Member, "server", c.Server().Host, "objects", len(objects))
	if r.DryRun == Client {
		return
	}
	r.ledger.begin(target, here)
	remove := func(ctx context.Context, i int) error {
		r.ledger.sending(target, i)
		err := r.Delete(ctx, target, c, objects[i].Object, r.DryRun == Server)
		r.ledger.answer(target, i, err)
		return err
	}
	if r.Sweep != nil {
		r.deleteSwept(ctx, target, objects, remove)
		return
	}
	for i := range objects {
		objects[i].err = remove(ctx, i)
	}
}

// deleteSwept deletes several objects on a target at once.
func (r *Removal[T]) deleteSwept(ctx context.Context, target fleet.Target, objects []Planned[T], remove func(context.Context, int) error) {
	indexes := make([]int, len(objects))
	for i := range indexes {
		indexes[i] = i
	}
	runner := session.Runner[int](r.Session, 1, 0) // its progress is that of the target
	runner.Parallel, runner.MaxFailures = min(runner.Parallel, sweptAtOnce), 0
	results := fleet.Each(ctx, runner, indexes, func(_ context.Context, i int, ready fleet.Ready) (struct{}, error) {
		ctx, err := ready()
		if err == nil {
			err = remove(ctx, i)
		}
		return struct{}{}, err
	})
	for i, result := range results {
		objects[i].err = r.outcome(target, i, result.Err)
	}
}
