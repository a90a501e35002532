// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// TestASweepDeletesSeveralObjectsAtOnce lets no deletion end before another one has begun.
func TestASweepDeletesSeveralObjectsAtOnce(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("m1"), firstToken, secondToken)
	var begun atomic.Int32
	both := make(chan struct{})
	for _, name := range []string{firstName, secondName} {
		server.On(http.MethodDelete, secretsPath+"/"+name, apitest.Do(func(*http.Request) {
			if begun.Add(1) == 2 {
				close(both)
			}
			select {
			case <-both:
			case <-time.After(10 * time.Second):
				t.Error("the second deletion waits for the first")
			}
		}))
	}
	s, _ := newSession(t, servers{"a": server})
	deleted, failures, err := sweeping(s, "m1").Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 2)
	wantStored(t, server)
	if got := namesOfDeleted(deleted); len(got) != 2 || got[0] != "a/abcdef" || got[1] != "a/bbbbbb" {
		t.Errorf("deleted %q", got)
	}
}

// A target has 60 seconds, in which thousands of objects cannot be deleted.
func TestATargetWithManyObjectsGetsMoreTime(t *testing.T) {
	t.Parallel()
	const objects = 1000
	s, _ := newSession(t, servers{"a": apitest.New(t)})
	var left time.Duration
	r := &Removal[string]{
		Session: s, Describe: describeToken, Name: func(name string) string { return name },
		Find: func(ctx context.Context, _ fleet.Target, _ *kube.Client, _ session.Ref) ([]string, error) {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return nil, nil
		},
	}
	for i := range objects {
		r.Refs = append(r.Refs, session.Ref{Name: fmt.Sprintf("bootstrap-token-%06d", i)})
	}
	_, _, err := r.Run(t.Context())
	check(t, err)
	if want := 4 * time.Minute; left < want-30*time.Second {
		t.Errorf("%v are left for %d objects, want about %v", left, objects, want)
	}
}
