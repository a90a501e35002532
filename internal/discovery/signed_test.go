// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// A wire is a server without a network, which works with the fake clock of synctest.
type wire func(*http.Request) (code int, object any, err error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	code, object, err := w(r)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

// waiting returns a Result with a cluster-info that gets its signature after some time.
func waiting(t *testing.T, look func(since time.Duration) (signature string)) (r *Result, readings *int) {
	t.Helper()
	text := kubeconfig(t, "https://a:1", newAuthority(t).pem)
	start := time.Now()
	readings = new(int)
	r = &Result{joiner: join.Karmada, reader: connect(t, &rest.Config{Host: "http://cp.test", Transport: wire(func(*http.Request) (int, any, error) {
		*readings++
		data := map[string]string{"kubeconfig": text}
		switch signature := look(time.Since(start)); signature {
		case "":
		case "valid":
			data["jws-kubeconfig-abcdef"] = sign(t, text, parsed(t, "abcdef.0123456789abcdef"))
		default:
			data["jws-kubeconfig-abcdef"] = signature
		}
		return http.StatusOK, configMap(data), nil
	})})}
	return r, readings
}

// waitSigned calls WaitSigned for one token, and checks that the token is left if there is an error, and only then.
func waitSigned(ctx context.Context, r *Result, upTo time.Duration, tok token.Token) error {
	left, err := r.WaitSigned(ctx, upTo, tok)
	if (len(left) == 1) != (err != nil) {
		return fmt.Errorf("%d tokens are left with %w", len(left), err)
	}
	return err
}

func TestWaitSignedReturnsSoonAfterTheSignatureAppears(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Duration{0, 60 * time.Millisecond, 3 * time.Second, 28 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			r, _ := waiting(t, func(since time.Duration) string {
				if since < at {
					return ""
				}
				return "valid"
			})
			start := time.Now()
			err := waitSigned(t.Context(), r, 30*time.Second, parsed(t, "abcdef.0123456789abcdef"))
			late := time.Since(start) - at
			if err != nil || late < 0 || late > max(at, 25*time.Millisecond) || late > time.Second {
				t.Errorf("signed after %s: got %v, %s later", at, err, late)
			}
		})
	}
}

func TestWaitSignedReturnsTheTokensThatAreNotSigned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := waiting(t, func(since time.Duration) string {
			if since < time.Second {
				return ""
			}
			return "valid"
		})
		signed, never := parsed(t, "abcdef.0123456789abcdef"), parsed(t, "zzzzzz.0123456789abcdef")
		left, err := r.WaitSigned(t.Context(), 5*time.Second, signed, never)
		if !errors.Is(err, ErrUnsigned) || !slices.Equal(left, []token.Token{never}) {
			t.Errorf("left are %v, %v", left, err)
		}
		if left, err := r.WaitSigned(t.Context(), 5*time.Second, signed, signed); err != nil || len(left) != 0 {
			t.Errorf("of signed ones are left %v, %v", left, err)
		}
		if left, err := r.WaitSigned(t.Context(), 5*time.Second); err != nil || len(left) != 0 {
			t.Errorf("of none are left %v, %v", left, err)
		}
	})
}

func TestWaitSignedTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, readings := waiting(t, func(time.Duration) string { return "" })
		start := time.Now()
		err := waitSigned(t.Context(), r, 30*time.Second, parsed(t, "abcdef.0123456789abcdef"))
		if !errors.Is(err, ErrUnsigned) || errors.Is(err, errMismatched) || time.Since(start) != 30*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		if *readings < 30 || *readings > 40 {
			t.Errorf("it looks %d times in 30 s", *readings)
		}
	})
}

func TestWaitSignedTellsAMismatchedSignatureFromNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := waiting(t, func(time.Duration) string { return "of something else" })
		err := waitSigned(t.Context(), r, 5*time.Second, parsed(t, "abcdef.0123456789abcdef"))
		if !errors.Is(err, ErrUnsigned) || !strings.Contains(err.Error(), "does not fit") {
			t.Errorf("got %v", err)
		}
	})
}

func TestWaitSignedWaitsForAStaleSignatureToBeReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := waiting(t, func(since time.Duration) string {
			if since < time.Second {
				return "stale"
			}
			return "valid"
		})
		if err := waitSigned(t.Context(), r, 5*time.Second, parsed(t, "abcdef.0123456789abcdef")); err != nil {
			t.Errorf("got %v", err)
		}
	})
}

func TestWaitSignedEndsWhenTheRunIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := waiting(t, func(time.Duration) string { return "" })
		cause := errors.New("signal: interrupt")
		ctx, interrupt := context.WithCancelCause(t.Context())
		time.AfterFunc(2*time.Second, func() { interrupt(cause) })
		start := time.Now()
		err := waitSigned(ctx, r, 30*time.Second, parsed(t, "abcdef.0123456789abcdef"))
		if !errors.Is(err, cause) || errors.Is(err, ErrUnsigned) || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestWaitSignedTellsTheTargetsTimeoutFromItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _ := waiting(t, func(time.Duration) string { return "" })
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := waitSigned(ctx, r, 30*time.Second, parsed(t, "abcdef.0123456789abcdef"))
		if failure.ReasonOf(err) != failure.Timeout || errors.Is(err, ErrUnsigned) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWaitSignedDoesNotHangWithTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &Result{joiner: join.Karmada, reader: connect(t, &rest.Config{Host: "http://cp.test", Transport: wire(func(r *http.Request) (int, any, error) {
			<-r.Context().Done()
			return 0, nil, r.Context().Err()
		})})}
		start := time.Now()
		err := waitSigned(t.Context(), r, 30*time.Second, parsed(t, "abcdef.0123456789abcdef"))
		if !errors.Is(err, ErrUnsigned) || time.Since(start) != 30*time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestWaitSignedEndsIfClusterInfoCannotBeReadAnyMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &Result{joiner: join.Karmada, reader: connect(t, &rest.Config{Host: "http://cp.test", Transport: wire(func(*http.Request) (int, any, error) {
			return http.StatusForbidden, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403}, nil
		})})}
		start := time.Now()
		err := waitSigned(t.Context(), r, 30*time.Second, parsed(t, "abcdef.0123456789abcdef"))
		if failure.ReasonOf(err) != failure.Forbidden || errors.Is(err, ErrUnsigned) || time.Since(start) > time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestWaitSignedWithoutTimeSendsNoRequest(t *testing.T) {
	t.Parallel()
	r, readings := waiting(t, func(time.Duration) string { return "" })
	tok := parsed(t, "abcdef.0123456789abcdef")
	if err := waitSigned(t.Context(), r, 0, tok); err != nil || *readings > 0 {
		t.Errorf("got %v after %d readings", err, *readings)
	}
	if err := waitSigned(t.Context(), &Result{}, time.Minute, tok); err != nil {
		t.Errorf("with nowhere to look: %v", err)
	}
}
