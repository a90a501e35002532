// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A treatment is what the server does with the Secret of a token.
type treatment struct {
	authenticates bool // the authenticator of kube-apiserver accepts the token
	signs         bool // the bootstrap signer signs cluster-info with it
	cleaned       bool // the token cleaner deletes it
}

const (
	inPast   = "2020-01-02T03:04:05Z"
	inFuture = "2099-01-02T03:04:05Z"
)

// statusCases are Secrets with the STATUS that joinctl shows, and with what the server does with them. The first two are
// processed last by every controller.
func statusCases() []statusCase {
	both := treatment{authenticates: true, signs: true}
	refused, signed, cleaned := treatment{}, treatment{signs: true}, treatment{cleaned: true}
	return []statusCase{
		{"expires later", set("expiration", inFuture), "ok", "", both},
		{"expired", set("expiration", inPast), "expired", "", cleaned},
		{"no expiration", set("expiration", ""), "ok", "", both},
		{"empty expiration", func(s *corev1.Secret) { s.Data["expiration"] = []byte{} }, "ok", "", both},
		{"in another zone", set("expiration", "2099-01-02T03:04:05+05:30"), "ok", "", both},
		{"fractions of a second", set("expiration", "2099-01-02T03:04:05.5Z"), "ok", "", both},
		{"the last year", set("expiration", "9999-12-31T23:59:59Z"), "ok", "", both},
		{"the year after", set("expiration", "10000-01-01T00:00:00Z"), "malformed", "expiration", cleaned},
		{"the first year", set("expiration", "0001-01-01T00:00:00Z"), "expired", "", cleaned},
		{"expired in another zone", set("expiration", "2020-01-02T03:04:05-08:00"), "expired", "", cleaned},
		{"expiration with a newline", set("expiration", inFuture+"\n"), "malformed", "expiration", cleaned},
		{"expiration in lower case", set("expiration", strings.ToLower(inFuture)), "malformed", "expiration", cleaned},
		{"expiration without a zone", set("expiration", "2099-01-02T03:04:05"), "malformed", "expiration", cleaned},
		{"a duration", set("expiration", "24h"), "malformed", "expiration", cleaned},
		{"another id", set("token-id", "other0"), "malformed", "id and name differ", refused},
		{"an id in upper case", set("token-id", "ROW000"), "malformed", "token-id", refused},
		{"no id", set("token-id", ""), "malformed", "token-id", refused},
		{"a name without the prefix", rename(""), "malformed", "id and name differ", refused},
		{"a longer name", rename("bootstrap-token-x"), "malformed", "id and name differ", refused},
		{"expired under another name", then(rename(""), set("expiration", inPast)), "malformed", "id and name differ", cleaned},
		{"no secret", set("token-secret", ""), "malformed", "token-secret", refused},
		// The signer takes any secret; nobody can present this one, so the signature is of no use.
		{"a short secret", set("token-secret", "short"), "malformed", "token-secret", signed},
		{"a secret in upper case", set("token-secret", "0123456789ABCDEF"), "malformed", "token-secret", signed},
		{"a secret with a newline", set("token-secret", "0123456789abcdef\n"), "malformed", "token-secret", signed},
		{"no data", func(s *corev1.Secret) { s.Data = nil }, "malformed", "token-id", refused},
		{"no usage", noUsages, "unusable", "no usage", refused},
		{"usages that are not true", then(set(usage+"signing", "True"), set(usage+"authentication", "yes")), "unusable", "no usage", refused},
		{"for signing only", set(usage+"authentication", ""), "ok", "", signed},
		{"for authentication only", set(usage+"signing", ""), "ok", "", treatment{authenticates: true}},
		{"for signing, with a bad group", then(set(usage+"authentication", ""), set(extraGroups, "bad")), "ok", "", signed},
		{"two groups", set(extraGroups, "system:bootstrappers:a,system:bootstrappers:b"), "ok", "", both},
		{"a bad group", set(extraGroups, "system:bootstrappers:a,bad"), "unusable", "bad group", signed},
		{"the group of all", set(extraGroups, "system:bootstrappers"), "unusable", "bad group", signed},
		{"a space between groups", set(extraGroups, "system:bootstrappers:a, system:bootstrappers:b"), "unusable", "bad group", signed},
		{"a comma at the end", set(extraGroups, "system:bootstrappers:a,"), "unusable", "bad group", signed},
		{"expired, with a bad group", then(set("expiration", inPast), set(extraGroups, "bad")), "expired", "", cleaned},
		{"a usage of another program only", then(noUsages, set("usage-controller-join", "true")), "other", "controller-join", refused},
		{"a usage of another program too", set(usage+"api-auth", "true"), "ok", "", both},
		{"of another program, expired", then(noUsages, then(set("usage-controller-join", "true"), set("expiration", inPast))), "expired", "", cleaned},
		{"of kubeadm init --upload-certs", then(noUsages, set("description", "Proxy for managing TTL for the kubeadm-certs secret")), "other", "kubeadm-certs", refused},
		{"another type", func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }, "malformed", "wrong type", refused},
		{"another type, expired", func(s *corev1.Secret) { s.Type = ""; set("expiration", inPast)(s) }, "malformed", "wrong type", refused},
		{"immutable", freeze, "ok", "", both},
		{"immutable, expired", then(freeze, set("expiration", inPast)), "expired", "", cleaned},
	}
}

