// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/token"
)

func TestARevocableTokenIsRequestedListedAndRevoked(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	account := satoken.Account{Namespace: "ci", Name: "deployer"}
	_, err := satoken.Request(t.Context(), c, account, satoken.Spec{})
	wantReason(t, err, failure.NotFound)
	s.Put(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "deployer"}})

	revocation, err := satoken.CreateRevocationSecret(t.Context(), c, account, "deployer-token-1")
	check(t, err)
	granted, err := satoken.Request(t.Context(), c, account, satoken.Spec{Lifetime: 2 * time.Hour, Bound: revocation.BoundObject(), Audiences: []string{"vault"}})
	check(t, err)
	claims := granted.Claims
	if claims.Account != account || granted.Lifetime() != 2*time.Hour || !slices.Equal(claims.Audiences, []string{"vault"}) ||
		!slices.Equal(claims.Bound, []satoken.BoundObject{revocation.BoundObject()}) || claims.Subject != "system:serviceaccount:ci:deployer" {
		t.Errorf("claims: %+v", claims)
	}
	revocation, err = revocation.Record(t.Context(), c, granted)
	check(t, err)
	found, _, err := satoken.List(t.Context(), c, "")
	check(t, err)
	if len(found) != 1 || !found[0].Expires.Equal(granted.Expires()) {
		t.Errorf("listed: %v", found)
	}
	for credential, want := range map[string]bool{granted.Reveal(): true, "unknown": false} {
		verdict, err := satoken.Review(t.Context(), c, credential, []string{"vault"})
		check(t, err)
		if verdict.Accepted != want {
			t.Errorf("reviewed: %+v", verdict)
		}
	}
	check(t, revocation.Revoke(t.Context(), c))
	if left := s.Secrets("ci"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	names, err := c.ServiceAccounts(t.Context(), "ci")
	check(t, err)
	if !slices.Equal(names, []string{"deployer"}) {
		t.Errorf("accounts: %q", names)
	}
}

func TestAnotherTokenOfTheSameAccountIsAnotherToken(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	s.Put(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "deployer"}})
	one, err := satoken.Request(t.Context(), c, satoken.Account{Namespace: "ci", Name: "deployer"}, satoken.Spec{})
	check(t, err)
	other, err := satoken.Request(t.Context(), c, satoken.Account{Namespace: "ci", Name: "deployer"}, satoken.Spec{})
	check(t, err)
	if one.Reveal() == other.Reveal() || one.Lifetime() != time.Hour || len(one.Claims.Audiences) != 1 {
		t.Errorf("granted %+v and %+v", one.Claims, other.Claims)
	}
}

func TestAJoinablePlaneVerifiesAndSigns(t *testing.T) {
	t.Parallel()
	s := New(t, Karmada, Joinable)
	c := clientOf(t, s)
	tok, secret := bootstrap(t, "abcdef.0123456789abcdef")
	made, err := token.Create(t.Context(), c, secret, false)
	check(t, err)
	result, err := discovery.Verify(t.Context(), c, join.Karmada, join.Endpoint{})
	check(t, err)
	if result.Signatures != 1 || len(result.Pins) != 1 {
		t.Errorf("verified: %+v", result)
	}
	_, err = result.WaitSigned(t.Context(), time.Second, tok)
	check(t, err)
	check(t, token.Rollback(t.Context(), c, made))
	info, err := discovery.Read(t.Context(), c, join.Karmada)
	check(t, err)
	if len(info.Signatures) != 0 {
		t.Errorf("still signed: %v", info.Signatures)
	}
}

func TestATokenIsSignedWhenATestSignsIt(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	_, err := discovery.Verify(t.Context(), c, join.Kubeadm, join.Endpoint{})
	wantReason(t, err, failure.NotFound)
	s.PublishClusterInfo()
	result, err := discovery.Verify(t.Context(), c, join.Kubeadm, join.Endpoint{})
	check(t, err)
	tok, secret := bootstrap(t, "abcdef.0123456789abcdef")
	s.Put(secret)
	if _, err := result.WaitSigned(t.Context(), 30*time.Millisecond, tok); err == nil {
		t.Error("signed by itself")
	}
	s.Sign(tok.Reveal())
	_, err = result.WaitSigned(t.Context(), time.Second, tok)
	check(t, err)
}

