// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"slices"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// createdObjects returns a rollback with objects that were created in order, and the record of those that it deletes.
func createdObjects(deleteErr func(name string) error, names ...string) (rollback *Rollback[string], deleted *[]string) {
	rollback, deleted = &Rollback[string]{}, &[]string{}
	for _, name := range names {
		rollback.Sending(name, Object{Noun: "token", Name: "token " + name, Where: "context hub", Remove: "joinctl token delete " + name})
		rollback.Created(name, func(ctx context.Context) error {
			*deleted = append(*deleted, name)
			return errors.Join(ctx.Err(), deleteErr(name))
		})
	}
	return rollback, deleted
}

func never(string) error { return nil }

// oneAtATime returns a session in which one object is rolled back after the other.
func oneAtATime(t *testing.T) *session.Session {
	t.Helper()
	s, _ := newSession(t, servers{}, func(s *session.Session) { s.Parallel = 1 })
	return s
}

func namesOf(objects []Object) []string {
	var names []string
	for _, object := range objects {
		names = append(names, object.Name)
	}
	return names
}

func TestARollbackDeletesTheLastObjectFirst(t *testing.T) {
	t.Parallel()
	rollback, deleted := createdObjects(never, "a", "b", "c")
	undone, err := rollback.UndoAll(t.Context(), oneAtATime(t))
	check(t, err)
	if !slices.Equal(*deleted, []string{"c", "b", "a"}) || !slices.Equal(namesOf(undone), []string{"token c", "token b", "token a"}) {
		t.Errorf("deleted %q, returned %v", *deleted, undone)
	}
}

func TestARollbackLeavesObjectsThatAreKeptOrInFlight(t *testing.T) {
	t.Parallel()
	rollback, deleted := createdObjects(never, "a", "b")
	rollback.Forget("b")
	rollback.Sending("c", Object{Name: "token c"})
	undone, err := rollback.UndoAll(t.Context(), oneAtATime(t))
	check(t, err)
	if !slices.Equal(*deleted, []string{"a"}) || len(undone) != 1 {
		t.Errorf("deleted %q, returned %v", *deleted, undone)
	}
	for _, key := range []string{"b", "c", "unknown"} {
		if undone, err := rollback.Undo(t.Context(), key); undone || err != nil {
			t.Errorf("%s: %v, %v", key, undone, err)
		}
	}
}

func TestAnObjectIsDeletedOnce(t *testing.T) {
	t.Parallel()
	rollback, deleted := createdObjects(never, "a")
	for i, want := range []bool{true, false} {
		if undone, err := rollback.Undo(t.Context(), "a"); undone != want || err != nil {
			t.Errorf("call %d: %v, %v", i+1, undone, err)
		}
	}
	undone, err := rollback.UndoAll(t.Context(), oneAtATime(t))
	check(t, err)
	if len(undone) != 0 || len(*deleted) != 1 {
		t.Errorf("deleted %q, returned %v", *deleted, undone)
	}
}

func TestARollbackWorksUnderACancelledContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rollback, _ := createdObjects(never, "a")
	undone, err := rollback.UndoAll(ctx, oneAtATime(t))
	check(t, err)
	if len(undone) != 1 {
		t.Errorf("returned %v", undone)
	}
}

func TestAnObjectThatCannotBeDeletedIsNamedAndTheOthersAreDeleted(t *testing.T) {
	t.Parallel()
	rollback, deleted := createdObjects(func(name string) error {
		if name == "b" {
			return &failure.Error{Reason: failure.Forbidden, Err: errors.New("not allowed")}
		}
		return nil
	}, "a", "b", "c")
	undone, err := rollback.UndoAll(t.Context(), oneAtATime(t))
	wantError(t, err, failure.Forbidden, "token b still exists in context hub", "not allowed")
	if hint := hintOf(err); hint != "remove it with: joinctl token delete b" {
		t.Errorf("hint %q", hint)
	}
	if !slices.Equal(*deleted, []string{"c", "b", "a"}) || !slices.Equal(namesOf(undone), []string{"token c", "token a"}) {
		t.Errorf("deleted %q, returned %v", *deleted, undone)
	}
}

func TestOnlyAFailureThatLeavesOpenWhetherTheObjectExistsNamesIt(t *testing.T) {
	t.Parallel()
	rollback := &Rollback[string]{}
	rollback.Sending("a", Object{Name: "token a", Remove: "joinctl token delete a"})
	for reason, named := range map[failure.Reason]bool{
		failure.Unreachable: false, failure.Timeout: true, failure.Unauthorized: false, failure.Forbidden: false,
		failure.NotFound: false, failure.Conflict: false, failure.Invalid: false, failure.CredentialPlugin: false,
		failure.Unsupported: false, failure.Interrupted: false, failure.Unknown: true, failure.Internal: false,
	} {
		err := error(&failure.Error{Reason: reason, Err: errors.New("cause")})
		if other := rollback.Explain("never sent", err); !errors.Is(other, err) || hintOf(other) != "" {
			t.Errorf("%s: of no object it said %v", reason, other)
		}
		got := rollback.Explain("a", err)
		if !named {
			if got.Error() != "cause" || failure.ReasonOf(got) != reason {
				t.Errorf("%s: %v", reason, got)
			}
			continue
		}
		wantError(t, got, failure.Unknown, "token a may exist: cause")
		if hintOf(got) != "if it exists, remove it with: joinctl token delete a" {
			t.Errorf("%s: hint %q", reason, hintOf(got))
		}
	}
	for reason, err := range map[failure.Reason]error{
		failure.TooManyRequests: apierrors.NewTooManyRequests("slow down", 0),
		failure.Timeout:         failure.NotSent{Err: context.DeadlineExceeded},
	} {
		if got := rollback.Explain("a", err); failure.ReasonOf(got) != reason || got.Error() != err.Error() {
			t.Errorf("of a request that changed nothing it said %v", got)
		}
	}
	if err := rollback.Explain("a", nil); err != nil {
		t.Errorf("of no error it made %v", err)
	}
}
