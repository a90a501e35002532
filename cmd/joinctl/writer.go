// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// How long a write may take once the run was interrupted, and once it was interrupted for a second time.
const (
	writeGrace     = time.Second
	writeKillGrace = 100 * time.Millisecond
)

// An interruptibleWriter is an output that nobody may read: a write that is blocked fails soon after a context ends, and
// sooner after kill is closed. Every later one fails too.
type interruptibleWriter struct {
	ctx  context.Context //nolint:containedctx // Write has no parameter for it
	kill <-chan struct{}
	file *os.File

	mu      sync.Mutex
	blocked bool // a write was given up, and may still be in progress
}

// Write writes to the file.
func (w *interruptibleWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.blocked {
		return 0, w.errBlocked()
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	buf := bytes.Clone(p) // a write that is given up still reads it
	go func() {
		n, err := w.file.Write(buf)
		done <- result{n, err}
	}()
	ended, killed := w.ctx.Done(), w.kill
	var giveUp <-chan time.Time
	for {
		select {
		case got := <-done:
			return got.n, got.err
		case <-ended:
			ended, giveUp = nil, time.After(writeGrace)
		case <-killed:
			ended, killed, giveUp = nil, nil, time.After(writeKillGrace)
		case <-giveUp:
			w.blocked = true
			return 0, w.errBlocked()
		}
	}
}

func (w *interruptibleWriter) errBlocked() error {
	return fmt.Errorf("write %s: interrupted while nobody reads it", w.file.Name())
}
