// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// delayed answers after a time.
func delayed(by time.Duration, handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(by):
			handle(w, r)
		case <-r.Context().Done():
		}
	}
}

// Joiners wait for each answer for 10 seconds: two slow answers take longer than that.
func TestASlowAnswerIsWaitedForAsLongAsAJoinerDoes(t *testing.T) {
	t.Parallel()
	const slow = 4600 * time.Millisecond
	t.Run("Replay", func(t *testing.T) {
		t.Parallel()
		p := build(t, "127.0.0.1")
		attempt := welcome(t, p)
		p.handle[infoPath] = delayed(slow, p.info)
		for _, step := range replayed(t, attempt) {
			if step.Status != OK && step.Name != stepTimeLeft {
				t.Errorf("%+v", step)
			}
		}
	})
	t.Run("Verify", func(t *testing.T) {
		t.Parallel()
		p := build(t, "127.0.0.1")
		p.handle[infoPath] = delayed(slow, p.info)
		result, err := Verify(t.Context(), p.admin(), join.Karmada, p.endpoint())
		if err != nil || len(result.Pins) != 1 || len(result.Warnings) != 1 {
			t.Errorf("got %+v, %v", result, err)
		}
	})
}

// An answer that does not come in time, or that asks to try again later, is no proof that a join fails.
func TestAStepWithoutAnAnswerInTimeIsUnknown(t *testing.T) {
	t.Parallel()
	never := delayed(2*time.Second, http.NotFound)
	for name, test := range map[string]struct {
		joiner join.Joiner
		path   string
		handle http.HandlerFunc
		step   string
		after  string // a step that depends on it; "": none
		says   string
	}{
		"cluster-info":  {join.Karmada, infoPath, never, stepClusterInfo, stepPin, "nothing answered in time"},
		"authenticates": {join.Karmada, whoPath, never, stepAuthentication, stepCSR, "nothing answered in time"},
		"request":       {join.Karmada, csrPath, never, stepCSR, "", "nothing answered in time"},
		"approval":      {join.Karmada, mayPath, never, stepApproval, "", "nothing answered in time"},
		"API group":     {join.Karmada, groupPath, never, "karmada-api", "", "nothing answered in time"},
		"object": {
			join.Kubeadm, "/api/v1/namespaces/kube-system/configmaps/kubeadm-config", never, "kubeadm-config", "",
			"nothing answered in time",
		},
		"too many requests": {join.Karmada, infoPath, refusing(apierrors.NewTooManyRequests("busy", 0)), stepClusterInfo, stepPin, "busy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			attempt := welcome(t, p)
			attempt.Joiner = test.joiner
			p.handle[test.path] = test.handle
			member := Member{UserAgent: "joinctl/test", Now: time.Now, Rand: rand.Reader, timeout: 500 * time.Millisecond}
			steps := map[string]Step{}
			for _, step := range member.Replay(t.Context(), attempt) {
				steps[step.Name] = step
			}
			if got := steps[test.step]; got.Status != Unknown || !strings.Contains(got.Cause, test.says) || got.Fix == "" {
				t.Errorf("%+v", got)
			}
			if got := steps[test.after]; test.after != "" && (got.Status != Skipped || !strings.Contains(got.Cause, "the step "+test.step)) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A timeout is no cause: the hint is not about the certificate.
func TestASecondReadingThatTakesTooLongIsNotTheCertificatesFault(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	p.config.Timeout = 500 * time.Millisecond
	var read atomic.Int64
	p.handle[infoPath] = func(w http.ResponseWriter, r *http.Request) {
		if read.Add(1) > 1 {
			delayed(2*time.Second, p.info)(w, r)
			return
		}
		p.info(w, r)
	}
	_, err := Verify(t.Context(), p.admin(), join.Karmada, p.endpoint())
	refused(t, err, failure.Timeout, "read cluster-info at "+p.endpoint().HostPort(), "")
	if known := (*failure.Error)(nil); errors.As(err, &known) && known.Hint != "" {
		t.Errorf("the hint is %q", known.Hint)
	}
}
