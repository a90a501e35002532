// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"errors"
	"fmt"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The bounds of a token's lifetime, both included (k8s.io/kubernetes/pkg/apis/authentication/validation/validation.go).
const (
	minLifetime = 10 * time.Minute
	maxLifetime = (1 << 32) * time.Second
)

// extended is the lifetime that the kubelet asks for. For a token that is bound to a Pod the server takes it for the
// kubelet's, and makes it valid for a year (k8s.io/kubernetes/pkg/serviceaccount/claims.go).
const extended = 3607 * time.Second

// A Spec is what a token is asked to be good for.
type Spec struct {
	Audiences []string      // empty: the API server's own
	Lifetime  time.Duration // 0: as the server likes, usually an hour
	Bound     Object        // with which the token dies; zero: none
}

// An Object is what a token can be bound to.
type Object struct {
	Kind Kind
	Name string
	UID  string // empty: that of whatever has the name
}

// IsZero reports whether o is no object at all.
func (o Object) IsZero() bool { return o == Object{} }

// A Kind is a kind of object that tokens can be bound to.
type Kind string

// The kinds, all of API version v1.
const (
	Pod    Kind = "Pod"
	Secret Kind = "Secret"
	Node   Kind = "Node"
)

// Set implements a flag value: the name of a kind in any case.
func (k *Kind) Set(s string) error {
	for _, kind := range []Kind{Pod, Secret, Node} {
		if strings.EqualFold(s, string(kind)) {
			*k = kind
			return nil
		}
	}
	return errors.New("it is Pod, Secret or Node")
}

// String implements a flag value.
func (k *Kind) String() string { return string(*k) }

// Type implements a flag value.
func (k *Kind) Type() string { return "kind" }

// CheckLifetime applies the server's rule for lifetimes; 0 leaves the choice to the server.
func CheckLifetime(d time.Duration) error {
	switch {
	case d < 0:
		return errors.New("a token cannot expire before it is made; 0 leaves it to the server, which gives an hour")
	case d%time.Second != 0:
		return errors.New("the server counts in whole seconds")
	case d != 0 && (d < minLifetime || d > maxLifetime):
		return fmt.Errorf("the server grants from %d to %d seconds (10m to %s)", minLifetime/time.Second, int64(maxLifetime/time.Second), maxLifetime)
	}
	return nil
}

// AvoidExtension returns the spec with a second added where the server would otherwise grant a year, and whether it was.
func (s Spec) AvoidExtension() (Spec, bool) {
	if s.Bound.Kind != Pod || s.Lifetime != extended {
		return s, false
	}
	s.Lifetime += time.Second
	return s, true
}

// Object returns the request as it is sent.
func (s Spec) Object() *authenticationv1.TokenRequest {
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: s.Audiences}}
	request.SetGroupVersionKind(authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
	if s.Lifetime > 0 {
		seconds := int64(s.Lifetime / time.Second)
		request.Spec.ExpirationSeconds = &seconds
	}
	if !s.Bound.IsZero() {
		request.Spec.BoundObjectRef = &authenticationv1.BoundObjectReference{
			Kind:       string(s.Bound.Kind),
			APIVersion: "v1",
			Name:       s.Bound.Name,
			UID:        types.UID(s.Bound.UID),
		}
	}
	return request
}
