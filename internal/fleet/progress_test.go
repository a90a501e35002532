// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"testing"
	"time"
)

func TestTheSlowestOperationIsTheOneThatStartedFirst(t *testing.T) {
	t.Parallel()
	start := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		started map[int]time.Time
		slowest string
		after   time.Duration
	}{
		"none":                       {},
		"one":                        {map[int]time.Time{1: start}, "b", time.Minute},
		"the first key":              {map[int]time.Time{0: start, 1: start.Add(time.Second), 2: start.Add(time.Second)}, "a", time.Minute},
		"the last key":               {map[int]time.Time{0: start.Add(time.Second), 1: start.Add(time.Second), 2: start}, "c", time.Minute},
		"the first of equal ones":    {map[int]time.Time{0: start, 1: start, 2: start}, "a", time.Minute},
		"the first of two that last": {map[int]time.Time{0: start.Add(time.Second), 1: start, 2: start}, "b", time.Minute},
	} {
		q := &queue[string]{
			keys: []string{"a", "b", "c"}, started: test.started,
			runner: Runner[string]{Now: func() time.Time { return start.Add(time.Minute) }, Name: func(key string) string { return key }},
		}
		if p := q.progress(); p.Slowest != test.slowest || p.For != test.after {
			t.Errorf("%s: got %q for %s", name, p.Slowest, p.For)
		}
	}
}
