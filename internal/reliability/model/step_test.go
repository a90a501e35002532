// SPDX-License-Identifier: Apache-2.0

package model

import (
	"fmt"
	"strings"
	"time"
)

// A verb is what a client was told about the tokens of a cluster.
type verb string

const (
	created      verb = "created"       // the token was created, and expires so
	mayCreate    verb = "may create"    // the token may be created, now or later
	exists       verb = "exists"        // there is such a token
	handedOut    verb = "handed out"    // the token exists, expires so, and is valid for at least the given life
	noneServes   verb = "none serves"   // no token is valid for the given life
	extended     verb = "extended"      // the token expires so, and expired earlier before
	mayExtend    verb = "may extend"    // the token may get the given life, now or later
	shortened    verb = "shortened"     // the token expires so, and expired later before
	mayShorten   verb = "may shorten"   // the token may get the given life, now or later, if that is shorter
	expired      verb = "expired"       // the token expired then
	expiresLater verb = "expires later" // the token expires then, which is later than the given life
	deleted      verb = "deleted"       // the token was deleted
	mayDelete    verb = "may delete"    // the token may be deleted, now or later
	gone         verb = "gone"          // there is no such token
	pruned       verb = "pruned"        // the token had expired and was deleted
	listed       verb = "listed"        // these are all tokens
)

// A step is one thing that a client was told. It took effect at one moment between the call and the return of its operation.
type step struct {
	verb       verb
	name       string // the cluster of the tokens
	id, secret string // secret "": not told
	from, to   int64  // the server's clock at the call and at the return of the operation, in seconds
	life       int64  // the lifetime that the operation asks for, in seconds; 0: not known
	expires    int64
	previous   int64
	lost       bool // a request of the operation met a fault: somebody else can have done what the client was told
	list       tokens
	by         *operation
}

// A known is a token as the model knows it: it expires between two moments, which are the same once a client was told.
type known struct {
	id, secret  string
	first, last int64
}

// tokens are the tokens of a cluster, by ID.
type tokens []known

const slack = 2 // seconds: times are cut to the second by client and server

// String shows a step in one line.
func (s step) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-13s %s", s.verb, s.id)
	if s.verb == listed {
		for _, one := range s.list {
			fmt.Fprintf(&out, " %s until %s", one.id, clock(one.first))
		}
	}
	if s.previous != 0 {
		fmt.Fprintf(&out, " from %s", clock(s.previous))
	}
	if s.expires != 0 {
		fmt.Fprintf(&out, " until %s", clock(s.expires))
	}
	if s.life != 0 {
		fmt.Fprintf(&out, " life %s", time.Duration(s.life)*time.Second)
	}
	if s.lost {
		out.WriteString(" (a request met a fault)")
	}
	return out.String()
}

func clock(seconds int64) string { return time.Unix(seconds, 0).UTC().Format(time.TimeOnly) }
