// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	targetTimeout = 60 * time.Second // for all that is done on one target
	parallel      = 16               // targets at once
)

// A fanOut is how the operator wants many control planes to be visited.
type fanOut struct {
	parallel    countValue
	timeout     timeoutValue // for the whole run, 0 for as long as it takes
	maxFailures countValue   // 0: go on whatever fails
}

func (f *fanOut) register(flags *pflag.FlagSet) {
	f.parallel = parallel
	flags.Var(&f.parallel, "parallel", "control planes to talk to at once; fewer where few files may be open")
	flags.Var(&f.timeout, "timeout", "longest time for the whole command, 0 for no limit; a bare number means seconds")
	flags.Var(&f.maxFailures, "max-failures", "begin with no further control plane when this many have failed")
}

// limit gives a command the time that it may take, and returns what ends it.
func (c *connection) limit(cmd *cobra.Command) (end func()) {
	if c.fanOut.timeout == 0 {
		return func() {}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), time.Duration(c.fanOut.timeout))
	cmd.SetContext(ctx)
	return cancel
}

// width returns how many targets are visited at once: each takes a connection or two, and a plugin three files more.
func (f *fanOut) width(maxFiles int) int {
	const others, each = 16, 5
	if maxFiles <= 0 {
		return int(f.parallel)
	}
	return max(1, min(int(f.parallel), (maxFiles-others)/each))
}

// each runs op on every selected target, longer than usual by extra, and returns what it gave in the order of the
// targets. Where members are selected and a control plane does not tell which it has, that is its own result, before all
// others.
func each[T any](ctx context.Context, c *connection, extra time.Duration, op func(context.Context, fleet.Target, *kube.Client) (T, error)) ([]fleet.Result[T], error) {
	targets, err := c.targets()
	if err != nil {
		return nil, err
	}
	if !c.members.any() {
		return visit(ctx, c, targets, extra, op), nil
	}
	targets, failed, err := c.within(ctx, targets)
	if err != nil {
		return nil, err
	}
	var results []fleet.Result[T]
	for _, hub := range failed {
		results = append(results, fleet.Result[T]{Target: hub.Target, Err: hub.Err})
	}
	return append(results, visit(ctx, c, targets, extra, op)...), nil
}

// visit is each for targets that are known.
func visit[T any](ctx context.Context, c *connection, targets []fleet.Target, extra time.Duration, op func(context.Context, fleet.Target, *kube.Client) (T, error)) []fleet.Result[T] {
	return fleet.Each(ctx, c.runner(len(targets), targetTimeout+extra), targets, func(ctx context.Context, target fleet.Target) (T, error) {
		client, err := c.admitted(ctx, target)
		if err != nil {
			var none T
			return none, err
		}
		defer client.Close()
		value, err := op(ctx, target, client)
		c.pass(target, client)
		return value, err
	})
}

// runner returns what runs an operation on so many targets, each for no longer than a time.
func (c *connection) runner(targets int, timeout time.Duration) fleet.Runner {
	runner := fleet.Runner{
		Parallel:    c.fanOut.width(c.env.MaxFiles),
		Timeout:     timeout,
		Grace:       2 * max(time.Duration(c.timeout), time.Second), // a write and the question what became of it
		MaxFailures: int(c.fanOut.maxFailures),
		Kill:        c.env.Kill,
		Now:         c.env.Now,
	}
	if c.env.ErrTTY && targets > 1 {
		runner.Watch = showProgress(c.env)
	}
	return runner
}
