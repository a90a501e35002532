// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"slices"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// watchPause is how long a watch waits between two lists of a target. It waits longer where the lists take longer, so that it
// lists for at most half of the time.
const watchPause = 2 * time.Second

// TokenWatch lists the tokens of every target again and again, and reports what changed. It does not use the API's watch: that
// has no event when a token expires, when its cluster joins, or when somebody uses it. A list needs no recovery after lost
// events either: a target that did not answer is up to date after the next list.
type TokenWatch struct {
	List   *TokenList
	Pause  time.Duration            // between two lists; 0: 2 seconds
	Report func(TokenChanges) error // receives the first list, and then what changed; an error ends the watch
}

// A TokenEvent says how a token changed, in the words of the API's watch.
type TokenEvent string

// The events.
const (
	TokenAdded    TokenEvent = "ADDED"
	TokenModified TokenEvent = "MODIFIED"
	TokenDeleted  TokenEvent = "DELETED" // or it does not match the filter any more
)

// A TokenChange is a token that changed, as it is now, or as it was last where it is deleted.
type TokenChange struct {
	ListedToken
	Event TokenEvent
}

// TokenChanges is what changed since the last report, in the order of the targets.
type TokenChanges struct {
	Tokens    []TokenChange
	Failures  *session.Failures // of targets that answered before, or failed for another reason
	Recovered []fleet.Target    // that failed before
}

// Run watches until ctx ends. If no target answers at the beginning, it ends at once. The failures are those of the targets
// that did not answer at the end, none after an interrupt. The error is that of Report, or says that nothing was attempted.
func (w *TokenWatch) Run(ctx context.Context) (*session.Failures, error) {
	w.List.watched = true
	results, err := session.EachOpen(ctx, w.List.Session, 0, w.open)
	if err != nil {
		return nil, err
	}
	all := make([]*watchedTarget, len(results))
	answered := false
	for i, result := range results {
		all[i] = &watchedTarget{target: result.Key}
		answered = answered || result.Err == nil
	}
	defer closeAll(all)
	w.update(all, results, 0)
	w.List.Session.Terminal.HideProgress()
	for answered && ctx.Err() == nil {
		if changes := w.changes(all); len(changes.Tokens) > 0 || changes.Failures.Any() || len(changes.Recovered) > 0 {
			if err := w.Report(changes); err != nil {
				return nil, err
			}
		}
		w.next(ctx, all)
	}
	if answered && errors.Is(ctx.Err(), context.Canceled) {
		return w.List.Session.NewFailures(), nil
	}
	return w.failures(all), nil
}

// opened is a client that a watch keeps, and a list with it.
type opened struct {
	client *kube.Client
	tokens []ListedToken
}

func (w *TokenWatch) open(ctx context.Context, target fleet.Target, c *kube.Client) (opened, error) {
	tokens, err := w.List.onTarget(ctx, target, c)
	return opened{c, w.List.shown(tokens)}, err
}

// next waits until a target is due, and lists the tokens of those that are.
func (w *TokenWatch) next(ctx context.Context, all []*watchedTarget) {
	now := w.List.Session.Now
	first := slices.MinFunc(all, func(a, b *watchedTarget) int { return a.due.Compare(b.due) })
	select {
	case <-ctx.Done():
		return
	case <-time.After(first.due.Sub(now())):
	}
	started := now()
	var due, unopened []*watchedTarget
	for _, one := range all {
		switch {
		case one.due.After(started):
		case one.client == nil:
			unopened = append(unopened, one)
		default:
			due = append(due, one)
		}
	}
	klog.V(4).InfoS("listing again", "targets", len(due)+len(unopened))
	results := append(w.again(ctx, due), session.OnOpen(ctx, w.List.Session, targetsOf(unopened), 0, w.open)...)
	if ctx.Err() == nil { // a list that was cut off says nothing about its target
		w.update(append(due, unopened...), results, now().Sub(started))
	}
}

// again lists with the clients that are there: a new one would log in and shake hands again.
func (w *TokenWatch) again(ctx context.Context, all []*watchedTarget) []session.Result[opened] {
	clients := map[string]*kube.Client{} // by context: no target is a member
	for _, one := range all {
		clients[one.target.Context] = one.client
	}
	runner := session.Runner[fleet.Target](w.List.Session, len(all), 0)
	return fleet.Each(ctx, runner, targetsOf(all), func(_ context.Context, target fleet.Target, ready fleet.Ready) (opened, error) {
		ctx, err := ready()
		if err != nil {
			return opened{}, err
		}
		return w.open(ctx, target, clients[target.Context])
	})
}
