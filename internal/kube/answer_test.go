// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

// A call is one request of a Client.
type call func(context.Context, *Client) error

// answerPlane returns a server with an object for every call, and a client for it.
func answerPlane(t *testing.T) (*apitest.Server, *Client) {
	t.Helper()
	s := apitest.New(t, apitest.Karmada)
	s.Put(storedSecret("stored"), storedRole(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "stored"}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "robot"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem}})
	return s, connect(t, &rest.Config{
		Host: s.URL, BearerToken: apitest.AdminToken, Timeout: 5 * time.Second, TLSClientConfig: rest.TLSClientConfig{CAData: s.CA},
	})
}

func storedSecret(name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, UID: types.UID("uid-of-" + name)}, Type: "example.com/x"}
}

func storedRole() *rbacv1.Role {
	return &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "Role"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "stored", UID: "uid-of-role"},
	}
}

func newRole() *rbacv1.Role {
	role := storedRole()
	role.Name, role.UID = "new", ""
	return role
}

func discard[T any](_ T, err error) error { return err }

// reads returns the calls that change nothing.
func reads() map[string]call {
	var list metav1.ListOptions
	return map[string]call{
		"get a Secret": func(ctx context.Context, c *Client) error {
			return discard(c.Secrets("ns").Get(ctx, "stored", metav1.GetOptions{}))
		},
		"list Secrets": func(ctx context.Context, c *Client) error { return discard(c.Secrets("ns").List(ctx, list)) },
		"all Secrets":  func(ctx context.Context, c *Client) error { return discard(c.Secrets("ns").All(ctx, list)) },
		"metadata":     func(ctx context.Context, c *Client) error { return discard(c.Secrets("ns").Metadata(ctx, list)) },
		"read a Role":  func(ctx context.Context, c *Client) error { return c.Read(ctx, storedRole()) },
		"a ConfigMap":  func(ctx context.Context, c *Client) error { return discard(c.ConfigMap(ctx, "ns", "stored")) },
		"RoleBindings": func(ctx context.Context, c *Client) error { return discard(c.RoleBindings(ctx)) },
		"cluster's":    func(ctx context.Context, c *Client) error { return discard(c.ClusterRoleBindings(ctx)) },
		"accounts":     func(ctx context.Context, c *Client) error { return discard(c.ServiceAccounts(ctx, "ns")) },
		"members":      func(ctx context.Context, c *Client) error { return discard(c.MemberNames(ctx, "")) },
		"identity":     func(ctx context.Context, c *Client) error { return discard(c.Identity(ctx)) },
		"serves":       func(ctx context.Context, c *Client) error { return discard(c.Serves(ctx, KarmadaAPI)) },
		"version":      func(ctx context.Context, c *Client) error { return discard(c.Version(ctx)) },
		"allowed": func(ctx context.Context, c *Client) error {
			return discard(c.Allowed(ctx, Subject{User: "u"}, Access{}))
		},
		"may I":    func(ctx context.Context, c *Client) error { return discard(c.MayI(ctx, Access{})) },
		"who am I": func(ctx context.Context, c *Client) error { return discard(c.WhoAmI(ctx)) },
		"token review": func(ctx context.Context, c *Client) error {
			return discard(c.ReviewToken(ctx, apitest.AdminToken, nil))
		},
		"dry run": func(ctx context.Context, c *Client) error { return c.Create(ctx, newRole(), true) },
		"token request": func(ctx context.Context, c *Client) error {
			return discard(c.RequestToken(ctx, "ns", "robot", &authenticationv1.TokenRequest{}))
		},
		"CSR": func(ctx context.Context, c *Client) error {
			return c.Create(ctx, &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{Name: "csr"}}, true)
		},
	}
}

