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

// The shortest and the longest lifetime of a token (k8s.io/kubernetes/pkg/apis/authentication/validation/validation.go).
const (
	minLifetime = 10 * time.Minute
	maxLifetime = (1 << 32) * time.Second
)

// extendedLifetime is the lifetime that the kubelet requests. If a token with it is bound to a Pod, the server extends
// it to a year (k8s.io/kubernetes/pkg/serviceaccount/claims.go).
const extendedLifetime = 3607 * time.Second

// A Spec describes a token to request.
type Spec struct {
	Audiences []string      // empty: those of the API server
	Lifetime  time.Duration // in whole seconds; 0: the server chooses, usually an hour
	Bound     BoundObject   // the server revokes the token when this object is deleted; zero: none
}

// A BoundObject is an object that a token is bound to.
type BoundObject struct {
	Kind Kind
	Name string
	UID  string // empty: any object with the name
}

// IsZero reports whether o is the zero BoundObject.
func (o BoundObject) IsZero() bool { return o == BoundObject{} }

// A Kind is a kind of object that a token can be bound to.
type Kind string

// The kinds, all of API version v1.
const (
	Pod    Kind = "Pod"
	Secret Kind = "Secret"
	Node   Kind = "Node"
)

// UnmarshalText parses the name of a kind, in upper or lower case.
func (k *Kind) UnmarshalText(text []byte) error {
	for _, kind := range []Kind{Pod, Secret, Node} {
		if strings.EqualFold(string(text), string(kind)) {
			*k = kind
			return nil
		}
	}
	return errors.New("must be Pod, Secret or Node")
}

// MarshalText returns the name of the kind.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k), nil }

// A Lifetime is the lifetime of a token to request, by the server's rule; 0 leaves it to the server.
type Lifetime time.Duration

// UnmarshalText parses a Go duration, and checks it by the server's rule.
func (l *Lifetime) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New("must be a duration such as 1h or 30m, or 0 to leave it to the server")
	}
	if err := checkLifetime(d); err != nil {
		return err
	}
	*l = Lifetime(d)
	return nil
}

// MarshalText returns the duration, and nothing for 0.
func (l Lifetime) MarshalText() ([]byte, error) {
	if l == 0 {
		return nil, nil
	}
	return []byte(time.Duration(l).String()), nil
}

func checkLifetime(d time.Duration) error {
	switch {
	case d < 0:
		return errors.New("a token cannot expire before it is created; 0 leaves the lifetime to the server, usually an hour")
	case d%time.Second != 0:
		return errors.New("the server counts in whole seconds")
	case d != 0 && (d < minLifetime || d > maxLifetime):
		return fmt.Errorf("the server grants from %d to %d seconds (10m to %s)", minLifetime/time.Second, int64(maxLifetime/time.Second), maxLifetime)
	}
	return nil
}

// AvoidExtension returns the Spec with another second of lifetime if the server would extend the token to a year. It
// reports whether it changed the lifetime.
func (s Spec) AvoidExtension() (Spec, bool) {
	if s.Bound.Kind != Pod || s.Lifetime != extendedLifetime {
		return s, false
	}
	s.Lifetime += time.Second
	return s, true
}

// TokenRequest returns the request for a token.
func (s Spec) TokenRequest() *authenticationv1.TokenRequest {
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
