// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// An operation is one call of op in progress. It has two times: that of its credential plugin, until it is ready, and that of
// its requests. One without a plugin has the second only.
type operation struct {
	plugin        string
	opened        func(plugin string) // starts the keys that wait for the plugin
	run           context.Context     //nolint:containedctx // of the whole run: an operation serves one call
	pluginTimeout time.Duration
	timeout       time.Duration
	restarted     chan context.Context // receives the context of the requests of an operation with a plugin

	mu        sync.Mutex
	ctx       context.Context //nolint:containedctx // of the plugin, then of the requests
	cancel    []context.CancelFunc
	isReady   bool
	abandoned error
}

func newOperation[K any](ctx context.Context, r Runner[K], plugin string, opened func(plugin string)) *operation {
	o := &operation{
		plugin: plugin, opened: opened, run: ctx, pluginTimeout: cmp.Or(r.PluginTimeout, r.Timeout), timeout: r.Timeout,
		restarted: make(chan context.Context, 1),
	}
	if plugin != "" {
		o.start(o.pluginTimeout)
	} else {
		o.start(o.timeout)
	}
	return o
}

func (o *operation) start(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(o.run, timeout)
	o.ctx, o.cancel = ctx, append(o.cancel, cancel)
}

// end releases the contexts of the operation.
func (o *operation) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, cancel := range o.cancel {
		cancel()
	}
}

func (o *operation) ready() (context.Context, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.abandoned == nil && !o.isReady {
		o.isReady = true
		if o.plugin != "" {
			o.start(o.timeout)
			o.restarted <- o.ctx
		}
		o.opened(o.plugin)
	}
	return o.ctx, o.abandoned
}

// abandon abandons an operation that still waits for its credential plugin when its context ends, and returns why. It
// returns nil for any other operation: that may have sent a request.
func (o *operation) abandon() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.isReady || o.plugin == "" {
		return nil
	}
	if err := o.run.Err(); err != nil {
		o.abandoned = fmt.Errorf("credential plugin %q has given no credential: %w", o.plugin, err)
	} else {
		o.abandoned = fmt.Errorf("credential plugin %q did not answer within %s: %w", o.plugin, failure.Duration(o.pluginTimeout), o.ctx.Err())
	}
	if !errors.Is(o.abandoned, context.Canceled) {
		o.abandoned = &failure.Error{
			Reason: failure.CredentialPlugin, Err: o.abandoned,
			Hint: "run the plugin's command by hand to see what it waits for; no server was asked",
		}
	}
	return o.abandoned
}
