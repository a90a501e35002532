// SPDX-License-Identifier: Apache-2.0

package token

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serverNow is the server's time at which the tests evaluate tokens.
var serverNow = time.Date(2027, 1, 2, 15, 4, 5, 0, time.UTC)

// healthCases are tokens with their health by the server's rules.
var healthCases = []struct {
	name   string
	change func(*corev1.Secret)
	status Status
	reason string // a part of the reason
}{
	{"as created", func(*corev1.Secret) {}, OK, ""},
	{"no expiration", without("expiration"), OK, ""},
	{"empty expiration", with("expiration", ""), OK, ""},
	{"a second left", with("expiration", "2027-01-02T15:04:06Z"), OK, ""},
	{"a second left, in another zone", with("expiration", "2027-01-02T17:04:06+02:00"), OK, ""},
	{"expires now", with("expiration", "2027-01-02T15:04:05Z"), Expired, ""},
	{"expired in another zone", with("expiration", "2027-01-02T16:04:05+02:00"), Expired, ""},
	{"expired long ago", with("expiration", "2001-01-01T00:00:00Z"), Expired, ""},
	{"expiration with a newline", with("expiration", "2028-01-01T00:00:00Z\n"), Malformed, "expiration"},
	{"expiration without a zone", with("expiration", "2028-01-01T00:00:00"), Malformed, "expiration"},
	{"expiration as a duration", with("expiration", "24h"), Malformed, "expiration"},
	{"id and name differ", with("token-id", "fedcba"), Malformed, "differ"},
	{"another name", named("bootstrap-token-fedcba"), Malformed, "differ"},
	{"a name without the prefix", named("abcdef"), Malformed, "differ"},
	{"no id", without("token-id"), Malformed, "token-id"},
	{"id with a newline", with("token-id", "abcdef\n"), Malformed, "token-id"},
	{"id in capitals", with("token-id", "ABCDEF"), Malformed, "token-id"},
	{"no secret", without("token-secret"), Malformed, "token-secret"},
	{"short secret", with("token-secret", "0123456789abcde"), Malformed, "token-secret"},
	{"secret with a newline", with("token-secret", "0123456789abcdef\n"), Malformed, "token-secret"},
	{"secret in capitals", with("token-secret", "0123456789ABCDEF"), Malformed, "token-secret"},
	{"secret of two parts", with("token-secret", "0123456.89abcdef"), Malformed, "token-secret"},
	{"no data", func(s *corev1.Secret) { s.Data = nil }, Malformed, "token-id"},
	{"no groups", without("auth-extra-groups"), OK, ""},
	{"two groups", with("auth-extra-groups", "system:bootstrappers:a,system:bootstrappers:b"), OK, ""},
	{"a bad group", with("auth-extra-groups", "foo"), Unusable, `bad group "foo"`},
	{"a bad group among good ones", with("auth-extra-groups", "system:bootstrappers:a,system:masters"), Unusable, `bad group "system:masters"`},
	{"a space after the comma", with("auth-extra-groups", "system:bootstrappers:a, system:bootstrappers:b"), Unusable, `bad group " system:bootstrappers:b"`},
	{"a trailing comma", with("auth-extra-groups", "system:bootstrappers:a,"), Unusable, `bad group ""`},
	{"a bad group without usage authentication", both(without("usage-bootstrap-authentication"), with("auth-extra-groups", "foo")), OK, ""},
	{"signing only", without("usage-bootstrap-authentication"), OK, ""},
	{"authentication only", without("usage-bootstrap-signing"), OK, ""},
	{"one usage is almost true", with("usage-bootstrap-signing", "True"), OK, ""},
	{"no usage", both(without("usage-bootstrap-signing"), without("usage-bootstrap-authentication")), Unusable, "no usage"},
	{"usages almost true", both(with("usage-bootstrap-signing", "true\n"), with("usage-bootstrap-authentication", "yes")), Unusable, "no usage"},
	{"of kubeadm init --upload-certs", both(withoutUsages(), with("description", "Proxy for managing TTL for the kubeadm-certs secret")), Other, "kubeadm init --upload-certs: secret kubeadm-certs goes"},
	{"for a k0s controller", both(withoutUsages(), both(with("usage-bootstrap-api-auth", "true"), with("usage-controller-join", "true"))), Other, "another program: bootstrap-api-auth, controller-join"},
	{"for a k0s worker", both(without("usage-bootstrap-signing"), with("usage-bootstrap-api-worker-calls", "true")), OK, ""},
	{"a usage of another program, switched off", both(withoutUsages(), with("usage-controller-join", "false")), Unusable, "no usage"},
	{"expired, of another program", both(withoutUsages(), both(with("expiration", "2001-01-01T00:00:00Z"), with("usage-controller-join", "true"))), Expired, ""},
	{"being deleted", deleted, Unusable, "being deleted"},
	{"another type", typed(corev1.SecretTypeOpaque), Malformed, "wrong type: the Secret is not of type bootstrap.kubernetes.io/token"},
	{"no type", typed(""), Malformed, "wrong type: the Secret is not of type bootstrap.kubernetes.io/token"},
	{"expired, with a bad group", both(with("expiration", "2001-01-01T00:00:00Z"), with("auth-extra-groups", "foo")), Expired, ""},
	{"expired and malformed", both(with("expiration", "2001-01-01T00:00:00Z"), with("token-secret", "x")), Malformed, "token-secret"},
}

