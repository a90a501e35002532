// SPDX-License-Identifier: Apache-2.0

package token

import (
	"errors"
	"time"
)

// An Expiry is a moment at which a token expires, in whole seconds, UTC. Zero: none is given.
type Expiry time.Time

// UnmarshalText parses a time in RFC 3339.
func (e *Expiry) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil || at.IsZero() {
		return errors.New("must be a time in RFC 3339, such as 2027-01-02T15:04:05Z")
	}
	*e = Expiry(at.UTC().Truncate(time.Second))
	return nil
}

// MarshalText returns the time in RFC 3339, "" for none.
func (e Expiry) MarshalText() ([]byte, error) {
	if e.IsZero() {
		return nil, nil
	}
	return []byte(time.Time(e).Format(time.RFC3339)), nil
}

// IsZero reports whether no moment is given.
func (e Expiry) IsZero() bool { return time.Time(e).IsZero() }

// A Lifetime says when a token expires: a time from now, or at a moment.
type Lifetime struct {
	TTL     time.Duration // from now; 0: never, unless At is given
	Expires Expiry
}

// NeverEnds reports whether a token with this lifetime never expires.
func (l Lifetime) NeverEnds() bool { return l.TTL == 0 && l.Expires.IsZero() }

// End returns when a token expires, zero for never, given the server's time. A moment in the past is Invalid.
func (l Lifetime) End(now time.Time) (time.Time, error) {
	switch at := time.Time(l.Expires); {
	case l.NeverEnds():
		return time.Time{}, nil
	case at.IsZero():
		return now.Add(l.TTL).UTC().Truncate(time.Second), nil
	case !at.After(now):
		return time.Time{}, invalid("", "a token cannot expire at %s: it is %s already", stamp(at), stamp(now))
	default:
		return at, nil
	}
}
