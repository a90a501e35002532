// SPDX-License-Identifier: Apache-2.0

package token

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
	bootstrapsecret "k8s.io/cluster-bootstrap/util/secrets"
)

// The labels on the Secret of a token: managerLabel on every one, clusterLabel on that of a token for one cluster. The server
// ignores them: it reads only the data of the Secret.
const (
	clusterLabel = "joinctl.io/for"
	managerLabel = "app.kubernetes.io/managed-by"
	manager      = "joinctl"
)

// SelectFor returns a label selector for the Secrets of tokens for any of these clusters, or for any cluster if none is
// named.
func SelectFor(clusters ...string) string {
	if len(clusters) == 0 {
		return clusterLabel
	}
	return clusterLabel + " in (" + strings.Join(clusters, ",") + ")"
}

// Encode returns the Secret of a token
// (kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens).
func Encode(tok Token, spec Spec) *corev1.Secret {
	data := map[string][]byte{
		bootstrapapi.BootstrapTokenIDKey:     []byte(tok.ID),
		bootstrapapi.BootstrapTokenSecretKey: []byte(tok.Secret()),
	}
	if !spec.Expires.IsZero() {
		data[bootstrapapi.BootstrapTokenExpirationKey] = []byte(spec.Expires.Format(time.RFC3339))
	}
	for _, usage := range spec.Usages {
		data[bootstrapapi.BootstrapTokenUsagePrefix+usage] = []byte("true")
	}
	if len(spec.Groups) > 0 {
		data[bootstrapapi.BootstrapTokenExtraGroupsKey] = []byte(strings.Join(spec.Groups, ","))
	}
	if spec.Description != "" {
		data[bootstrapapi.BootstrapTokenDescriptionKey] = []byte(spec.Description)
	}
	secret := &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{
			Name:      bootstraputil.BootstrapTokenSecretName(tok.ID),
			Namespace: metav1.NamespaceSystem,
			Labels:    map[string]string{managerLabel: manager},
		},
		Type: bootstrapapi.SecretTypeBootstrapToken,
		Data: data,
	}
	if spec.For != "" {
		secret.Labels[clusterLabel] = spec.For
	}
	return secret
}

// Decode reads the token and its Spec from a Secret. It fails if Evaluate finds the Secret Malformed; the Spec then
// holds the readable fields. Its errors contain no credential.
func Decode(secret *corev1.Secret) (Token, Spec, error) {
	spec := Spec{
		Usages:      usages(secret),
		Groups:      groups(secret),
		Description: bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenDescriptionKey),
		For:         secret.Labels[clusterLabel],
	}
	if secret.Type != bootstrapapi.SecretTypeBootstrapToken {
		return Token{}, spec, fmt.Errorf("wrong type: the Secret is not of type %s", bootstrapapi.SecretTypeBootstrapToken)
	}
	expires, err := expiration(secret)
	if err != nil {
		return Token{}, spec, err
	}
	spec.Expires = expires
	id := bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenIDKey)
	tok, err := Parse(id + "." + bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenSecretKey))
	switch {
	case !bootstraputil.IsValidBootstrapTokenID(id):
		return Token{}, spec, fmt.Errorf("%s is not [a-z0-9]{6}", bootstrapapi.BootstrapTokenIDKey)
	case secret.Name != bootstraputil.BootstrapTokenSecretName(id):
		return Token{}, spec, fmt.Errorf("id and name differ: the server looks for %s in %s", id, RefTo(id).Name)
	case err != nil:
		return Token{}, spec, fmt.Errorf("%s is not [a-z0-9]{16}", bootstrapapi.BootstrapTokenSecretKey)
	}
	return tok, spec, nil
}

// expiration parses the expiration as strictly as the server does: a trailing newline makes it invalid.
func expiration(secret *corev1.Secret) (time.Time, error) {
	raw := bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenExpirationKey)
	if raw == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		return time.Time{}, fmt.Errorf("unparsable %s: it must be RFC 3339, such as 2027-01-02T15:04:05Z",
			bootstrapapi.BootstrapTokenExpirationKey)
	}
	if at.IsZero() { // the year 1 has passed, but a zero Expires means never
		at = at.Add(1)
	}
	return at, nil
}

// HasExpiration reports whether the Secret has an expiration, valid or not.
func HasExpiration(secret *corev1.Secret) bool {
	return bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenExpirationKey) != ""
}

// usages returns the usages that the Secret enables: only the exact value "true" does.
func usages(secret *corev1.Secret) []string {
	return slices.DeleteFunc([]string{Signing, Authentication}, func(usage string) bool {
		return bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenUsagePrefix+usage) != "true"
	})
}

// groups returns the extra groups, valid or not.
func groups(secret *corev1.Secret) []string {
	raw := bootstrapsecret.GetData(secret, bootstrapapi.BootstrapTokenExtraGroupsKey)
	if raw == "" {
		return nil
	}
	return strings.Split(raw, ",")
}
