// SPDX-License-Identifier: Apache-2.0

package token

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
	bootstrapsecret "k8s.io/cluster-bootstrap/util/secrets"
)

// A Status is how the server treats a token.
type Status string

// The statuses.
const (
	OK        Status = "ok"        // works for all its usages
	Expired   Status = "expired"   // refused, and deleted if a token cleaner runs
	Unusable  Status = "unusable"  // well formed, but the server refuses it for at least one of its usages
	Malformed Status = "malformed" // the server cannot read it as a token
	Other     Status = "other"     // another program uses it, and nobody joins with it
)

// A Health is a Status and its reason: "" for OK and Expired.
type Health struct {
	Status Status
	Reason string
}

// String returns the status, and the reason in brackets.
func (h Health) String() string {
	if h.Reason == "" {
		return string(h.Status)
	}
	return fmt.Sprintf("%s (%s)", h.Status, h.Reason)
}

// Evaluate returns the health of a token at a time by the server's clock. The rules are those of the authenticator
// (k8s.io/kubernetes/plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go) and of the bootstrap signer
// (k8s.io/kubernetes/pkg/controller/bootstrap/util.go), applied with the library of both, k8s.io/cluster-bootstrap.
//
// A token without a usage can still be in use, because it owns other objects: Inventory.Health knows those.
func Evaluate(secret *corev1.Secret, now time.Time) Health { return evaluate(secret, nil, now) }

// evaluate returns the health of a token that owns these Secrets.
func evaluate(secret *corev1.Secret, owned []string, now time.Time) Health {
	if _, _, err := Decode(secret); err != nil {
		return Health{Malformed, err.Error()}
	}
	if bootstrapsecret.HasExpired(secret, now) {
		return Health{Expired, ""}
	}
	if secret.DeletionTimestamp != nil {
		return Health{Unusable, "it is being deleted"}
	}
	if purpose := Purpose(secret, owned); purpose != "" {
		return Health{Other, purpose}
	}
	spec := Spec{Usages: usages(secret)}
	if len(spec.Usages) == 0 {
		return Health{Unusable, "no usage"}
	}
	if spec.Has(Authentication) {
		for _, group := range groups(secret) {
			if bootstraputil.ValidateBootstrapGroupName(group) != nil {
				return Health{Unusable, fmt.Sprintf("bad group %q: it never authenticates", group)}
			}
		}
	}
	return Health{OK, ""}
}
