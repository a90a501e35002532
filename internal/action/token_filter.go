// SPDX-License-Identifier: Apache-2.0

package action

import (
	"slices"
	"time"

	"github.com/joinctl/joinctl/internal/token"
)

// A TokenFilter says which tokens a list shows: those that meet every condition that is set. Times are those of the server.
type TokenFilter struct {
	Expired        bool          // the status is expired
	Active         bool          // the status is ok
	NeverExpires   bool          // there is no expiry
	ExpiringWithin time.Duration // the expiry is ahead, and no further than this; 0: any
	Usages         []string      // each of these is enabled
	Groups         []string      // each of these is an extra group
	Pending        bool          // the token is for a cluster that has not joined: its ClusterStatus has to be known
}

// Matches reports whether a list shows a token.
func (f TokenFilter) Matches(t ListedToken) bool {
	left := t.Spec.Expires.Sub(t.Now)
	switch {
	case f.Expired && t.Health.Status != token.Expired,
		f.Active && t.Health.Status != token.OK,
		f.NeverExpires && !t.neverExpires(),
		f.ExpiringWithin > 0 && (t.Spec.Expires.IsZero() || left <= 0 || left > f.ExpiringWithin),
		f.Pending && t.ClusterStatus != ClusterNotJoined:
		return false
	}
	return containsAll(t.Spec.Usages, f.Usages) && containsAll(t.Spec.Groups, f.Groups)
}

// neverExpires reports whether the token has no expiry. One that the server cannot read is an expiry: the server deletes
// the token.
func (t *ListedToken) neverExpires() bool {
	return t.Spec.Expires.IsZero() && !token.HasExpiration(t.Secret)
}

func containsAll(all, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(one string) bool { return !slices.Contains(all, one) })
}