// writes returns the calls that change something.
func writes() map[string]call {
	uid := types.UID("uid-of-stored")
	return map[string]call{
		"create a Secret": func(ctx context.Context, c *Client) error {
			return discard(c.Secrets("ns").Create(ctx, storedSecret("new"), metav1.CreateOptions{}))
		},
		"update a Secret": func(ctx context.Context, c *Client) error {
			return discard(c.Secrets("ns").Update(ctx, storedSecret("stored"), metav1.UpdateOptions{}))
		},
		"delete a Secret": func(ctx context.Context, c *Client) error {
			return c.Secrets("ns").Delete(ctx, "stored", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
		},
		"create a Role": func(ctx context.Context, c *Client) error { return c.Create(ctx, newRole(), false) },
		"update a Role": func(ctx context.Context, c *Client) error { return c.Update(ctx, storedRole(), false) },
		"remove a Role": func(ctx context.Context, c *Client) error { return c.Remove(ctx, storedRole()) },
	}
}

func TestEveryCallBelievesAHonestAnswer(t *testing.T) {
	t.Parallel()
	for _, calls := range []map[string]call{reads(), writes()} {
		for name, send := range calls {
			_, c := answerPlane(t)
			if err := send(t.Context(), c); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestNoCallBelievesAnAnswerThatIsNotItsObject(t *testing.T) {
	t.Parallel()
	for hostile := range apitest.New(t).Hostile() {
		t.Run(hostile, func(t *testing.T) {
			t.Parallel()
			s, c := answerPlane(t)
			s.On("", "", s.Hostile()[hostile])
			for name, send := range reads() {
				wantUnbelieved(t, c, name, send, false)
			}
			for name, send := range writes() {
				wantUnbelieved(t, c, name, send, true)
			}
		})
	}
}

// wantUnbelieved sends a call that gets a hostile answer. A write is lost then; no call says that an object is missing or in
// the way.
func wantUnbelieved(t *testing.T, c *Client, name string, send call, write bool) {
	t.Helper()
	err := send(t.Context(), c)
	reasons := []failure.Reason{failure.Unsupported, failure.Unreachable, failure.Internal, failure.Unknown}
	if err == nil || !slices.Contains(reasons, failure.ReasonOf(err)) || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		t.Errorf("%s: %v (%s)", name, err, failure.ReasonOf(err))
	}
	if write && !failure.IsLost(err) {
		t.Errorf("%s: a write that was applied is not lost: %v", name, err)
	}
}

func TestNoCallBelievesAnAnswerWithAnotherIdentity(t *testing.T) {
	t.Parallel()
	named := []string{
		"get a Secret", "read a Role", "a ConfigMap", "token request", "create a Secret", "update a Secret", "create a Role", "update a Role", "CSR",
	}
	for change, test := range map[string]struct {
		change func(apitest.Object)
		calls  []string
	}{
		"another name":      {func(o apitest.Object) { o.SetName("other") }, named},
		"another namespace": {func(o apitest.Object) { o.SetNamespace("other") }, named},
		"another UID":       {func(o apitest.Object) { o.SetUID("other") }, []string{"update a Secret", "update a Role"}},
		"no UID":            {func(o apitest.Object) { o.SetUID("") }, []string{"get a Secret", "create a Secret", "update a Secret"}},
		"another type": {func(o apitest.Object) {
			if secret, ok := o.(*corev1.Secret); ok {
				secret.Type = "example.com/y"
			}
		}, []string{"create a Secret", "update a Secret"}},
	} {
		for _, name := range test.calls {
			s, c := answerPlane(t)
			s.On("", "", s.Change(test.change))
			send, isRead := reads()[name]
			if !isRead {
				send = writes()[name]
			}
			err := send(t.Context(), c)
			if failure.ReasonOf(err) != failure.Unsupported || !failure.IsLost(err) {
				t.Errorf("%s, %s: %v", change, name, err)
			}
		}
	}
}

func TestADeletionBelievesAStatusAboutItsObjectOnly(t *testing.T) {
	t.Parallel()
	status := func(details *metav1.StatusDetails) *metav1.Status {
		return &metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess, Details: details}
	}
	object, other := storedSecret("stored"), storedSecret("other")
	object.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	other.TypeMeta = object.TypeMeta
	for name, test := range map[string]struct {
		fault apitest.Fault
		done  bool
	}{
		"a Status":                       {apitest.RespondObject(200, status(nil)), true},
		"a Status about it":              {apitest.RespondObject(200, status(&metav1.StatusDetails{Name: "stored", UID: "uid-of-stored"})), true},
		"a Status about another":         {apitest.RespondObject(200, status(&metav1.StatusDetails{Name: "other"})), false},
		"a Status about another UID":     {apitest.RespondObject(200, status(&metav1.StatusDetails{Name: "stored", UID: "x"})), false},
		"the object, which is finalized": {apitest.RespondObject(202, object), true},
		"another object":                 {apitest.RespondObject(200, other), false},
	} {
		s, c := answerPlane(t)
		s.On("DELETE", "", test.fault)
		if err := writes()["delete a Secret"](t.Context(), c); (err == nil) != test.done || err != nil && !failure.IsLost(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAListBelievesNoItemThatWasNotAskedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		item     *corev1.Secret
		selector string
		says     string
	}{
		"another namespace": {&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "a", UID: "u"}}, "", `"other/a"`},
		"no match":          {&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a", UID: "u"}}, "x=y", `"x=y" does not match`},
		"no UID":            {&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a"}}, "", "without a name or a UID"},
	} {
		s, c := answerPlane(t)
		list := &corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}, Items: []corev1.Secret{*test.item}}
		s.On("", "", apitest.RespondObject(200, list))
		_, err := c.Secrets("ns").All(t.Context(), metav1.ListOptions{LabelSelector: test.selector})
		if failure.ReasonOf(err) != failure.Unsupported || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An answer may hold the credential that was sent.
func TestTheErrorOfAnAnswerDoesNotShowItsBody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"data":{"token-secret":"c2VjcmV0"}}`, `{"kind":"Widget","data":"c2VjcmV0"}`, `"c2VjcmV0"`, `{"kind":"Secret","apiVersion":"v1","data":"c2VjcmV0"}`,
		`{"kind":"Secret","apiVersion":"v1","c2VjcmV0`,
	} {
		for _, send := range []call{reads()["get a Secret"], writes()["create a Secret"], reads()["metadata"], reads()["version"]} {
			s, c := answerPlane(t)
			s.On("", "", apitest.Respond(200, "application/json", body))
			if err := send(t.Context(), c); err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("%s: %v", body, err)
			}
		}
	}
}

func TestAnErrorBeforeAConnectionIsNoAnswer(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: "https://" + closedPort(t)})
	err := writes()["create a Secret"](t.Context(), c)
	if _, answered := errors.AsType[failure.UnexpectedAnswer](err); answered || failure.IsLost(err) {
		t.Errorf("got %v", err)
	}
}
