// SPDX-License-Identifier: Apache-2.0

package session

import (
	"cmp"
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	// allSlots is how many calls of one plugin can run at once: no limit in practice.
	allSlots = 1 << 20
	// aloneTimeout is how long a failed plugin waits for its other calls to end: less than pluginTimeout, so that the error of
	// the plugin is reported, and not that it did not answer.
	aloneTimeout = 2 * time.Minute
)

// Login runs the target's credential plugin in a time of its own: LoginTime. It returns nil for a target without one. Only an
// operation of a Session with NoPrompt calls it: all others start when the plugin has answered.
func (s *Session) Login(ctx context.Context, target fleet.Target) error {
	runner := Runner[fleet.Target](s, 1, 0)
	runner.Plugin = fleet.Target.Plugin
	results := fleet.Each(ctx, runner, []fleet.Target{target}, func(ctx context.Context, target fleet.Target, _ fleet.Ready) (struct{}, error) {
		config, err := s.config(target)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.logins.login(ctx, config)
	})
	return results[0].Err
}

// LoginTime is the time that an operation that calls Login needs beyond the usual.
const LoginTime = pluginTimeout

// A logins holds the calls of each credential plugin. The zero logins is ready for use.
type logins struct {
	mu       sync.Mutex
	byPlugin map[string]*pluginCalls
}

// login runs the credential plugin or the auth provider of a connection. A plugin that fails while other calls of it run is called once more,
// alone: plugins with a cache of their own fail in parallel ("database is locked").
func (l *logins) login(ctx context.Context, config *rest.Config) error {
	call := func() error { return kube.Login(ctx, config) }
	switch {
	case config.ExecProvider != nil:
		return l.calls(config.ExecProvider.Command).do(ctx, call)
	case config.AuthProvider != nil:
		return l.calls("auth provider "+config.AuthProvider.Name).alone(ctx, call) // it writes to the kubeconfig
	}
	return nil
}

func (l *logins) calls(plugin string) *pluginCalls {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byPlugin == nil {
		l.byPlugin = map[string]*pluginCalls{}
	}
	l.byPlugin[plugin] = cmp.Or(l.byPlugin[plugin], &pluginCalls{slots: semaphore.NewWeighted(allSlots)})
	return l.byPlugin[plugin]
}

// A pluginCalls knows which calls of one plugin overlap.
type pluginCalls struct {
	slots *semaphore.Weighted // a call takes one, a call that runs alone takes all

	mu      sync.Mutex
	started int
	running int
}

func (c *pluginCalls) do(ctx context.Context, call func() error) error {
	overlapped, err := c.beside(ctx, call)
	if !overlapped || failure.ReasonOf(err) != failure.CredentialPlugin {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, aloneTimeout)
	defer cancel()
	klog.V(1).InfoS("calling the credential plugin again, alone: it failed in parallel", "err", err)
	ran := false
	again := c.alone(waiting, func() error { ran = true; return call() })
	if !ran { // another call of it hangs
		return err
	}
	return again
}

// alone makes a call while no other runs. It returns the error of the call, or that of ctx while it waits for others.
func (c *pluginCalls) alone(ctx context.Context, call func() error) error {
	if err := c.slots.Acquire(ctx, allSlots); err != nil {
		return err
	}
	defer c.slots.Release(allSlots)
	return call()
}

// beside makes a call in parallel with others, and reports whether any overlapped with it.
func (c *pluginCalls) beside(ctx context.Context, call func() error) (overlapped bool, err error) {
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer c.slots.Release(1)
	c.mu.Lock()
	c.started++
	c.running++
	mine, others := c.started, c.running > 1
	c.mu.Unlock()
	err = call()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	return others || c.started > mine, err
}
