// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestATokenIsReplacedOnlyForAReason(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for name, test := range map[string]struct {
		issued, expires time.Duration // from now
		minLeft         time.Duration
		subject, reason string // subject "": that of the ServiceAccount
		immortal        bool
	}{
		"fresh":                                {issued: 0, expires: time.Hour},
		"half is left":                         {issued: -30 * time.Minute, expires: 30 * time.Minute},
		"less than half is left":               {issued: -31 * time.Minute, expires: 29 * time.Minute, reason: "29m is left of it, less than 30m"},
		"the server grants less than asked":    {issued: -6 * time.Minute, expires: 6 * time.Minute},
		"half of what the server grants":       {issued: -7 * time.Minute, expires: 5 * time.Minute, reason: "5m is left of it, less than 6m"},
		"min-left":                             {issued: -time.Minute, expires: 59 * time.Minute, minLeft: time.Hour, reason: "less than 1h"},
		"min-left is reached":                  {issued: -50 * time.Minute, expires: 10 * time.Minute, minLeft: 10 * time.Minute},
		"expired":                              {issued: -time.Hour, expires: 0, reason: "it expired at 1970-01-12T13:46:40Z"},
		"expires in ten years":                 {issued: -time.Hour, expires: 10 * 365 * 24 * time.Hour, reason: "more than the requested 1h"},
		"a little longer than asked":           {issued: 0, expires: time.Hour + 5*time.Minute},
		"never expires":                        {immortal: true, reason: "it never expires"},
		"of another ServiceAccount":            {issued: 0, expires: time.Hour, subject: "system:serviceaccount:default:other", reason: "it is of another ServiceAccount"},
		"issued by a server with a fast clock": {issued: time.Minute, expires: time.Hour + time.Minute},
	} {
		claims := Claims{Subject: "system:serviceaccount:default:robot", IssuedAt: now.Add(test.issued), Expires: now.Add(test.expires)}
		if test.subject != "" {
			claims.Subject = test.subject
		}
		if test.immortal {
			claims.Expires = time.Time{}
		}
		got := Renewal{Account{"default", "robot"}, time.Hour, test.minLeft}.Reason(claims, now)
		if (got == "") != (test.reason == "") || !strings.Contains(got, test.reason) {
			t.Errorf("%s: %q, want %q", name, got, test.reason)
		}
	}
}

func TestATokenThatIsDueAtOnceDoesNotOutlast(t *testing.T) {
	t.Parallel()
	issued := time.Unix(1000, 0)
	for granted, want := range map[time.Duration]bool{time.Hour: true, 30 * time.Minute: false, 10 * time.Minute: false} {
		tok := testToken(t, jwtFor(issued, issued.Add(granted)), time.Time{}, 3600)
		if got := (Renewal{Lifetime: time.Hour, MinLeft: 30 * time.Minute}).Outlasts(tok); got != want {
			t.Errorf("granted %s: %t", granted, got)
		}
		if !(Renewal{Lifetime: time.Hour}).Outlasts(tok) {
			t.Errorf("granted %s: half of it is not enough", granted)
		}
	}
}

func TestATokenThatIsNoJWTIsNotTakenForAPublishedOne(t *testing.T) {
	t.Parallel()
	for _, credential := range []string{"", "opaque", "abcdef.0123456789abcdef", jwt(`{}`, `{}`), "a b"} {
		if _, err := NewPublished(credential); !errors.Is(err, ErrNotJWT) {
			t.Errorf("%q: %v", credential, err)
		}
	}
	if tok, err := NewPublished(jwtFor(time.Unix(1000, 0), time.Unix(4600, 0))); err != nil || tok.Claims.Account != (Account{"default", "robot"}) {
		t.Errorf("%v, %v", tok, err)
	}
}
