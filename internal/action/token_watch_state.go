// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"reflect"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// longestPause is how long a watch waits at most before it asks a target again that fails.
const longestPause = time.Minute

// A watchedTarget is what a watch knows of a target.
type watchedTarget struct {
	target fleet.Target
	client *kube.Client // nil: there is none yet
	due    time.Time    // when it is listed again, by this machine's clock
	pause  time.Duration

	tokens   []ListedToken // of the last list that did not fail
	err      error         // of the last list
	reported []ListedToken
	reason   failure.Reason // of the failure that is reported; "": none
}

func targetsOf(all []*watchedTarget) []fleet.Target {
	targets := make([]fleet.Target, len(all))
	for i, one := range all {
		targets[i] = one.target
	}
	return targets
}

func closeAll(all []*watchedTarget) {
	for _, one := range all {
		if one.client != nil {
			one.client.Close()
		}
	}
}

// update takes over the results of a round of lists. A target that fails keeps its tokens, and is asked less and less often.
func (w *TokenWatch) update(all []*watchedTarget, results []session.Result[opened], elapsed time.Duration) {
	pause := cmp.Or(w.Pause, watchPause)
	for i, one := range all {
		result := results[i]
		one.client = cmp.Or(one.client, result.Value.client)
		one.err = result.Err
		if result.Err == nil {
			one.tokens, one.pause = result.Value.tokens, pause
		} else {
			one.pause = min(max(2*one.pause, pause), longestPause)
		}
		one.due = w.List.Session.Now().Add(max(one.pause, elapsed))
	}
}

// changes returns what is not reported yet.
func (w *TokenWatch) changes(all []*watchedTarget) TokenChanges {
	out := TokenChanges{Failures: w.List.Session.NewFailures()}
	for _, one := range all {
		out.Tokens = append(out.Tokens, tokenChanges(one.reported, one.tokens)...)
		reason := failure.ReasonOf(one.err)
		switch reason {
		case one.reason:
		case "":
			out.Recovered = append(out.Recovered, one.target)
		default:
			out.Failures.Add(one.target, one.err)
		}
		one.reported, one.reason = one.tokens, reason
	}
	return out
}

// failures returns the failures of the targets that did not answer last.
func (w *TokenWatch) failures(all []*watchedTarget) *session.Failures {
	out := w.List.Session.NewFailures()
	for _, one := range all {
		if one.err != nil {
			out.Add(one.target, one.err)
		} else {
			out.Done++
		}
	}
	return out
}

// tokenChanges compares two lists of the tokens of a target.
func tokenChanges(before, after []ListedToken) []TokenChange {
	old, left := map[types.UID]ListedToken{}, map[types.UID]bool{}
	for _, one := range before {
		old[one.Secret.UID] = one
	}
	for _, one := range after {
		left[one.Secret.UID] = true
	}
	var out []TokenChange
	for _, one := range before {
		if !left[one.Secret.UID] {
			out = append(out, TokenChange{one, TokenDeleted})
		}
	}
	for _, one := range after {
		switch last, known := old[one.Secret.UID]; {
		case !known:
			out = append(out, TokenChange{one, TokenAdded})
		case !one.looksLike(last):
			out = append(out, TokenChange{one, TokenModified})
		}
	}
	return out
}

// looksLike reports whether nothing but the time changed between two lists of a token.
func (t ListedToken) looksLike(last ListedToken) bool {
	return t.Secret.ResourceVersion == last.Secret.ResourceVersion && t.Health == last.Health &&
		t.ClusterStatus == last.ClusterStatus && reflect.DeepEqual(t.Uses, last.Uses)
}
