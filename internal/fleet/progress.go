// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"time"
)

const (
	watchAfter = time.Second
	watchEvery = 500 * time.Millisecond
)

// A Progress is how far a run is.
type Progress struct {
	Done    int           // targets that are over, those that failed among them
	Failed  int           // targets that failed
	Left    int           // targets that are not over
	Slowest string        // member or context that has been under way for longest; "" where none is
	For     time.Duration // how long that has been
	Over    bool          // the run is over: this is the last report
}

// watch begins to report, and returns what ends it.
func (q *queue) watch() (stop func()) {
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

func (q *queue) progress() Progress {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := Progress{Done: q.over, Failed: q.failed, Left: len(q.targets) - q.over}
	slowest := -1
	for i, since := range q.begun {
		if slowest < 0 || since.Before(q.begun[slowest]) || since.Equal(q.begun[slowest]) && i < slowest {
			slowest = i
		}
	}
	if slowest >= 0 {
		target := q.targets[slowest]
		p.Slowest, p.For = cmp.Or(target.Member, target.Context), q.now().Sub(q.begun[slowest])
	}
	return p
}
