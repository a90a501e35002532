// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// localTime is the time of this machine.
var localTime = time.Date(2027, 1, 2, 15, 4, 5, 678e6, time.UTC)

// connectAhead returns a client for a server with a clock that is ahead, and counts the requests for /version.
func connectAhead(t *testing.T, ahead time.Duration, handler http.HandlerFunc) (*Client, *atomic.Int64) {
	t.Helper()
	var requests atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			requests.Add(1)
		}
		w.Header().Set("Date", localTime.Add(ahead).Format(http.TimeFormat))
		handler(w, r)
	})
	c, err := New(&rest.Config{Host: server.URL}, "joinctl/test", func() time.Time { return localTime })
	if err != nil {
		t.Fatal(err)
	}
	return c, &requests
}

// version answers GET /version, and as the version of an API group that is asked for.
func version(w http.ResponseWriter, r *http.Request) {
	if group, ok := strings.CutPrefix(r.URL.Path, "/apis/"); ok {
		answer(w, http.StatusOK, metav1.APIResourceList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"}, GroupVersion: group})
		return
	}
	answer(w, http.StatusOK, map[string]string{"gitVersion": "v1.37.2"})
}

func forbidden(w http.ResponseWriter, _ *http.Request) {
	refuse(w, apierrors.NewForbidden(secretsResource, "", nil))
}

// withoutDate removes the Date header, as some proxies do.
func withoutDate(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		handler(w, r)
	}
}

func TestServerTimeIsTheTimeOfTheServer(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{"version": version, "forbidden": forbidden} {
		for _, ahead := range []time.Duration{0, time.Second, time.Hour, -time.Hour, 30 * 24 * time.Hour} {
			c, requests := connectAhead(t, ahead, handler)
			for range 2 {
				now, err := c.ServerTime(t.Context())
				if want := localTime.Add(ahead).Truncate(time.Second); err != nil || !now.Equal(want) || now.Location() != time.UTC {
					t.Errorf("%s, %s ahead: got %s, %v; want %s", name, ahead, now, err, want)
				}
			}
			if requests.Load() != 1 {
				t.Errorf("%s, %s ahead: %d requests for /version", name, ahead, requests.Load())
			}
		}
	}
}

func TestServerTimeSendsNoRequestAfterAnyResponse(t *testing.T) {
	t.Parallel()
	c, requests := connectAhead(t, time.Hour, forbidden)
	if _, err := c.Secrets("kube-system").Get(t.Context(), "x", metav1.GetOptions{}); failure.ReasonOf(err) != failure.Forbidden {
		t.Fatal(err)
	}
	now, err := c.ServerTime(t.Context())
	if want := localTime.Add(time.Hour).Truncate(time.Second); err != nil || !now.Equal(want) || requests.Load() != 0 {
		t.Errorf("got %s, %v after %d requests; want %s", now, err, requests.Load(), want)
	}
}

// Every later request of an unauthenticated client would fail too.
func TestServerTimeReturnsUnauthorized(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"with a date":    refusing(apierrors.NewUnauthorized("Unauthorized")),
		"without a date": withoutDate(refusing(apierrors.NewUnauthorized("Unauthorized"))),
	} {
		c, requests := connectAhead(t, 0, handler)
		if now, err := c.ServerTime(t.Context()); failure.ReasonOf(err) != failure.Unauthorized || !now.IsZero() || requests.Load() != 1 {
			t.Errorf("%s: got %s, %v after %d requests", name, now, err, requests.Load())
		}
	}
}

func TestServerTimeWithoutADateHeaderIsTheTimeOfThisMachine(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{"version": version, "forbidden": forbidden} {
		c, _ := connectAhead(t, 0, withoutDate(handler))
		now, err := c.ServerTime(t.Context())
		if want := localTime.Truncate(time.Second); err != nil || !now.Equal(want) {
			t.Errorf("%s: got %s, %v; want %s", name, now, err, want)
		}
		if skew := c.Skew(); skew != 0 {
			t.Errorf("%s: got a skew of %s", name, skew)
		}
	}
}

func TestServerTimeReturnsAFailureToConnect(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: "http://" + closedPort(t)})
	if now, err := c.ServerTime(t.Context()); failure.ReasonOf(err) != failure.Unreachable || !now.IsZero() {
		t.Errorf("got %s, %v", now, err)
	}
}

func TestTheExpiryOfACredentialIsNotCountedFromAClockThatIsADayOff(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for ahead, fails := range map[time.Duration]bool{
		0: false, time.Hour: false, -day: false, day: false, day + 2*time.Second: true, -day - 2*time.Second: true,
		-56 * 365 * day: true, // a clock that starts at the epoch
		292 * 365 * day: true,
	} {
		c, _ := connectAhead(t, ahead, version)
		now, err := c.TimeForExpiry(t.Context())
		server, here := localTime.Add(ahead).Truncate(time.Second), localTime.Truncate(time.Second).Format(time.RFC3339)
		switch {
		case !fails && (err != nil || !now.Equal(server)):
			t.Errorf("%s ahead: got %s, %v", ahead, now, err)
		case fails && (failure.ReasonOf(err) != failure.Invalid || !now.IsZero()):
			t.Errorf("%s ahead: got %s, %v", ahead, now, err)
		case fails && (!strings.Contains(err.Error(), server.Format(time.RFC3339)) || !strings.Contains(err.Error(), here)):
			t.Errorf("%s ahead: it does not name both times: %v", ahead, err)
		}
	}
}

func TestSkewIsReportedAboveThirtySeconds(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]time.Duration{
		0:                 0,
		30 * time.Second:  0,
		-30 * time.Second: 0,
		31 * time.Second:  -31 * time.Second,
		-31 * time.Second: 31 * time.Second, // this machine is ahead
		-24 * time.Hour:   24 * time.Hour,
	} {
		c, _ := connectAhead(t, ahead, version)
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
