// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"maps"
	"slices"
	"time"
)

const (
	watchAfter = time.Second
	watchEvery = 500 * time.Millisecond
)

// A Progress is how far a run is.
type Progress struct {
	Done    int           // operations that ended, failed ones included
	Failed  int           // operations that failed
	Left    int           // operations that have not ended
	Slowest string        // name of the key in progress for longest; "" if none is
	For     time.Duration // how long that has been
	Over    bool          // the run is over: this is the last report
}

// watch starts the reports and returns what stops them.
func (q *queue[K]) watch() (stop func()) {
	if q.runner.Watch == nil {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		shown := false
		next := time.NewTimer(watchAfter)
		defer next.Stop()
		for {
			select {
			case <-next.C:
				shown = true
				q.runner.Watch(q.progress())
				next.Reset(watchEvery)
			case <-quit:
				if shown {
					last := q.progress()
					last.Over = true
					q.runner.Watch(last)
				}
				return
			}
		}
	}()
	return func() { close(quit); <-ended }
}

func (q *queue[K]) progress() Progress {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := Progress{Done: q.finished, Failed: q.failed, Left: len(q.keys) - q.finished}
	slowest := -1
	for _, i := range slices.Sorted(maps.Keys(q.started)) {
		if slowest < 0 || q.started[i].Before(q.started[slowest]) {
			slowest = i
		}
	}
	if slowest < 0 {
		return p
	}
	p.For = q.now().Sub(q.started[slowest])
	if q.runner.Name != nil {
		p.Slowest = q.runner.Name(q.keys[slowest])
	}
	return p
}
