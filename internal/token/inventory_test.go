// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	inventoryPath = "/api/v1/namespaces/kube-system/secrets"
	useful        = "bootstrap-token-aaaaaa"
	useless       = "bootstrap-token-bbbbbb"
	opaque        = "bootstrap-token-cccccc"
	uselessUID    = types.UID("00000000-0000-4000-8000-0000000000bb")
)

func clientOf(t *testing.T, server *apitest.Server) *kube.Client {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", apitest.Kubeconfig(t, map[string]*apitest.Server{"a": server}))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kube.New(config, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func tokenSecret(t *testing.T, text string, spec token.Spec) *corev1.Secret {
	t.Helper()
	tok, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return token.Encode(tok, spec)
}

// withOthers stores a token, a token without a usage that owns a Secret, and two Secrets of another type.
func withOthers(t *testing.T) (server *apitest.Server, uselessSecret *corev1.Secret) {
	t.Helper()
	server = apitest.New(t)
	uselessSecret = tokenSecret(t, "bbbbbb.0123456789abcdef", token.Spec{})
	uselessSecret.UID = uselessUID
	other := tokenSecret(t, "cccccc.0123456789abcdef", token.Spec{Usages: []string{token.Signing}})
	other.Type = corev1.SecretTypeOpaque
	server.Put(tokenSecret(t, "aaaaaa.0123456789abcdef", token.Spec{Usages: []string{token.Signing}}), uselessSecret, other, &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, Type: corev1.SecretTypeOpaque,
		ObjectMeta: metav1.ObjectMeta{Name: "certificates", Namespace: metav1.NamespaceSystem, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "Secret", Name: useless, UID: uselessUID},
		}},
	})
	return server, uselessSecret
}

func TestAnInventoryHasTheSecretsThatAreNamedLikeTokens(t *testing.T) {
	t.Parallel()
	server, _ := withOthers(t)
	server.Put(tokenSecret(t, "dddddd.0123456789abcdef", token.Spec{Usages: []string{token.Signing}}))
	inventory, err := token.ReadInventory(t.Context(), clientOf(t, server), "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, secret := range inventory.Secrets {
		got[secret.Name] = inventory.Health(&secret).String()
	}
	want := map[string]string{
		useful: "ok", useless: "other (it owns secret certificates, which goes when it goes)", "bootstrap-token-dddddd": "ok",
		opaque: "malformed (wrong type: the Secret is not of type bootstrap.kubernetes.io/token)",
	}
	for name, health := range want {
		if got[name] != health {
			t.Errorf("%s: got %q, want %q", name, got[name], health)
		}
	}
	if len(got) != len(want) || len(inventory.Secrets) != len(want) {
		t.Errorf("got %q", got)
	}
}

