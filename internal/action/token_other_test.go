// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// putOwner stores a token without a usage, and a Secret that the garbage collector deletes with it.
func putOwner(t *testing.T, server *apitest.Server, full, owned string) {
	t.Helper()
	spec := joining("")
	spec.Usages = nil
	owner := token.Encode(parse(t, full), spec)
	owner.UID = "00000000-0000-4000-8000-00000000abcd"
	server.Put(owner, &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, Type: corev1.SecretTypeOpaque,
		ObjectMeta: metav1.ObjectMeta{Name: owned, Namespace: metav1.NamespaceSystem, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "Secret", Name: owner.Name, UID: owner.UID},
		}},
	})
}

// putOpaque stores a Secret with the name of a token and another type.
func putOpaque(t *testing.T, server *apitest.Server, full string) {
	t.Helper()
	secret := token.Encode(parse(t, full), joining(""))
	secret.Type = corev1.SecretTypeOpaque
	server.Put(secret)
}

func TestAListCallsATokenThatOwnsSecretsOther(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	putOwner(t, server, firstToken, "certificates")
	putOpaque(t, server, secondToken)
	s, _ := newSession(t, servers{"a": server})
	list, err := (&TokenList{Session: s}).Run(t.Context())
	check(t, err)
	var got []string
	for _, one := range list.Shown {
		got = append(got, one.Secret.Name+": "+one.Health.String())
	}
	want := []string{
		firstName + ": other (it owns secret certificates, which goes when it goes)",
		secondName + ": malformed (wrong type: the Secret is not of type bootstrap.kubernetes.io/token)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %q", got)
	}
}

func TestAListIsCompleteWhereOtherSecretsCannotBeListed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	putOwner(t, server, firstToken, "certificates")
	server.On(http.MethodGet, secretsPath, refusal().Skip(1))
	s, _ := newSession(t, servers{"a": server})
	list, err := (&TokenList{Session: s}).Run(t.Context())
	check(t, err)
	wantFailures(t, list.Failures, 1)
	if len(list.Shown) != 1 || list.Shown[0].Health.Status != token.Unusable {
		t.Errorf("listed %+v", list.Shown)
	}
}

func TestATokenOfAnotherProgramIsDeletedOnlyIfThatIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, yes := range map[string]bool{"confirmed": true, "declined": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			putOwner(t, server, firstToken, "certificates")
			put(t, server, joining(""), secondToken)
			s, _ := newSession(t, servers{"a": server})
			var asked []string
			a := TokenDelete{Session: s, Refs: []session.Ref{byID, bySecondID}, ConfirmOther: func(one DeletedToken, purpose string) bool {
				asked = append(asked, one.Target.Context+" "+one.Object.Name+": "+purpose)
				return yes
			}}
			deleted, failures, err := a.Run(t.Context())
			check(t, err)
			if want := []string{"a " + firstName + ": it owns secret certificates, which goes when it goes"}; !slices.Equal(asked, want) {
				t.Errorf("asked %q", asked)
			}
			if yes {
				wantFailures(t, failures, 2)
				return
			}
			wantError(t, wantFailures(t, failures, 1, "a")[0].Err, failure.Internal, "token abcdef was left as it is: not confirmed")
			if got := namesOfDeleted(deleted); !slices.Equal(got, []string{"a/bbbbbb"}) {
				t.Errorf("deleted %q", got)
			}
		})
	}
}

func TestOnlyATokenWithoutAUsageIsAskedAbout(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), firstToken)
	s, _ := newSession(t, servers{"a": server})
	a := TokenDelete{Session: s, Refs: []session.Ref{byID}, ConfirmOther: func(DeletedToken, string) bool { return false }}
	_, failures, err := a.Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	wantRequests(t, server, getFirst, deleteFirst)
}
