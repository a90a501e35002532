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

// The usages of a token, as flags and lists show them.
const (
	Signing        = "signing"        // the bootstrap signer signs cluster-info with the token
	Authentication = "authentication" // the token is a bearer token at the API server
)

// groupForm is the server's rule without its anchors (k8s.io/cluster-bootstrap/token/api/types.go).
const groupForm = "system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]"

// A Spec is what a token is good for.
type Spec struct {
	Expires     time.Time // to the second; zero: never
	Usages      []string  // Signing, Authentication, in that order
	Groups      []string  // that its bearer is in, besides system:bootstrappers
	Description string
	For         string // the cluster that is to join with it; empty: nobody in particular
}

// ParseUsages checks usages by the server's rule and returns them in their usual order, each once.
func ParseUsages(usages []string) ([]string, error) {
	if len(usages) == 0 {
		return nil, errors.New("a token without usages is good for nothing: name signing, authentication or both")
	}
	if err := bootstraputil.ValidateUsages(usages); err != nil {
		return nil, errors.New("a usage is signing or authentication")
	}
	given := sets.New(usages...)
	return slices.DeleteFunc([]string{Signing, Authentication}, func(u string) bool { return !given.Has(u) }), nil
}

// ParseGroups checks extra groups by the server's rule: a token with a bad one never authenticates
// (k8s.io/cluster-bootstrap/token/util/helpers.go).
func ParseGroups(groups []string) ([]string, error) {
	var out []string
	for _, group := range groups {
		if err := bootstraputil.ValidateBootstrapGroupName(group); err != nil {
			return nil, fmt.Errorf("%q is no group for bootstrap tokens: they have the form %s", group, groupForm)
		}
		if !slices.Contains(out, group) {
			out = append(out, group)
		}
	}
	return out, nil
}

// Has reports whether the token has a usage.
func (s Spec) Has(usage string) bool { return slices.Contains(s.Usages, usage) }
