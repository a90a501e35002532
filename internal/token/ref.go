// SPDX-License-Identifier: Apache-2.0

package token

import (
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

// ErrBadRef is the error of ParseRef. It never shows the input, which may be a credential.
var ErrBadRef = errors.New("name a token by its ID ([a-z0-9]{6}), the token itself ([a-z0-9]{6}.[a-z0-9]{16}) " +
	"or its Secret (" + bootstrapapi.BootstrapTokenSecretPrefix + "ID)")

// A Ref names one bootstrap token of a cluster by its Secret in kube-system.
type Ref struct {
	Name string // of the Secret; it begins with bootstrap-token-
}

// RefTo returns the Ref of a token ID.
func RefTo(id string) Ref { return Ref{bootstraputil.BootstrapTokenSecretName(id)} }

// ParseRef reads a reference: a token ID, a full token, the name of the Secret, or secret/NAME. Its only error is
// ErrBadRef.
func ParseRef(s string) (Ref, error) {
	if tok, err := Parse(s); err == nil {
		return RefTo(tok.ID), nil
	}
	if bootstraputil.IsValidBootstrapTokenID(s) {
		return RefTo(s), nil
	}
	name := strings.TrimPrefix(s, "secret/")
	if suffix, ok := strings.CutPrefix(name, bootstrapapi.BootstrapTokenSecretPrefix); ok && !LooksLike(suffix) && len(validation.IsDNS1123Subdomain(name)) == 0 {
		return Ref{name}, nil
	}
	return Ref{}, ErrBadRef
}

// ID returns the token ID, "" if the name of the Secret holds none. Such a Secret never works as a token, but it can
// exist and be deleted.
func (r Ref) ID() string {
	id := strings.TrimPrefix(r.Name, bootstrapapi.BootstrapTokenSecretPrefix)
	if !bootstraputil.IsValidBootstrapTokenID(id) {
		return ""
	}
	return id
}

// String returns the token ID, or the name of the Secret if that holds no token ID.
func (r Ref) String() string {
	if id := r.ID(); id != "" {
		return id
	}
	return r.Name
}