func TestEvaluateAgreesWithTheServer(t *testing.T) {
	t.Parallel()
	for _, test := range healthCases {
		secret := changedSecret(t, test.change)
		got := Evaluate(secret, serverNow)
		if got.Status != test.status || (got.Reason == "") != (test.reason == "") || !strings.Contains(got.Reason, test.reason) {
			t.Errorf("%s: got %v, want %s (…%s…)", test.name, got, test.status, test.reason)
		}
		if value := string(secret.Data["token-secret"]); len(value) > 1 && strings.Contains(got.Reason, strings.TrimSpace(value)) {
			t.Errorf("%s: the reason shows the token secret: %s", test.name, got.Reason)
		}
		checkAgainstServer(t, secret, serverNow)
	}
}

func TestHealthShowsTheReasonInBrackets(t *testing.T) {
	t.Parallel()
	for want, health := range map[string]Health{"ok": {OK, ""}, "unusable (no usage)": {Unusable, "no usage"}} {
		if got := health.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// changedSecret returns the Secret of a healthy token after a change.
func changedSecret(tb testing.TB, change func(*corev1.Secret)) *corev1.Secret {
	tb.Helper()
	secret := Encode(mustParse(tb, "abcdef.0123456789abcdef"), Spec{
		Expires: serverNow.Add(time.Hour),
		Usages:  []string{Signing, Authentication},
		Groups:  []string{"system:bootstrappers:karmada:default-cluster-token"},
	})
	change(secret)
	return secret
}

func with(key, value string) func(*corev1.Secret) {
	return func(s *corev1.Secret) { s.Data[key] = []byte(value) }
}

func without(key string) func(*corev1.Secret) {
	return func(s *corev1.Secret) { delete(s.Data, key) }
}

func withoutUsages() func(*corev1.Secret) {
	return both(without("usage-bootstrap-signing"), without("usage-bootstrap-authentication"))
}

func named(name string) func(*corev1.Secret) {
	return func(s *corev1.Secret) { s.Name = name }
}

func typed(kind corev1.SecretType) func(*corev1.Secret) {
	return func(s *corev1.Secret) { s.Type = kind }
}

func both(one, other func(*corev1.Secret)) func(*corev1.Secret) {
	return func(s *corev1.Secret) { one(s); other(s) }
}

func deleted(s *corev1.Secret) {
	s.DeletionTimestamp = &metav1.Time{Time: serverNow}
}