type statusCase struct {
	title          string
	change         func(*corev1.Secret) // of a token that works and never expires
	status, reason string               // of joinctl; a part of the reason
	server         treatment
}

const (
	usage       = "usage-bootstrap-"
	extraGroups = "auth-extra-groups"
)

// set sets a key of the data, and removes it with "".
func set(key, value string) func(*corev1.Secret) {
	return func(s *corev1.Secret) {
		if s.Data[key] = []byte(value); value == "" {
			delete(s.Data, key)
		}
	}
}

// rename puts another prefix in front of the token ID in the name.
func rename(prefix string) func(*corev1.Secret) {
	return func(s *corev1.Secret) { s.Name = prefix + strings.TrimPrefix(s.Name, "bootstrap-token-") }
}

func then(first, second func(*corev1.Secret)) func(*corev1.Secret) {
	return func(s *corev1.Secret) { first(s); second(s) }
}

func noUsages(s *corev1.Secret) { then(set(usage+"signing", ""), set(usage+"authentication", ""))(s) }

func freeze(s *corev1.Secret) { yes := true; s.Immutable = &yes }

// agrees reports whether a STATUS says what the server does with a token.
func agrees(status string, s *corev1.Secret, server treatment) bool {
	works := treatment{authenticates: string(s.Data[usage+"authentication"]) == "true", signs: string(s.Data[usage+"signing"]) == "true"}
	switch status {
	case "ok":
		return server == works && server != treatment{}
	case "expired":
		return server == treatment{cleaned: true}
	case "unusable":
		return (server != works || works == treatment{}) && !server.cleaned
	case "malformed":
		return !server.authenticates
	case "other":
		return server == treatment{}
	}
	return false
}

// TestStatusIsWhatTheServerDoesWithAToken creates Secrets with a finalizer, so that those that the token cleaner deletes can
// still be listed.
func TestStatusIsWhatTheServerDoesWithAToken(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	cases := statusCases()
	secrets := make([]*corev1.Secret, len(cases))
	for i, test := range slices.Backward(cases) {
		id := fmt.Sprintf("row%03d", i)
		secrets[i] = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "bootstrap-token-" + id}, Type: corev1.SecretTypeBootstrapToken, Data: map[string][]byte{
			"token-id": []byte(id), "token-secret": []byte("0123456789abcdef"), usage + "signing": []byte("true"), usage + "authentication": []byte("true"),
		}}
		test.change(secrets[i])
		h.createUndeletable(t, secrets[i])
	}
	program.Eventually(t, 20*time.Second, func() error { return h.treatedAsExpected(t, secrets[:2], cases) })

	items := map[string]map[string]any{}
	for _, item := range program.Run(t, h.Kubeconfig, "token", "list", "-o", "json").Document(t).Items {
		items[item["name"].(string)] = item
	}
	for i, test := range cases {
		item := items[secrets[i].Name]
		status, _ := item["status"].(string)
		reason, _ := item["reason"].(string)
		server := h.treatment(t, secrets[i])
		if status != test.status || !strings.Contains(reason, test.reason) {
			t.Errorf("%s: status %q (%s), want %s (%s)", test.title, status, reason, test.status, test.reason)
		}
		if server != test.server {
			t.Errorf("%s: the server treats the token as %+v, want %+v", test.title, server, test.server)
		}
		if !agrees(status, secrets[i], server) {
			t.Errorf("%s: status %s disagrees with the server: %+v", test.title, status, server)
		}
	}
}

// createUndeletable creates a Secret that stays after its deletion, until the test ends.
func (h *hub) createUndeletable(t *testing.T, secret *corev1.Secret) {
	t.Helper()
	secret.Finalizers = []string{"e2e.joinctl.io/keep"}
	client := h.client.CoreV1().Secrets(metav1.NamespaceSystem)
	if _, err := client.Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		_, err := client.Patch(ctx, secret.Name, "application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if err == nil {
			err = client.Delete(ctx, secret.Name, metav1.DeleteOptions{})
		}
		if err != nil && !apierrors.IsNotFound(err) {
			t.Error(err)
		}
	})
}

// treatedAsExpected returns an error until the server treats the Secrets as expected.
func (h *hub) treatedAsExpected(t *testing.T, secrets []*corev1.Secret, cases []statusCase) error {
	t.Helper()
	for i, secret := range secrets {
		if got := h.treatment(t, secret); got != cases[i].server {
			return fmt.Errorf("%s: %+v", cases[i].title, got)
		}
	}
	return nil
}

// treatment returns what the server does with a Secret.
func (h *hub) treatment(t *testing.T, secret *corev1.Secret) (out treatment) {
	t.Helper()
	inName := secret.Name[len(secret.Name)-6:]
	for _, id := range []string{inName, string(secret.Data["token-id"])} {
		_, err := h.WhoAmI(t.Context(), id+"."+string(secret.Data["token-secret"]))
		out.authenticates = out.authenticates || err == nil
	}
	info, err := h.client.CoreV1().ConfigMaps("kube-public").Get(t.Context(), "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, out.signs = info.Data["jws-kubeconfig-"+inName]
	now, err := h.client.CoreV1().Secrets(metav1.NamespaceSystem).Get(t.Context(), secret.Name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out.cleaned = now.DeletionTimestamp != nil
	return out
}
