// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// createMany returns a rollback with so many objects; deleting one calls undo.
func createMany(count int, undo func(ctx context.Context, name string) error) (*Rollback[string], []string) {
	rollback := &Rollback[string]{}
	names := make([]string, count)
	for i := range names {
		name := fmt.Sprintf("t%03d", i)
		rollback.Sending(name, Object{Noun: "token", Name: "token " + name, Where: "context hub", Remove: "joinctl token delete " + name})
		rollback.Created(name, func(ctx context.Context) error { return undo(ctx, name) })
		names[i] = name
	}
	return rollback, names
}

// wantNamed checks that an error names every object, each with the command that removes it.
func wantNamed(t *testing.T, err error, names []string) {
	t.Helper()
	lines := map[string]bool{}
	for _, one := range joined(err) {
		lines[fmt.Sprint(one)+"; "+hintOf(one)] = true
	}
	for _, name := range names {
		found := false
		for line := range lines {
			found = found || strings.HasPrefix(line, "token "+name+" ") && strings.HasSuffix(line, "; remove it with: joinctl token delete "+name)
		}
		if !found {
			t.Errorf("%s is not named", name)
		}
	}
}

func joined(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

func TestARollbackIsParallel(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{}, func(s *session.Session) { s.Parallel = 16 })
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		rollback, names := createMany(400, func(context.Context, string) error { time.Sleep(100 * time.Millisecond); return nil })
		undone, err := rollback.UndoAll(t.Context(), s)
		check(t, err)
		if took := time.Since(start); len(undone) != len(names) || took != 2500*time.Millisecond {
			t.Errorf("%d are deleted after %s", len(undone), took)
		}
	})
}

func TestARollbackHasOneDeadlineAndNamesTheRest(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{}, func(s *session.Session) { s.Parallel, s.MaxFailures = 16, 1 })
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		start := time.Now()
		rollback, names := createMany(400, func(context.Context, string) error { <-release; return nil })
		undone, err := rollback.UndoAll(t.Context(), s)
		if took := time.Since(start); len(undone) != 0 || took > 2*time.Minute {
			t.Errorf("%d are deleted after %s", len(undone), took)
		}
		wantNamed(t, err, names)
		wantText(t, err.Error(), "token t399 may still exist in context hub", "token t000 still exists in context hub: not started")
	})
}

func TestASecondInterruptEndsARollbackAndNamesEveryObject(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"before it": -1, "at once": 0, "while deletions hang": time.Second} {
		synctest.Test(t, func(t *testing.T) {
			kill := make(chan struct{})
			s, _ := newSession(t, servers{}, func(s *session.Session) { s.Parallel, s.Kill = 16, kill })
			release := make(chan struct{})
			defer close(release)
			var sent atomic.Int32
			rollback, names := createMany(400, func(context.Context, string) error { sent.Add(1); <-release; return nil })
			if after < 0 {
				close(kill)
			} else {
				time.AfterFunc(after, func() { close(kill) })
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // the first interrupt
			start := time.Now()
			undone, err := rollback.UndoAll(ctx, s)
			if took := time.Since(start); len(undone) != 0 || took > time.Second {
				t.Errorf("%s: %d are deleted after %s", name, len(undone), took)
			}
			if after < 0 && sent.Load() > 0 {
				t.Errorf("%s: %d deletions are sent", name, sent.Load())
			}
			wantNamed(t, err, names)
		})
	}
}

func TestAnObjectWhoseRollbackIsAbandonedIsNamed(t *testing.T) {
	t.Parallel()
	release, began := make(chan struct{}), make(chan struct{})
	rollback, _ := createMany(1, func(context.Context, string) error { close(began); <-release; return errors.New("cause") })
	ended := make(chan error)
	go func() {
		_, err := rollback.Undo(t.Context(), "t000")
		ended <- err
	}()
	<-began
	abandoned := &failure.Error{Reason: failure.Unknown, Err: errors.New("abandoned")}
	wantError(t, rollback.Explain("t000", abandoned), failure.Unknown, "token t000 may exist: abandoned")
	close(release)
	wantText(t, (<-ended).Error(), "token t000 still exists in context hub: cause")
	if err := rollback.Explain("t000", abandoned); err.Error() != "abandoned" {
		t.Errorf("after the answer: %v", err)
	}
}
