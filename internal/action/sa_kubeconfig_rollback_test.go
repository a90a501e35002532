// SPDX-License-Identifier: Apache-2.0

package action

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/session"
)

// slowTargets returns so many servers that never answer a DELETE, and a session that visits all of them at once.
func slowTargets(t *testing.T, count int) (servers, *session.Session) {
	t.Helper()
	all := servers{}
	for i := range count {
		server := withRobot(t)
		server.On(http.MethodDelete, "", apitest.Hang(nil))
		all[fmt.Sprintf("c%02d", i)] = server
	}
	s, _ := newSession(t, all, func(s *session.Session) { s.Parallel, s.RequestTimeout = count, 3*time.Second })
	return all, s
}

// nameOfSecret returns the name of the only Secret of a server.
func nameOfSecret(t *testing.T, server *apitest.Server) string {
	t.Helper()
	secrets := server.Secrets("default")
	if len(secrets) != 1 {
		t.Fatalf("there are %d secrets", len(secrets))
	}
	return secrets[0].Name
}

// A DELETE that hangs ends after the three seconds that a request gets: one by one, the roll-back would take as long for each
// target.
const slowCount, slowLimit = 12, 15 * time.Second

func TestTheTokensOfAKubeconfigThatCannotBeDeliveredAreRevokedAtOnceAndAllNamed(t *testing.T) {
	t.Parallel()
	all, s := slowTargets(t, slowCount)
	a, _ := exporting(s)
	a.Revocable = true
	var start time.Time
	a.Deliver = func([]byte) error { start = time.Now(); return errClosedPipe }
	_, err := a.Run(t.Context())
	if elapsed := time.Since(start); elapsed > slowLimit {
		t.Errorf("the roll-back takes %s", elapsed)
	}
	for name, server := range all {
		wantText(t, err.Error(), "secret default/"+nameOfSecret(t, server)+" may still exist in context "+name)
	}
}

func TestTokensThatFitInNoKubeconfigAreRevokedAtOnceAndAllNamed(t *testing.T) {
	t.Parallel()
	all, s := slowTargets(t, slowCount)
	a, delivered := exporting(s)
	a.Revocable, a.UserName = true, "bot" // only one context can have this user
	start := time.Now()
	exported, err := a.Run(t.Context())
	check(t, err)
	if elapsed := time.Since(start); elapsed > slowLimit {
		t.Errorf("the roll-back takes %s", elapsed)
	}
	names := slices.Sorted(maps.Keys(all))
	for i, failed := range wantFailures(t, exported.Failures, 1, names[1:]...) {
		name := names[i+1]
		wantText(t, failed.Err.Error(), "exists already", "secret default/"+nameOfSecret(t, all[name])+" may still exist in context "+name)
	}
	if !strings.Contains(delivered.String(), all[names[0]].URL) {
		t.Errorf("delivered %s", delivered)
	}
}
