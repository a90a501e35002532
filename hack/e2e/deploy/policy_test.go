// SPDX-License-Identifier: Apache-2.0

package deploy_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const name = "bootstrap-token-abcdef"

// data returns what a proper token has, changed. "" takes a key away.
func data(changes map[string]string) map[string]string {
	out := map[string]string{
		"token-id": "abcdef", "token-secret": "0123456789abcdef", "expiration": "2099-01-01T00:00:00Z",
		"usage-bootstrap-authentication": "true", "auth-extra-groups": "system:bootstrappers:karmada:default-cluster-token",
	}
	for key, value := range changes {
		out[key] = value
		if value == "" {
			delete(out, key)
		}
	}
	return out
}

func TestThePolicyAdmitsOnlyProperTokens(t *testing.T) {
	t.Parallel()
	client, err := clientAs("joinctl-ensure")
	must(t, err)
	const bootstrap = corev1.SecretTypeBootstrapToken
	forged := secret(name, corev1.SecretTypeServiceAccountToken, data(nil))
	forged.Annotations = map[string]string{corev1.ServiceAccountNameKey: "default"}
	generated := secret("", bootstrap, data(nil))
	generated.GenerateName = "bootstrap-token-"
	never := secret(name, bootstrap, data(nil))
	never.Data = map[string][]byte{"expiration": {}}
	delete(never.StringData, "expiration")
	for title, test := range map[string]struct {
		secret *corev1.Secret
		denied bool
	}{
		"a token":                      {secret(name, bootstrap, data(nil)), false},
		"the group of kubeadm":         {secret(name, bootstrap, data(map[string]string{"auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token"})), false},
		"no group":                     {secret(name, bootstrap, data(map[string]string{"auth-extra-groups": ""})), false},
		"a foreign group":              {secret(name, bootstrap, data(map[string]string{"auth-extra-groups": "system:bootstrappers:admins"})), true},
		"a foreign group beside ours":  {secret(name, bootstrap, data(map[string]string{"auth-extra-groups": "system:bootstrappers:karmada:default-cluster-token,system:bootstrappers:admins"})), true},
		"no expiration":                {secret(name, bootstrap, data(map[string]string{"expiration": ""})), true},
		"an empty expiration":          {never, true},
		"a ServiceAccount's token":     {forged, true},
		"an opaque Secret":             {secret(name, corev1.SecretTypeOpaque, data(nil)), true},
		"another name":                 {secret("bootstrap-token-abcdefg", bootstrap, data(nil)), true},
		"a name with another prefix":   {secret("x-bootstrap-token-abcdef", bootstrap, data(nil)), true},
		"a name for the server to end": {generated, true},
	} {
		err := create(t.Context(), client, test.secret)
		if denied(err) != test.denied || !test.denied && err != nil {
			t.Errorf("%s: %v", title, err)
		}
		if err := create(t.Context(), admin, test.secret); denied(err) {
			t.Errorf("%s, by an administrator: %v", title, err)
		}
	}
}

func TestThePolicyLetsOnlyTokensBeDeleted(t *testing.T) {
	t.Parallel()
	client, err := clientAs("joinctl-prune")
	must(t, err)
	secrets := admin.CoreV1().Secrets("kube-system")
	_, err = secrets.Create(t.Context(), secret("important", corev1.SecretTypeOpaque, nil), metav1.CreateOptions{})
	must(t, err)
	if err := client.CoreV1().Secrets("kube-system").Delete(t.Context(), "important", metav1.DeleteOptions{}); !denied(err) {
		t.Errorf("another Secret is deleted: %v", err)
	}
	malformed := secret("bootstrap-token-broken0", corev1.SecretTypeBootstrapToken, map[string]string{"token-id": "broken"})
	_, err = secrets.Create(t.Context(), malformed, metav1.CreateOptions{})
	must(t, err)
	must(t, client.CoreV1().Secrets("kube-system").Delete(t.Context(), malformed.Name, metav1.DeleteOptions{}))
	if _, err := secrets.Get(t.Context(), malformed.Name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a malformed token is left: %v", err)
	}
}