// A selector means tokens, and the other Secrets are read only for the owner of one of them.
func TestAnInventoryWithASelectorReadsOtherSecretsOnlyForATokenWithoutUsage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		label    string // the token with the label
		requests int
		health   string
	}{
		"a useful token":  {useful, 1, "ok"},
		"a useless token": {useless, 2, "other (it owns secret certificates, which goes when it goes)"},
	} {
		server, _ := withOthers(t)
		for _, secret := range server.Secrets(metav1.NamespaceSystem) {
			if secret.Name == test.label || secret.Name == opaque {
				secret.Labels = map[string]string{"team": "a"}
				server.Put(&secret)
			}
		}
		inventory, err := token.ReadInventory(t.Context(), clientOf(t, server), "team=a")
		if err != nil || len(inventory.Secrets) != 1 || inventory.Secrets[0].Name != test.label || len(server.Requests()) != test.requests {
			t.Fatalf("%s: got %d secrets, %v, after %q", name, len(inventory.Secrets), err, server.Requests())
		}
		if got := inventory.Health(&inventory.Secrets[0]).String(); got != test.health {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestOtherSecretsThatCannotBeReadAreAnErrorUnlessTheyAreForbidden(t *testing.T) {
	t.Parallel()
	resource := schema.GroupResource{Resource: "secrets"}
	for name, test := range map[string]struct {
		refusal apierrors.APIStatus
		want    failure.Reason
	}{
		"forbidden": {apierrors.NewForbidden(resource, "", nil), ""},
		"busy":      {apierrors.NewTooManyRequests("busy", 0), failure.TooManyRequests},
	} {
		server, _ := withOthers(t)
		server.On(http.MethodGet, inventoryPath, apitest.Refuse(test.refusal).Skip(1))
		inventory, err := token.ReadInventory(t.Context(), clientOf(t, server), "")
		if got := reasonOf(err); got != test.want || test.want == "" && len(inventory.Secrets) != 2 {
			t.Errorf("%s: got %d secrets, %v", name, len(inventory.Secrets), err)
		}
		down, secret := withOthers(t)
		down.On(http.MethodGet, inventoryPath, apitest.Refuse(test.refusal))
		if _, err := token.Owned(t.Context(), clientOf(t, down), secret); reasonOf(err) != test.want {
			t.Errorf("%s: Owned: %v", name, err)
		}
		if _, err := token.ReadInventory(t.Context(), clientOf(t, down), ""); err == nil {
			t.Errorf("%s: tokens that cannot be listed are no error", name)
		}
	}
}

func reasonOf(err error) failure.Reason {
	if err == nil {
		return ""
	}
	return failure.ReasonOf(err)
}

func TestOnlyATokenWithoutUsageIsAskedWhatItOwns(t *testing.T) {
	t.Parallel()
	server, secret := withOthers(t)
	client := clientOf(t, server)
	if owned, err := token.Owned(t.Context(), client, secret); err != nil || !slices.Equal(owned, []string{"certificates"}) {
		t.Errorf("it owns %q, %v", owned, err)
	}
	before := len(server.Requests())
	other := tokenSecret(t, "aaaaaa.0123456789abcdef", token.Spec{Usages: []string{token.Signing}})
	other.UID = uselessUID
	if owned, err := token.Owned(t.Context(), client, other); err != nil || owned != nil || len(server.Requests()) != before {
		t.Errorf("it owns %q, %v", owned, err)
	}
}

func TestSelectForSelectsTheTokensOfClusters(t *testing.T) {
	t.Parallel()
	for want, clusters := range map[string][]string{
		"joinctl.io/for": nil, "joinctl.io/for in (a)": {"a"}, "joinctl.io/for in (a,b)": {"a", "b"},
	} {
		if got := token.SelectFor(clusters...); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestContentIsTheSameWithTheSameTypeAndData(t *testing.T) {
	t.Parallel()
	sent := tokenSecret(t, "aaaaaa.0123456789abcdef", token.Spec{Description: "x"})
	change := func(change func(*corev1.Secret)) *corev1.Secret {
		secret := sent.DeepCopy()
		change(secret)
		return secret
	}
	for name, test := range map[string]struct {
		found      *corev1.Secret
		copy, same bool
	}{
		"the same":            {change(func(*corev1.Secret) {}), true, true},
		"with labels":         {change(func(s *corev1.Secret) { s.Labels = map[string]string{"a": "b"} }), true, true},
		"another type":        {change(func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque }), false, false},
		"another description": {change(func(s *corev1.Secret) { s.Data["description"] = []byte("y") }), true, false},
		"another key":         {change(func(s *corev1.Secret) { s.Data["more"] = nil }), true, false},
		"another secret":      {change(func(s *corev1.Secret) { s.Data["token-secret"] = []byte("fedcba9876543210") }), false, false},
		"another ID":          {change(func(s *corev1.Secret) { s.Data["token-id"] = []byte("bbbbbb") }), false, false},
	} {
		if token.IsCopy(test.found, sent) != test.copy || token.SameContent(test.found, sent) != test.same {
			t.Errorf("%s: a copy: %v, the same content: %v", name, !test.copy, !test.same)
		}
	}
}

// A proxy can send a POST again: the second one gets AlreadyExists for the token that the first one created.
func TestADrawnTokenThatExistsIsOursIfItIsTheOneThatWasSent(t *testing.T) {
	t.Parallel()
	sent := func() *corev1.Secret {
		return tokenSecret(t, "aaaaaa.0123456789abcdef", token.Spec{Usages: []string{token.Signing}})
	}
	for name, test := range map[string]struct {
		existing *corev1.Secret
		read     apierrors.APIStatus // refuses the read
		want     failure.Reason      // "": created
	}{
		"ours":                {sent(), nil, ""},
		"of somebody else":    {tokenSecret(t, "aaaaaa.fedcba9876543210", token.Spec{}), nil, failure.Conflict},
		"gone":                {sent(), apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, useful), failure.Conflict},
		"that cannot be read": {sent(), apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, useful, nil), failure.Unknown},
	} {
		server := apitest.New(t)
		server.Put(test.existing)
		if test.read != nil {
			server.On(http.MethodGet, inventoryPath+"/"+useful, apitest.Refuse(test.read))
		}
		created, err := token.CreateDrawn(t.Context(), clientOf(t, server), sent(), false)
		if reasonOf(err) != test.want || (created == nil) != (err != nil) {
			t.Errorf("%s: got %v, %v", name, created, err)
		}
		before := len(server.Requests())
		if _, err := token.CreateDrawn(t.Context(), clientOf(t, server), sent(), true); reasonOf(err) != failure.Conflict || len(server.Requests()) != before+1 {
			t.Errorf("%s: a dry run: %v, after %q", name, err, server.Requests())
		}
	}
}
