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

// authenticates restates the server's authenticator for the bearer token of a Secret
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

// signs restates the bootstrap signer (k8s.io/kubernetes/pkg/controller/bootstrap/util.go) for signatures that a joiner
// can verify: those need a well-formed token. A Secret that is being deleted counts as gone.
func signs(secret *corev1.Secret, now time.Time) bool {
	id, _, ok := bearer(secret)
	idInName, hasID := bootstrapsecret.ParseName(secret.Name)
	return ok && hasID && idInName == id && secret.DeletionTimestamp == nil && secret.Type == bootstrapapi.SecretTypeBootstrapToken &&
		!bootstrapsecret.HasExpired(secret, now) && bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenUsageSigningKey) == "true"
}

// bearer returns the token in the data of a Secret; ok is false if it is malformed.
func bearer(secret *corev1.Secret) (id, credential string, ok bool) {
	text := bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenIDKey) + "." +
		bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenSecretKey)
	id, credential, err := bootstraptokens.ParseToken(text)
	return id, credential, err == nil
}

// checkAgainstServer compares Evaluate and Decode with the server's own functions.
func checkAgainstServer(t *testing.T, secret *corev1.Secret, now time.Time) {
	t.Helper()
	enabled := func(usage string) bool { return bootstrapsecret.GetData(secret, usage) == "true" }
	forAuthentication := enabled(bootstrapapi.BootstrapTokenUsageAuthentication)
	forSigning := enabled(bootstrapapi.BootstrapTokenUsageSigningKey)
	works := (forAuthentication || forSigning) &&
		(!forAuthentication || authenticates(secret, now)) && (!forSigning || signs(secret, now))

	health := Evaluate(secret, now)
	if (health.Status == OK) != works {
		t.Errorf("evaluated as %v, but to the server it works: %v\n%s %s %q", health, works, secret.Name, secret.Type, secret.Data)
	}
	switch expired := bootstrapsecret.HasExpired(secret, now); {
	case health.Status == Expired && !expired:
		t.Errorf("evaluated as %v, but not expired to the server: %q", health, secret.Data)
	case health.Status == Unusable && expired:
		t.Errorf("evaluated as %v, but expired to the server, which cleans it up: %q", health, secret.Data)
	case health.Status == Malformed && (authenticates(secret, time.Time{}) || signs(secret, time.Time{})):
		t.Errorf("evaluated as %v, but good at some time: %q", health, secret.Data)
	case health.Status != OK && health.Status != Expired && health.Reason == "":
		t.Errorf("evaluated as %v without a reason: %q", health, secret.Data)
	}
	_, _, err := Decode(secret)
	if (err != nil) != (health.Status == Malformed) {
		t.Errorf("evaluated as %v, but Decode says %v: %q", health, err, secret.Data)
	}
}