func TestMembersAreReachedThroughTheirHub(t *testing.T) {
	t.Parallel()
	hub, member := New(t, Karmada), New(t)
	hub.AddMember("m1", member)
	hub.AddMember("m2", Down(t))
	c := clientOf(t, hub)
	names, err := c.MemberNames(t.Context(), "")
	check(t, err)
	found, err := c.Member(t.Context(), "m1")
	check(t, err)
	if !slices.Equal(names, []string{"m1", "m2"}) || found.Server != member.URL {
		t.Errorf("members %q, the first %+v", names, found)
	}
	through, err := c.ViaProxy("m1")
	check(t, err)
	_, secret := bootstrap(t, "abcdef.0123456789abcdef")
	_, err = token.Create(t.Context(), through, secret, false)
	check(t, err)
	member.On(http.MethodDelete, "", LoseAnswer().Times(1))
	check(t, token.DeleteByName(t.Context(), through, token.RefTo("abcdef"), false))
	if got, want := member.Requests(), []string{
		"POST " + secretsPath, "DELETE " + secretsPath + "/bootstrap-token-abcdef", "GET " + secretsPath + "/bootstrap-token-abcdef",
	}; !slices.Equal(got, want) {
		t.Errorf("requests at the member: %q", got)
	}
	if got := hub.Requests(); got[2] != "POST "+clustersPath+"/m1/proxy"+secretsPath {
		t.Errorf("requests at the hub: %q", got)
	}
	for name, want := range map[string]failure.Reason{"m2": failure.Unreachable, "m3": failure.NotFound} {
		through, err := c.ViaProxy(name)
		check(t, err)
		_, _, err = token.List(t.Context(), through, "")
		wantReason(t, through.ExplainProxyError(err), want)
	}
}

func TestAServerHasOnlyItsOwnGroups(t *testing.T) {
	t.Parallel()
	c, karmada := clientOf(t, New(t)), clientOf(t, New(t, Karmada))
	for name, serves := range map[string]func() (bool, error){
		"karmada": func() (bool, error) { return karmada.Serves(t.Context(), kube.KarmadaAPI) },
		"rbac":    func() (bool, error) { return c.Serves(t.Context(), "rbac.authorization.k8s.io/v1") },
	} {
		if ok, err := serves(); err != nil || !ok {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
	}
	if ok, err := c.Serves(t.Context(), kube.KarmadaAPI); err != nil || ok {
		t.Errorf("Karmada: %v, %v", ok, err)
	}
	_, err := c.MemberNames(t.Context(), "")
	wantReason(t, err, failure.Unsupported)
}

func TestReviewsAnswerWhatATestSays(t *testing.T) {
	t.Parallel()
	s := New(t)
	c := clientOf(t, s)
	access := kube.Access{Verb: "create", Resource: "secrets", Namespace: "kube-system"}
	mayI, err := c.MayI(t.Context(), access)
	check(t, err)
	s.Deny(func(user string, access *authorizationv1.ResourceAttributes) bool {
		return user == "jane" && access.Verb == "create"
	})
	jane, err := c.Allowed(t.Context(), kube.Subject{User: "jane"}, access)
	check(t, err)
	if !mayI || jane {
		t.Errorf("allowed: %v, jane: %v", mayI, jane)
	}
	s.Authenticate("of jane", authenticationv1.UserInfo{Username: "jane"})
	for bearer, want := range map[string]string{AdminToken: "kubernetes-admin", "of jane": "jane", "unknown": "system:anonymous"} {
		as, err := c.WithBearerToken(bearer)
		check(t, err)
		if who, err := as.WhoAmI(t.Context()); err != nil || who.Username != want {
			t.Errorf("%q is %q: %v", bearer, who.Username, err)
		}
	}
	check(t, c.Create(t.Context(), &certificatesv1.CertificateSigningRequest{ObjectMeta: metav1.ObjectMeta{GenerateName: "csr-"}}, true))
}

func TestAKubeconfigHasAContextForEachServer(t *testing.T) {
	t.Parallel()
	one, two := New(t), New(t)
	file := Kubeconfig(t, map[string]*Server{"two": two, "one": one, "three": Down(t)})
	s, c := one, connect(t, file, "")
	s.On("", "", Refuse(apierrors.NewUnauthorized("")))
	_, err := c.Version(t.Context())
	wantReason(t, err, failure.Unauthorized)
	_, err = connect(t, file, "two").Version(t.Context())
	check(t, err)
	_, err = connect(t, file, "three").Version(t.Context())
	wantReason(t, err, failure.Unreachable)
	for _, server := range []*Server{one, two} {
		server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "b"}})
	}
	if one.Secrets("a")[0].UID == two.Secrets("a")[0].UID {
		t.Error("two servers give the same UID")
	}
	if one.URL == two.URL || string(one.CA) == string(two.CA) {
		t.Error("two servers have the same address or certificate authority")
	}
}
