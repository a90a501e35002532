// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// ErrNotJWT is what Decode returns. It says what a token looks like and never what was given.
var ErrNotJWT = errors.New("a ServiceAccount token is a JWT: three parts in base64url with dots between them, of which the first two are JSON objects")

// lastTime is the end of the year 9999, after which RFC 3339 cannot write a time, in seconds since 1970.
const lastTime = 253402300799

// Claims are what a JWT says about itself. Nobody has verified them.
type Claims struct {
	Algorithm string
	KeyID     string
	ID        string // jti; the audit log knows it as JTI=ID
	Issuer    string
	Subject   string
	Audiences []string
	IssuedAt  time.Time // times that are not claimed are zero
	NotBefore time.Time
	Expires   time.Time
	WarnAfter time.Time // from when the server counts the token as stale, where its lifetime was extended
	Account   Account
	UID       string   // of the ServiceAccount
	Bound     []Object // the object that the token dies with; a Pod's Node goes with it for information
}

// payload is the JSON of a ServiceAccount token (k8s.io/kubernetes/pkg/serviceaccount/claims.go).
type payload struct {
	ID         string      `json:"jti"`
	Issuer     string      `json:"iss"`
	Subject    string      `json:"sub"`
	Audiences  audiences   `json:"aud"`
	IssuedAt   numericDate `json:"iat"`
	NotBefore  numericDate `json:"nbf"`
	Expires    numericDate `json:"exp"`
	Kubernetes struct {
		Namespace string      `json:"namespace"`
		Account   named       `json:"serviceaccount"`
		Pod       *named      `json:"pod"`
		Secret    *named      `json:"secret"`
		Node      *named      `json:"node"`
		WarnAfter numericDate `json:"warnafter"`
	} `json:"kubernetes.io"`
}

type named struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// Decode reads what a JWT says. The signature is not verified: only the server can. Its only error is ErrNotJWT.
func Decode(jwt string) (Claims, error) {
	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	var body payload
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 || !decodePart(parts[0], &header) || !decodePart(parts[1], &body) {
		return Claims{}, ErrNotJWT
	}
	if _, err := base64.RawURLEncoding.DecodeString(parts[2]); err != nil {
		return Claims{}, ErrNotJWT
	}
	k := body.Kubernetes
	claims := Claims{
		Algorithm: header.Algorithm,
		KeyID:     header.KeyID,
		ID:        body.ID,
		Issuer:    body.Issuer,
		Subject:   body.Subject,
		Audiences: body.Audiences,
		IssuedAt:  body.IssuedAt.Time,
		NotBefore: body.NotBefore.Time,
		Expires:   body.Expires.Time,
		WarnAfter: k.WarnAfter.Time,
		Account:   Account{Namespace: k.Namespace, Name: k.Account.Name},
		UID:       k.Account.UID,
	}
	for _, bound := range []struct {
		kind   Kind
		object *named
	}{{Pod, k.Pod}, {Secret, k.Secret}, {Node, k.Node}} {
		if bound.object != nil {
			claims.Bound = append(claims.Bound, Object{Kind: bound.kind, Name: bound.object.Name, UID: bound.object.UID})
		}
	}
	return claims, nil
}

// decodePart reads one part of a JWT into a struct: anything but a JSON object will not do.
func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(raw)), "{") && json.Unmarshal(raw, into) == nil
}

// audiences are one string or a list of them (RFC 7519, 4.1.3).
type audiences []string

func (a *audiences) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// A numericDate is a number of seconds since 1970, perhaps with a fraction (RFC 7519, 2).
type numericDate struct{ time.Time }

func (d *numericDate) UnmarshalJSON(raw []byte) error {
	var seconds *float64
	if err := json.Unmarshal(raw, &seconds); err != nil || seconds == nil {
		return err
	}
	if *seconds < 0 || *seconds > lastTime {
		return errors.New("out of range")
	}
	d.Time = time.Unix(int64(*seconds), 0).UTC()
	return nil
}
