// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	secretsPath = "/api/v1/namespaces/kube-system/secrets"
	secretPath  = secretsPath + "/*"
)

var secretsResource = schema.GroupResource{Resource: "secrets"}

// connect returns the client of a context, from a kubeconfig file.
func connect(t *testing.T, file, name string) *kube.Client {
	t.Helper()
	loaded, err := kube.Load(kube.LoadOptions{Path: file, RequestTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	config, err := loaded.Config(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := kube.New(config, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func clientOf(t *testing.T, s *Server) *kube.Client {
	t.Helper()
	return connect(t, Kubeconfig(t, map[string]*Server{"one": s}), "")
}

// bootstrap returns the Secret of a token.
func bootstrap(t *testing.T, text string) (token.Token, *corev1.Secret) {
	t.Helper()
	tok, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return tok, token.Encode(tok, token.Spec{Usages: []string{token.Signing, token.Authentication}})
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantReason(t *testing.T, err error, want failure.Reason) {
	t.Helper()
	if got := failure.ReasonOf(err); got != want {
		t.Errorf("%v: the reason is %q, not %q", err, got, want)
	}
}

func TestATokenIsCreatedListedAndDeletedInOrder(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	_, secret := bootstrap(t, "abcdef.0123456789abcdef")
	s.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "other"}, Type: corev1.SecretTypeOpaque})

	_, err := token.Create(t.Context(), c, secret, true)
	check(t, err)
	made, err := token.Create(t.Context(), c, secret, false)
	check(t, err)
	if made.UID == "" || made.ResourceVersion == "" || made.CreationTimestamp.IsZero() {
		t.Errorf("stored without what the server adds: %v", made.ObjectMeta)
	}
	_, err = token.Create(t.Context(), c, secret, false)
	wantReason(t, err, failure.Conflict)
	found, _, err := token.List(t.Context(), c, "!absent")
	check(t, err)
	if len(found) != 1 || found[0].UID != made.UID {
		t.Errorf("listed: %v", found)
	}
	check(t, token.DeleteByName(t.Context(), c, token.RefTo("abcdef"), true))
	check(t, token.DeleteByName(t.Context(), c, token.RefTo("abcdef"), false))
	wantReason(t, token.DeleteByName(t.Context(), c, token.RefTo("abcdef"), false), failure.NotFound)

	want := []string{
		"POST " + secretsPath + "?dryRun=All",
		"POST " + secretsPath,
		"POST " + secretsPath,
		"GET " + secretsPath + "?fieldSelector=type=bootstrap.kubernetes.io/token&labelSelector=!absent",
		"DELETE " + secretsPath + "/bootstrap-token-abcdef?dryRun=All",
		"DELETE " + secretsPath + "/bootstrap-token-abcdef",
		"DELETE " + secretsPath + "/bootstrap-token-abcdef",
	}
	if got := s.Requests(); !slices.Equal(got, want) {
		t.Errorf("requests:\n%s", strings.Join(got, "\n"))
	}
	if left := s.Secrets("kube-system"); len(left) != 1 || left[0].Name != "other" {
		t.Errorf("left: %v", left)
	}
}

func TestALostAnswerIsResolved(t *testing.T) {
	t.Parallel()
	_, secret := bootstrap(t, "abcdef.0123456789abcdef")
	create := func(c *kube.Client) error {
		_, err := token.Create(t.Context(), c, secret, false)
		return err
	}
	remove := func(c *kube.Client) error { return token.DeleteByName(t.Context(), c, token.RefTo("abcdef"), false) }
	tests := map[string]struct {
		write  func(*kube.Client) error
		fault  Fault
		stored bool // before
		want   failure.Reason
		after  bool // stored afterwards
	}{
		"created":           {create, LoseAnswer().Times(1), false, "", true},
		"not created":       {create, LoseRequest(), false, failure.Unknown, false},
		"perhaps created":   {create, Refuse(apierrors.NewInternalError(context.DeadlineExceeded)), false, failure.Unknown, false},
		"created late":      {create, Refuse(apierrors.NewTimeoutError("etcd", 0)).AfterApply(), false, "", true},
		"deleted":           {remove, LoseAnswer().Times(1), true, "", false},
		"not deleted":       {remove, LoseRequest(), true, failure.Unknown, true},
		"refused":           {create, Refuse(apierrors.NewForbidden(secretsResource, "", nil)), false, failure.Forbidden, false},
		"unauthenticated":   {create, Refuse(apierrors.NewUnauthorized("who?")), false, failure.Unauthorized, false},
		"too many requests": {create, Refuse(apierrors.NewTooManyRequests("later", 1)), false, failure.TooManyRequests, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(t)
			if tt.stored {
				s.Put(secret)
			}
			s.On(http.MethodPost, secretsPath, tt.fault)
			s.On(http.MethodDelete, secretPath, tt.fault)
			wantReason(t, tt.write(clientOf(t, s)), tt.want)
			if got := len(s.Secrets("kube-system")) == 1; got != tt.after {
				t.Errorf("stored: %v", got)
			}
		})
	}
}

func TestAnAmbiguousWriteIsUnknown(t *testing.T) {
	t.Parallel()
	s := New(t)
	s.On(http.MethodPost, "", LoseAnswer())
	s.On(http.MethodGet, secretPath, Refuse(apierrors.NewForbidden(secretsResource, "", nil)))
	_, secret := bootstrap(t, "abcdef.0123456789abcdef")
	_, err := token.Create(t.Context(), clientOf(t, s), secret, false)
	wantReason(t, err, failure.Unknown)
}

func TestAFaultMeetsTheRequestsItIsMeantFor(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	s.On(http.MethodPost, secretsPath, Refuse(apierrors.NewForbidden(secretsResource, "", nil)).Skip(1).Times(1))
	for i, want := range []failure.Reason{"", failure.Forbidden, ""} {
		_, secret := bootstrap(t, string(rune('a'+i))+"bcdef.0123456789abcdef")
		_, err := token.Create(t.Context(), c, secret, false)
		wantReason(t, err, want)
	}
	if got := s.Secrets("kube-system"); len(got) != 2 {
		t.Errorf("stored: %v", got)
	}
}

func TestARequestHangsUntilItIsReleasedOrGivenUp(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	s.On(http.MethodGet, "/version", Do(func(*http.Request) { cancel() }).Times(1))
	s.On(http.MethodGet, "/version", Hang(nil).Times(1))
	_, err := c.Version(ctx)
	wantReason(t, err, failure.Interrupted)

	release := make(chan struct{})
	s.On(http.MethodGet, "/version", Hang(release).Skip(1))
	s.On(http.MethodGet, "/version", Delay(time.Millisecond))
	s.On(http.MethodGet, "/version", Do(func(*http.Request) { s.Warn("late") }).AfterApply().Times(1))
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	for range 2 {
		got, err := c.Version(t.Context())
		check(t, err)
		if got != "v1.37.2" {
			t.Errorf("got %q", got)
		}
	}
}

func TestWarningsAndTheClockAreTheServers(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	s.Warn("old API")
	s.Clock(time.Hour)
	now, err := c.ServerTime(t.Context())
	check(t, err)
	if ahead := time.Until(now); ahead < 59*time.Minute || ahead > 61*time.Minute {
		t.Errorf("the server's clock is ahead by %v", ahead)
	}
	if got := c.Warnings(); !slices.Equal(got, []string{"old API"}) {
		t.Errorf("warnings: %q", got)
	}
}

func TestOnlyTheObjectThatWasMeantIsChanged(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	role := &rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"}, ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "reader"}}
	check(t, c.Create(t.Context(), role, true))
	wantReason(t, c.Read(t.Context(), role), failure.NotFound)
	check(t, c.Create(t.Context(), role, false))
	stale := role.DeepCopy()
	role.Rules = []rbacv1.PolicyRule{{Verbs: []string{"get"}, Resources: []string{"secrets"}}}
	check(t, c.Update(t.Context(), role, true))
	check(t, c.Update(t.Context(), role, false))
	wantReason(t, c.Update(t.Context(), stale, false), failure.Conflict)
	check(t, c.Read(t.Context(), stale))
	if len(stale.Rules) != 1 {
		t.Errorf("read: %v", stale)
	}
	old := role.DeepCopy()
	s.Remove(role)
	role.UID = ""
	s.Put(role)
	wantReason(t, c.Remove(t.Context(), old), failure.Conflict)
	check(t, c.Read(t.Context(), role))
	check(t, c.Remove(t.Context(), role))

	s.Put(&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "x"}}, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "y"}})
	bindings, err := c.RoleBindings(t.Context())
	check(t, err)
	clusterWide, err := c.ClusterRoleBindings(t.Context())
	check(t, err)
	if len(bindings) != 1 || len(clusterWide) != 1 {
		t.Errorf("listed: %v, %v", bindings, clusterWide)
	}
}

func TestAListComesInChunks(t *testing.T) {
	t.Parallel()
	s := New(t)
	for _, name := range []string{"c", "a", "b"} {
		s.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "one", Name: name}})
	}
	secrets := clientOf(t, s).Secrets("")
	first, err := secrets.List(t.Context(), metav1.ListOptions{Limit: 2})
	check(t, err)
	second, err := secrets.List(t.Context(), metav1.ListOptions{Limit: 2, Continue: first.Continue})
	check(t, err)
	if len(first.Items) != 2 || first.Items[0].Name != "a" || len(second.Items) != 1 || second.Items[0].Name != "c" || second.Continue != "" {
		t.Errorf("first %v, second %v", first, second)
	}
}
