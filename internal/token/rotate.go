// SPDX-License-Identifier: Apache-2.0

package token

import (
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// EncodeSuccessor returns the Secret of a token that replaces another one: it also has the labels and the usages of the old
// Secret, those of other programs too. Annotations are not kept: that of kubectl apply holds the old token. With no old Secret
// it is Encode.
func EncodeSuccessor(tok Token, spec Spec, old *corev1.Secret) *corev1.Secret {
	secret := Encode(tok, spec)
	if old == nil {
		return secret
	}
	labels := map[string]string{}
	maps.Copy(labels, old.Labels)
	maps.Copy(labels, secret.Labels)
	secret.Labels = labels
	for key, value := range old.Data {
		if _, exists := secret.Data[key]; !exists && strings.HasPrefix(key, usagePrefix) {
			secret.Data[key] = value
		}
	}
	return secret
}

// LifetimeOf returns how long a token is valid from its creation to its expiry. An expiry that is at most 2 seconds off a full
// minute is taken for it: it was counted before the Secret was created. It returns false if the token expired before it was
// created, as one that was restored from a backup.
func LifetimeOf(secret *corev1.Secret) (lifetime Lifetime, ok bool) {
	const delay = 2 * time.Second
	_, spec, err := Decode(secret)
	switch {
	case err != nil:
		return Lifetime{}, false
	case spec.Expires.IsZero():
		return Lifetime{}, true
	}
	ttl := spec.Expires.Sub(secret.CreationTimestamp.Time).Truncate(time.Second)
	if minutes := ttl.Round(time.Minute); minutes > 0 && (ttl-minutes).Abs() <= delay {
		ttl = minutes
	}
	return Lifetime{TTL: ttl}, ttl >= time.Second
}
