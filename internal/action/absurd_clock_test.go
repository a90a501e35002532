// SPDX-License-Identifier: Apache-2.0

package action

import (
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

// A token that lives for an hour of an absurd clock lives for centuries, or has expired.
func TestNoTokenIsCreatedByAClockThatIsADayOff(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, ahead := range []time.Duration{2 * day, -2 * day, 290 * 365 * day, -50 * 365 * day} {
		server := apitest.New(t, apitest.Karmada, apitest.Joinable)
		server.Clock(ahead)
		s, _ := newSession(t, servers{"hub": server})
		a := creation(s)
		a.TTL = time.Hour
		created, err := a.Run(t.Context())
		check(t, err)
		both := []string{time.Now().Add(ahead).UTC().Format("2006-01-"), time.Now().UTC().Format("2006-01-")}
		adminWantFailure(t, created.Failures, failure.Invalid, both...)
		wantRequests(t, server, "GET /version")

		found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
		adminWantFailure(t, found.Failures, failure.Invalid, both...)
		if f := findingOf(found, "clock"); f.Evidence == "" {
			t.Errorf("%s ahead: doctor does not report the clock: %+v", ahead, found.Targets[0].Findings)
		}
		wantNoToken(t, server)
	}
}

func TestATokenThatNeverExpiresNeedsNoClock(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Clock(1000 * time.Hour)
	s, _ := newSession(t, servers{"hub": server})
	if created := mustCreate(t, creation(s)); len(created.Tokens) != 1 {
		t.Errorf("created %+v", created)
	}
}
