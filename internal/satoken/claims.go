// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// ErrNotJWT is the error of Decode. It shows the form of a token and never the input, which may be a credential.
var ErrNotJWT = errors.New("a ServiceAccount token is a JWT: three parts in base64url, separated by dots; the first two are JSON objects")

// maxTime is the end of the year 9999, the last one that RFC 3339 can represent, in seconds since 1970.
const maxTime = 253402300799

// Claims are the claims of a JWT. They are not verified.
type Claims struct {
	Algorithm string
	KeyID     string
	ID        string // jti; the audit log shows it as JTI=ID
	Issuer    string
	Subject   string
	Audiences []string
	IssuedAt  time.Time // a time without a claim is zero
	NotBefore time.Time
	Expires   time.Time
	WarnAfter time.Time // when the server starts to count the token as stale, if it extended the lifetime
	Account   Account
	UID       string        // of the ServiceAccount
	Bound     []BoundObject // the object the token is bound to; for a Pod also its Node, for information
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
		Account   objectRef   `json:"serviceaccount"`
		Pod       *objectRef  `json:"pod"`
		Secret    *objectRef  `json:"secret"`
		Node      *objectRef  `json:"node"`
		WarnAfter numericDate `json:"warnafter"`
	} `json:"kubernetes.io"`
}

type objectRef struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}

// Decode reads the claims of a JWT. It does not verify the signature: only the server can. Its only error is ErrNotJWT.
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
		object *objectRef
	}{{Pod, k.Pod}, {Secret, k.Secret}, {Node, k.Node}} {
		if bound.object != nil {
			claims.Bound = append(claims.Bound, BoundObject{Kind: bound.kind, Name: bound.object.Name, UID: bound.object.UID})
		}
	}
	return claims, nil
}

// decodePart reads one part of a JWT into a struct. It reports whether the part is a JSON object that fits.
func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && strings.HasPrefix(strings.TrimSpace(string(raw)), "{") && json.Unmarshal(raw, into) == nil
}

// audiences are one string or a list (RFC 7519, 4.1.3).
type audiences []string

func (a *audiences) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audiences{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// A numericDate is a number of seconds since 1970; it may have a fraction (RFC 7519, 2).
type numericDate struct{ time.Time }

func (d *numericDate) UnmarshalJSON(raw []byte) error {
	var seconds *float64
	if err := json.Unmarshal(raw, &seconds); err != nil || seconds == nil {
		return err
	}
	if *seconds < 0 || *seconds > maxTime {
		return errors.New("out of range")
	}
	d.Time = time.Unix(int64(*seconds), 0).UTC()
	return nil
}
