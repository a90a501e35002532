// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/subtle"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstrapsecret "k8s.io/cluster-bootstrap/util/secrets"
	bootstraptokens "k8s.io/cluster-bootstrap/util/tokens"
)

// authenticates restates the server's authenticator for the one bearer token that a Secret could stand for
// (k8s.io/kubernetes/plugin/pkg/auth/authenticator/token/bootstrap/bootstrap.go).
func authenticates(secret *corev1.Secret, now time.Time) bool {
	id, credential, ok := bearer(secret)
	if !ok || secret.Name != bootstrapapi.BootstrapTokenSecretPrefix+id || secret.DeletionTimestamp != nil ||
		secret.Type != bootstrapapi.SecretTypeBootstrapToken || secret.Data == nil {
		return false
	}
	stored := bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenSecretKey)
	if subtle.ConstantTimeCompare([]byte(stored), []byte(credential)) != 1 || bootstrapsecret.HasExpired(secret, now) ||
		bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenUsageAuthentication) != "true" {
		return false
	}
	_, err := bootstrapsecret.GetGroups(secret)
	return err == nil
}

// signs restates what the bootstrap signer signs with (k8s.io/kubernetes/pkg/controller/bootstrap/util.go), for
// signatures that a joiner can check: it needs a well-formed token for that. A Secret on its way out counts as gone.
func signs(secret *corev1.Secret, now time.Time) bool {
	id, _, ok := bearer(secret)
	inName, fits := bootstrapsecret.ParseName(secret.Name)
	return ok && fits && inName == id && secret.DeletionTimestamp == nil && secret.Type == bootstrapapi.SecretTypeBootstrapToken &&
		!bootstrapsecret.HasExpired(secret, now) && bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenUsageSigningKey) == "true"
}

// bearer returns the token that a Secret claims to hold, as far as anybody could present it.
func bearer(secret *corev1.Secret) (id, credential string, ok bool) {
	text := bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenIDKey) + "." +
		bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenSecretKey)
	id, credential, err := bootstraptokens.ParseToken(text)
	return id, credential, err == nil
}

// agree checks that Evaluate promises what the server's own functions keep, and nothing else.
func agree(t *testing.T, secret *corev1.Secret, now time.Time) {
	t.Helper()
	claims := func(usage string) bool { return bootstrapsecret.GetData(secret, usage) == "true" }
	forAuthentication := claims(bootstrapapi.BootstrapTokenUsageAuthentication)
	forSigning := claims(bootstrapapi.BootstrapTokenUsageSigningKey)
	works := (forAuthentication || forSigning) &&
		(!forAuthentication || authenticates(secret, now)) && (!forSigning || signs(secret, now))

	health := Evaluate(secret, now)
	if (health.Status == OK) != works {
		t.Errorf("judged %v, but to the server it works: %v\n%s %s %q", health, works, secret.Name, secret.Type, secret.Data)
	}
	switch expired := bootstrapsecret.HasExpired(secret, now); {
	case health.Status == Expired && !expired:
		t.Errorf("judged %v, but not expired to the server: %q", health, secret.Data)
	case health.Status == Unusable && expired:
		t.Errorf("judged %v, but expired to the server, which cleans it up: %q", health, secret.Data)
	case health.Status == Malformed && (authenticates(secret, time.Time{}) || signs(secret, time.Time{})):
		t.Errorf("judged %v, but good at some time: %q", health, secret.Data)
	case health.Status != OK && health.Status != Expired && health.Reason == "":
		t.Errorf("judged %v without a reason: %q", health, secret.Data)
	}
	_, _, err := Decode(secret)
	if (err != nil) != (health.Status == Malformed) {
		t.Errorf("judged %v, but Decode says %v: %q", health, err, secret.Data)
	}
}
