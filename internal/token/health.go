// SPDX-License-Identifier: Apache-2.0

package token

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
	bootstrapsecret "k8s.io/cluster-bootstrap/util/secrets"
)

// A Status is what a server will do with a token.
type Status string

// The statuses, from the best.
const (
	OK        Status = "ok"        // it does all that its usages say
	Expired   Status = "expired"   // it is refused, and deleted where a token cleaner runs
	Unusable  Status = "unusable"  // it is well formed, yet the server refuses it for what its usages say
	Malformed Status = "malformed" // the server cannot read it as a token
)

// A Health is a Status with the reason for it, "" where all is well.
type Health struct {
	Status Status
	Reason string
}

// String returns the status and, in brackets, the reason.
func (h Health) String() string {
	if h.Reason == "" {
		return string(h.Status)
	}
	return fmt.Sprintf("%s (%s)", h.Status, h.Reason)
}

// Evaluate says what the server will do with a token, given the server's time. The rules are those of the
// authenticator (plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go) and of the bootstrap signer
// (pkg/controller/bootstrap/util.go), by their own library.
func Evaluate(secret *corev1.Secret, now time.Time) Health {
	if _, _, err := Decode(secret); err != nil {
		return Health{Malformed, err.Error()}
	}
	if bootstrapsecret.HasExpired(secret, now) {
		return Health{Expired, ""}
	}
	if secret.DeletionTimestamp != nil {
		return Health{Unusable, "it is being deleted"}
	}
	if secret.Type != bootstrapapi.SecretTypeBootstrapToken {
		return Health{Unusable, fmt.Sprintf("the Secret is not of type %s", bootstrapapi.SecretTypeBootstrapToken)}
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
