// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/terminal"
)

const (
	// targetTimeout bounds all requests to one target.
	targetTimeout = 60 * time.Second
	// pluginTimeout bounds a credential plugin: kubelogin waits so long for somebody to log in with a browser.
	pluginTimeout = 3 * time.Minute
)

// A Result is what an operation returned for one target.
type Result[T any] = fleet.Result[fleet.Target, T]

// An Operation is what a command does on one target with a client for it.
type Operation[T any] func(ctx context.Context, target fleet.Target, client *kube.Client) (T, error)

// Each runs an operation on every target that the Options mean, and returns its results in the order of the targets. A
// target gets extra time beyond the usual 60 seconds. A hub that cannot list its members is a result of its own, before
// all others. The error says that targets could not be selected: nothing was attempted.
func Each[T any](ctx context.Context, s *Session, extra time.Duration, op Operation[T]) ([]Result[T], error) {
	return EachOpen(ctx, s, extra, closing(op))
}

// On is Each for targets that are known.
func On[T any](ctx context.Context, s *Session, targets []fleet.Target, extra time.Duration, op Operation[T]) []Result[T] {
	return OnOpen(ctx, s, targets, extra, closing(op))
}

// closing closes the client after an operation.
func closing[T any](op Operation[T]) Operation[T] {
	return func(ctx context.Context, target fleet.Target, client *kube.Client) (T, error) {
		defer client.Close()
		return op(ctx, target, client)
	}
}

// EachOpen is Each for operations that keep their clients: the caller closes them.
func EachOpen[T any](ctx context.Context, s *Session, extra time.Duration, op Operation[T]) ([]Result[T], error) {
	targets, err := s.Distinct(ctx)
	if err != nil {
		return nil, err
	}
	if !s.Members.Any() {
		return OnOpen(ctx, s, targets, extra, op), nil
	}
	members, failed, err := s.expandMembers(ctx, targets)
	if err != nil {
		return nil, err
	}
	var results []Result[T]
	for _, hub := range failed {
		results = append(results, Result[T]{Key: hub.Key, Err: hub.Err})
	}
	return append(results, OnOpen(ctx, s, members, extra, op)...), nil
}

// OnOpen is On for operations that keep their clients: the caller closes them.
func OnOpen[T any](ctx context.Context, s *Session, targets []fleet.Target, extra time.Duration, op Operation[T]) []Result[T] {
	defer s.Terminal.FlushWarnings()
	return visit(ctx, s, targets, extra, func(ctx context.Context, target fleet.Target, client *kube.Client) (T, error) {
		if err := s.matchServerVersion(ctx, client); err != nil {
			client.Close()
			var none T
			return none, err
		}
		value, err := op(ctx, target, client)
		s.reportServer(target, client)
		return value, err
	})
}

// visit is OnOpen without what the servers warned of.
func visit[T any](ctx context.Context, s *Session, targets []fleet.Target, extra time.Duration, op Operation[T]) []Result[T] {
	runner := Runner[fleet.Target](s, len(targets), extra)
	runner.Plugin = fleet.Target.Plugin
	runner.Name = func(target fleet.Target) string { return cmp.Or(target.Member, target.Context) }
	return fleet.Each(ctx, runner, targets, func(ctx context.Context, target fleet.Target, ready fleet.Ready) (T, error) {
		ctx, client, err := s.clientFor(ctx, target, ready)
		if err != nil {
			var none T
			return none, err
		}
		return op(ctx, target, client)
	})
}

// Runner returns how an operation runs on so many keys, each for 60 seconds and some extra time. A credential plugin has 3
// minutes of its own.
func Runner[K any](s *Session, keys int, extra time.Duration) fleet.Runner[K] {
	runner := fleet.Runner[K]{
		Parallel:      s.width(),
		Timeout:       targetTimeout + extra,
		PluginTimeout: pluginTimeout,
		Grace:         2 * max(s.RequestTimeout, time.Second), // a write, and the question whether it took place
		MaxFailures:   s.MaxFailures,
		Kill:          s.Kill,
		Now:           s.Now,
	}
	if keys > 1 && s.Terminal.ShowsProgress() {
		runner.Watch = func(p fleet.Progress) { s.Terminal.Progress(progressLine(p)) }
	}
	return runner
}

// width returns how many targets are visited at once: each takes a connection or two, and a plugin three files more.
func (s *Session) width() int {
	const others, each = 16, 5
	if s.MaxFiles <= 0 {
		return s.Parallel
	}
	return max(1, min(s.Parallel, (s.MaxFiles-others)/each))
}

// progressLine says how far a run is, "" at its end.
func progressLine(p fleet.Progress) string {
	const longestName = 30 // characters
	if p.Over {
		return ""
	}
	line := fmt.Sprintf("%d done, %d failed, %d left", p.Done-p.Failed, p.Failed, p.Left)
	if p.Slowest != "" {
		line += fmt.Sprintf("; %s takes %s", terminal.Shorten(p.Slowest, longestName), p.For.Truncate(time.Second))
	}
	return line
}
