// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// The clocks of this machine and the server may differ by more than the lifetime of a token.
func TestTheAgeOfACachedTokenDoesNotDependOnTheServersClock(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_000_000, 0)
	for _, ahead := range []time.Duration{0, 12 * time.Minute, -12 * time.Minute, 50 * time.Minute, -50 * time.Minute, 48 * time.Hour, -48 * time.Hour} {
		for _, test := range []struct {
			after    time.Duration
			requests int32
		}{{0, 1}, {time.Minute, 1}, {47 * time.Minute, 1}, {48 * time.Minute, 2}, {time.Hour, 2}} {
			cache, requests := Cache{Dir: t.TempDir()}, new(atomic.Int32)
			for _, at := range []time.Time{start, start.Add(test.after)} {
				got, err := cache.Fetch(t.Context(), key, clockAt(at), countedRequest(t, at.Add(ahead), requests))
				if err != nil || got.CacheErr != nil {
					t.Fatal(got, err)
				}
				if issued := got.Token.Claims.IssuedAt.Add(-ahead); !got.Expires.Equal(issued.Add(time.Hour)) {
					t.Errorf("server ahead by %s: a token of %s expires at %s by this machine's clock", ahead, issued, got.Expires)
				}
			}
			if requests.Load() != test.requests {
				t.Errorf("server ahead by %s, after %s: %d requests, not %d", ahead, test.after, requests.Load(), test.requests)
			}
		}
	}
}

func TestACachedTokenIsNotUsedAfterItsLifetimeIfTheRequestFails(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_000_000, 0)
	for _, ahead := range []time.Duration{-time.Hour, time.Hour} {
		cache, requests := Cache{Dir: t.TempDir()}, new(atomic.Int32)
		if _, err := cache.Fetch(t.Context(), key, clockAt(start), countedRequest(t, start.Add(ahead), requests)); err != nil {
			t.Fatal(err)
		}
		got, err := cache.Fetch(t.Context(), key, clockAt(start.Add(59*time.Minute)), refusedRequest)
		if err != nil || got.Token.IsZero() || !errors.Is(got.RenewErr, errRefused) {
			t.Errorf("server ahead by %s, in the last minute: %+v, %v", ahead, got, err)
		}
		if _, err := cache.Fetch(t.Context(), key, clockAt(start.Add(time.Hour)), refusedRequest); !errors.Is(err, errRefused) {
			t.Errorf("server ahead by %s, after it expired: %v", ahead, err)
		}
	}
}

func TestATokenIsAsOldAsItsRequestAndNotAsItsResponse(t *testing.T) {
	t.Parallel()
	start, cache := time.Unix(1_000_000, 0), Cache{Dir: t.TempDir()}
	now := start
	slow := func(ctx context.Context) (Token, error) {
		now = now.Add(time.Minute)
		return countedRequest(t, start, new(atomic.Int32))(ctx)
	}
	got, err := cache.Fetch(t.Context(), key, func() time.Time { return now }, slow)
	if err != nil || !got.Expires.Equal(start.Add(time.Hour)) {
		t.Errorf("got %s, %v", got.Expires, err)
	}
}

// Nobody knows the age of these tokens.
func TestFetchReplacesATokenOfUnknownAge(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	tok := testToken(t, jwtFor(now, now.Add(time.Hour)), time.Time{}, 3600)
	for name, requested := range map[string]time.Time{
		"of an earlier release":   {},
		"the clock was set back":  now.Add(time.Minute),
		"the clock was set ahead": now.Add(-24 * time.Hour),
	} {
		cache, requests := Cache{Dir: t.TempDir()}, new(atomic.Int32)
		content, err := cachedToken{tok, requested}.encode()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(cache.file(key), content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := cache.Fetch(t.Context(), key, clockAt(now), countedRequest(t, now, requests))
		if err != nil || requests.Load() != 1 || !got.Expires.Equal(now.Add(time.Hour)) {
			t.Errorf("%s: %d requests, %+v, %v", name, requests.Load(), got, err)
		}
	}
}
