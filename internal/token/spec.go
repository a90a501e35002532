// SPDX-License-Identifier: Apache-2.0

package token

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

// The usages of a token, as in flags and lists.
const (
	Signing        = "signing"        // the bootstrap signer signs cluster-info with the token
	Authentication = "authentication" // the token is a bearer token at the API server
)

// groupForm is the server's pattern without its anchors (k8s.io/cluster-bootstrap/token/api/types.go).
const groupForm = "system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]"

// A Spec describes a token: how long, for what and as whom it works.
type Spec struct {
	Expires     time.Time // in whole seconds; zero: never
	Usages      []string  // Signing, Authentication, in that order
	Groups      []string  // extra groups the token authenticates as, in addition to system:bootstrappers
	Description string
	For         string // the cluster that joins with the token; empty: any
}

// A TTL is how long a token is valid: 0 forever, otherwise at least a second, the unit of the server.
type TTL time.Duration

// UnmarshalText parses a Go duration.
func (t *TTL) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	switch {
	case err != nil:
		return errors.New("must be a duration such as 24h or 30m, or 0 for a token that never expires")
	case d < 0:
		return errors.New("a token cannot expire before it is created; 0 is for one that never expires")
	case d > 0 && d < time.Second:
		return errors.New("a token must be valid for at least a second")
	}
	*t = TTL(d)
	return nil
}

// MarshalText returns the duration.
func (t TTL) MarshalText() ([]byte, error) { return []byte(time.Duration(t).String()), nil }

// ParseUsages checks usages by the server's rule (k8s.io/cluster-bootstrap/token/util/helpers.go) and returns them in
// the order signing, authentication, each once. No usage at all is an error.
func ParseUsages(usages []string) ([]string, error) {
	if len(usages) == 0 {
		return nil, errors.New("a token needs a usage: signing, authentication or both")
	}
	if err := bootstraputil.ValidateUsages(usages); err != nil {
		return nil, errors.New("a usage must be signing or authentication")
	}
	named := sets.New(usages...)
	return slices.DeleteFunc([]string{Signing, Authentication}, func(u string) bool { return !named.Has(u) }), nil
}

// ParseGroups checks extra groups by the server's rule (k8s.io/cluster-bootstrap/token/util/helpers.go) and returns
// them in their order, each once. A token with an invalid group never authenticates.
func ParseGroups(groups []string) ([]string, error) {
	var out []string
	for _, group := range groups {
		if err := bootstraputil.ValidateBootstrapGroupName(group); err != nil {
			return nil, fmt.Errorf("%q is not a group for bootstrap tokens: it must have the form %s", group, groupForm)
		}
		if !slices.Contains(out, group) {
			out = append(out, group)
		}
	}
	return out, nil
}

// Has reports whether the token has a usage.
func (s Spec) Has(usage string) bool { return slices.Contains(s.Usages, usage) }

// CanJoin reports whether the token has the two usages that a join needs.
func (s Spec) CanJoin() bool { return s.Has(Signing) && s.Has(Authentication) }
