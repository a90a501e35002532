// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// here is the time on this machine; a server is ahead or behind.
var here = time.Date(2027, 1, 2, 15, 4, 5, 678e6, time.UTC)

// clocked returns a client of a server whose clock is ahead of ours, and how often it was asked for /version.
func clocked(t *testing.T, ahead time.Duration, handler http.HandlerFunc) (*Client, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			asked.Add(1)
		}
		w.Header().Set("Date", here.Add(ahead).Format(http.TimeFormat))
		handler(w, r)
	})
	c, err := New(&rest.Config{Host: server.URL}, "joinctl/test", func() time.Time { return here })
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

func version(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"gitVersion": "v1.37.2"})
}

func forbidden(w http.ResponseWriter, _ *http.Request) {
	refuse(w, apierrors.NewForbidden(secretsResource, "", nil))
}

// undated answers without a Date, as some proxies do.
func undated(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		handler(w, r)
	}
}

func TestServerTimeIsTheServers(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{"version": version, "forbidden": forbidden} {
		for _, ahead := range []time.Duration{0, time.Second, time.Hour, -time.Hour, 30 * 24 * time.Hour} {
			c, asked := clocked(t, ahead, handler)
			for range 2 {
				now, err := c.ServerTime(t.Context())
				if want := here.Add(ahead).Truncate(time.Second); err != nil || !now.Equal(want) || now.Location() != time.UTC {
					t.Errorf("%s, %s ahead: got %s, %v; want %s", name, ahead, now, err, want)
				}
			}
			if asked.Load() != 1 {
				t.Errorf("%s, %s ahead: /version was asked for %d times", name, ahead, asked.Load())
			}
		}
	}
}

func TestServerTimeAsksNothingWhenAnAnswerWasSeen(t *testing.T) {
	t.Parallel()
	c, asked := clocked(t, time.Hour, forbidden)
	if _, err := c.Secrets("kube-system").Get(t.Context(), "x", metav1.GetOptions{}); failure.ReasonOf(err) != failure.Forbidden {
		t.Fatal(err)
	}
	now, err := c.ServerTime(t.Context())
	if want := here.Add(time.Hour).Truncate(time.Second); err != nil || !now.Equal(want) || asked.Load() != 0 {
		t.Errorf("got %s, %v after asking %d times; want %s", now, err, asked.Load(), want)
	}
}

// An identity that the server does not know will not do what the time is needed for either.
func TestServerTimeEndsWithAnIdentityThatTheServerDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"with a date":    refusing(apierrors.NewUnauthorized("who are you")),
		"without a date": undated(refusing(apierrors.NewUnauthorized("who are you"))),
	} {
		c, asked := clocked(t, 0, handler)
		if now, err := c.ServerTime(t.Context()); failure.ReasonOf(err) != failure.Unauthorized || !now.IsZero() || asked.Load() != 1 {
			t.Errorf("%s: got %s, %v after asking %d times", name, now, err, asked.Load())
		}
	}
}

func TestServerTimeWithoutADateIsThisMachines(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{"version": version, "forbidden": forbidden} {
		c, _ := clocked(t, 0, undated(handler))
		now, err := c.ServerTime(t.Context())
		if want := here.Truncate(time.Second); err != nil || !now.Equal(want) {
			t.Errorf("%s: got %s, %v; want %s", name, now, err, want)
		}
		if skew := c.Skew(); skew != 0 {
			t.Errorf("%s: a skew of %s is made up", name, skew)
		}
	}
}

func TestServerTimeFailsWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: "http://" + closedPort(t)})
	if now, err := c.ServerTime(t.Context()); failure.ReasonOf(err) != failure.Unreachable || !now.IsZero() {
		t.Errorf("got %s, %v", now, err)
	}
}

func TestSkewIsToldOnceItMatters(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]time.Duration{
		0:                 0,
		30 * time.Second:  0,
		-30 * time.Second: 0,
		31 * time.Second:  -31 * time.Second,
		-31 * time.Second: 31 * time.Second, // this machine is ahead
		-24 * time.Hour:   24 * time.Hour,
	} {
		c, _ := clocked(t, ahead, version)
		if got := c.Skew(); got != 0 {
			t.Errorf("before any answer: %s", got)
		}
		if _, err := c.ServerTime(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := c.Skew(); got != want {
			t.Errorf("server %s ahead: got %s, want %s", ahead, got, want)
		}
	}
}
