// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// runner is the default of most tests.
var runner = Runner[Target]{Parallel: 4, Timeout: time.Minute, Grace: 10 * time.Second}

// targets returns n targets: c0, c1, c2 …
func targets(n int) (out []Target) {
	for i := range n {
		out = append(out, Target{Context: fmt.Sprintf("c%d", i)})
	}
	return out
}

// elapsed returns the time since start on the clock of the synctest bubble.
func elapsed(start time.Time) time.Duration { return time.Since(start) }

func TestEachReturnsResultsInTheOrderOfTheKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := targets(20)
		start := time.Now()
		results := Each(t.Context(), runner, all, func(_ context.Context, target Target, _ Ready) (string, error) {
			var number time.Duration
			if _, err := fmt.Sscanf(target.Context, "c%d", &number); err != nil {
				return "", err
			}
			time.Sleep((20 - number) * time.Second) // the first one is the slowest
			return "done " + target.Context, nil
		})
		for i, result := range results {
			if result.Err != nil || result.Key != all[i] || result.Value != "done "+all[i].Context {
				t.Errorf("result %d is %+v", i, result)
			}
		}
		if len(results) != 20 || elapsed(start) > 60*time.Second {
			t.Errorf("%d results after %s", len(results), elapsed(start))
		}
	})
}

func TestEachWithoutKeysReturnsNoResults(t *testing.T) {
	t.Parallel()
	results := Each(t.Context(), runner, nil, func(context.Context, Target, Ready) (int, error) {
		t.Error("the operation runs")
		return 0, nil
	})
	if results == nil || len(results) != 0 {
		t.Errorf("got %v", results)
	}
}

func TestEachRunsOverKeysOfAnyTypeWithoutNamesOrPlugins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []Progress
		r := Runner[int]{Parallel: 2, Timeout: time.Minute, Now: time.Now, Watch: func(p Progress) { seen = append(seen, p) }}
		results := Each(t.Context(), r, []int{2, 3}, func(_ context.Context, key int, ready Ready) (int, error) {
			time.Sleep(1200 * time.Millisecond)
			_, err := ready()
			return key * key, err
		})
		if want := []Result[int, int]{{Key: 2, Value: 4}, {Key: 3, Value: 9}}; !reflect.DeepEqual(results, want) {
			t.Errorf("got %+v, want %+v", results, want)
		}
		if want := []Progress{{Left: 2, For: time.Second}, {Done: 2, Over: true}}; !reflect.DeepEqual(seen, want) {
			t.Errorf("progress %+v, want %+v", seen, want)
		}
	})
}

func TestAFailureNeitherCancelsNorHidesAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refused := errors.New("refused")
		results := Each(t.Context(), runner, targets(8), func(ctx context.Context, target Target, _ Ready) (string, error) {
			if target.Context == "c0" {
				return "half", refused
			}
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(time.Second):
				return "all", nil
			}
		})
		if first := results[0]; !errors.Is(first.Err, refused) || first.Value != "half" {
			t.Errorf("the failed one returned %+v", first)
		}
		for _, result := range results[1:] {
			if result.Err != nil || result.Value != "all" {
				t.Errorf("another returned %+v", result)
			}
		}
	})
}

func TestParallelIsNeverExceeded(t *testing.T) {
	t.Parallel()
	for parallel, want := range map[int]int64{-1: 1, 0: 1, 1: 1, 3: 3, 16: 10} { // of 10 targets
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int64
			start := time.Now()
			Each(t.Context(), Runner[Target]{Parallel: parallel, Timeout: time.Minute}, targets(10), func(context.Context, Target, Ready) (int, error) {
				n := now.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				time.Sleep(time.Second)
				now.Add(-1)
				return 0, nil
			})
			rounds := (10 + want - 1) / want
			if most.Load() != want || elapsed(start) != time.Duration(rounds)*time.Second {
				t.Errorf("parallel %d: %d at once, %s", parallel, most.Load(), elapsed(start))
			}
		})
	}
}

func TestAnOperationEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		results := Each(t.Context(), runner, targets(1), func(ctx context.Context, _ Target, _ Ready) (string, error) {
			<-ctx.Done()
			return "partial", ctx.Err()
		})
		if got := results[0]; !errors.Is(got.Err, context.DeadlineExceeded) || failure.ReasonOf(got.Err) != failure.Timeout || got.Value != "partial" {
			t.Errorf("got %+v", got)
		}
		if elapsed(start) != time.Minute {
			t.Errorf("after %s", elapsed(start))
		}
	})
}

// A write in flight has to finish after the timeout.
func TestAnOperationMayFinishWithinTheGracePeriod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		results := Each(t.Context(), runner, targets(1), func(context.Context, Target, Ready) (string, error) {
			time.Sleep(time.Minute + 9*time.Second)
			return "written", nil
		})
		if got := results[0]; got.Err != nil || got.Value != "written" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestAHungOperationFailsItsKeyAndLetsTheNextOneStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		defer close(hung)
		start := time.Now()
		one := Runner[Target]{Parallel: 1, Timeout: time.Minute, Grace: 10 * time.Second}
		results := Each(t.Context(), one, targets(3), func(_ context.Context, target Target, _ Ready) (string, error) {
			if target.Context == "c1" {
				<-hung // ignores its context
			}
			return target.Context, nil
		})
		if got := failure.ReasonOf(results[1].Err); got != failure.Timeout || results[1].Key.Context != "c1" {
			t.Errorf("the hung one returned %+v", results[1])
		}
		if results[0].Value != "c0" || results[0].Err != nil || results[2].Value != "c2" || results[2].Err != nil {
			t.Errorf("the others returned %+v and %+v", results[0], results[2])
		}
		if elapsed(start) != 70*time.Second {
			t.Errorf("after %s", elapsed(start))
		}
	})
}

func TestAnInterruptStartsNothingNewAndLetsOperationsInProgressFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, interrupt)
		start := time.Now()
		results := Each(ctx, Runner[Target]{Parallel: 2, Timeout: time.Minute}, targets(5), func(ctx context.Context, target Target, _ Ready) (string, error) {
			if err := ctx.Err(); err != nil {
				t.Errorf("%s is started after the interrupt", target.Context)
			}
			time.Sleep(3 * time.Second) // a write in flight
			if ctx.Err() == nil {
				t.Errorf("the context of %s is not canceled", target.Context)
			}
			return "finished", nil
		})
		for i, result := range results {
			switch {
			case i < 2 && (result.Err != nil || result.Value != "finished"):
				t.Errorf("one in progress returned %+v", result)
			case i >= 2 && (failure.ReasonOf(result.Err) != failure.Interrupted || !strings.Contains(result.Err.Error(), "not started")):
				t.Errorf("one that was not started returned %+v", result)
			case result.Key.Context != fmt.Sprintf("c%d", i):
				t.Errorf("result %d is for %s", i, result.Key.Context)
			}
		}
		if elapsed(start) != 3*time.Second {
			t.Errorf("after %s", elapsed(start))
		}
	})
}

func TestAKillAbandonsOperationsInProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		defer close(hung)
		ctx, interrupt := context.WithCancel(t.Context())
		kill := make(chan struct{})
		time.AfterFunc(time.Second, interrupt)
		time.AfterFunc(2*time.Second, func() { close(kill) })
		start := time.Now()
		r := runner
		r.Kill, r.Parallel = kill, 2
		results := Each(ctx, r, targets(3), func(_ context.Context, target Target, _ Ready) (string, error) {
			if target.Context == "c0" {
				time.Sleep(1500 * time.Millisecond)
				return "in time", nil
			}
			<-hung
			return "", nil
		})
		if results[0].Err != nil || results[0].Value != "in time" {
			t.Errorf("the finished one returned %+v", results[0])
		}
		reasons := []failure.Reason{failure.ReasonOf(results[1].Err), failure.ReasonOf(results[2].Err)}
		if want := []failure.Reason{failure.Unknown, failure.Interrupted}; !reflect.DeepEqual(reasons, want) {
			t.Errorf("one in progress and one not started are %v, want %v", reasons, want)
		}
		if elapsed(start) != 2*time.Second {
			t.Errorf("after %s", elapsed(start))
		}
	})
}
