// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// PruneOptions say which tokens nobody needs. The zero PruneOptions mean the expired tokens.
type PruneOptions struct {
	Malformed    bool          // also malformed tokens
	Unusable     bool          // also unusable tokens
	NeverExpires bool          // also tokens without an expiration
	Grace        time.Duration // of the expired tokens only those that expired longer ago
	OlderThan    time.Duration // of all these only those that were created longer ago; 0: of any age
}

// A Prunable is a token that PruneOptions mean.
type Prunable struct {
	Secret *corev1.Secret
	Spec   Spec // as far as the Secret can be read
	Health Health
	Now    time.Time // the server's
}

// Prunable returns the tokens that the options mean, and those of them that have to stay: a token with Secrets that the
// garbage collector would delete with it, a token with usages that the server does not know, a Secret of another type, and
// one that is being deleted already. The Health of these says why. The error says that the other Secrets could not be
// listed, so that a token may own one.
func (i Inventory) Prunable(opts PruneOptions) (out, left []Prunable, err error) {
	for n := range i.Secrets {
		secret := &i.Secrets[n]
		one := Prunable{Secret: secret, Health: i.Health(secret), Now: i.Now}
		_, one.Spec, _ = Decode(secret) // Health says why it cannot be read
		if !opts.mean(one) {
			continue
		}
		why, stays := i.stays(one)
		if stays {
			one.Health = why
			left = append(left, one)
			continue
		}
		out = append(out, one)
	}
	if len(out) > 0 && i.partial {
		return nil, left, &failure.Error{
			Reason: failure.Forbidden,
			Err:    fmt.Errorf("list the other secrets of %s: not allowed, so tokens may own some of them", metav1.NamespaceSystem),
			Hint:   "allow list on all secrets of " + metav1.NamespaceSystem + "; no content of the others is read",
		}
	}
	return out, left, nil
}

// mean reports whether the options mean a token.
func (o PruneOptions) mean(one Prunable) bool {
	created := one.Secret.CreationTimestamp
	if o.OlderThan > 0 && (created.IsZero() || !created.Time.Before(one.Now.Add(-o.OlderThan))) {
		return false
	}
	switch status := one.Health.Status; {
	case status == Expired:
		return !one.Spec.Expires.After(one.Now.Add(-o.Grace))
	case status == Malformed && o.Malformed, status == Unusable && o.Unusable:
		return true
	case status == Malformed:
		return false
	}
	return o.NeverExpires && !HasExpiration(one.Secret)
}

// stays returns why a token must not be deleted, and false if it may be.
func (i Inventory) stays(one Prunable) (Health, bool) {
	if one.Secret.Type != bootstrapapi.SecretTypeBootstrapToken {
		return one.Health, true
	}
	if one.Secret.DeletionTimestamp != nil {
		return Health{Unusable, "it is being deleted"}, true
	}
	purpose := otherPurpose(one.Secret, i.owned[one.Secret.UID])
	return Health{Other, purpose}, purpose != ""
}

// DeleteUnchanged is DeleteSecret for a Secret whose content is the reason to delete it: one that changed since it was read is
// a Conflict and stays.
func DeleteUnchanged(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) error {
	return remove(ctx, c, Ref{secret.Name}, metav1.DeleteOptions{
		DryRun:        kube.DryRunOption(dryRun),
		Preconditions: &metav1.Preconditions{UID: &secret.UID, ResourceVersion: &secret.ResourceVersion},
	})
}
