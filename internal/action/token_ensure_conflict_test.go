// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

// A quota that changes at the same time is a 409 that is not AlreadyExists.
func TestATokenThatIsNotPublishedIsEnsuredAfterAConflict(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	conflict := apitest.Refuse(apierrors.NewConflict(corev1.Resource("resourcequotas"), "quota", errClosedPipe))
	server.On(http.MethodPost, secretsPath, conflict.Times(2))
	s, _ := newSession(t, servers{"hub": server})
	if one := ensured(t, ensuringM1(s)); one.Existed {
		t.Errorf("token %s existed", one.Token.ID)
	}
	if got := len(stored(server)); got != 1 {
		t.Errorf("%d tokens are stored", got)
	}
	server.On(http.MethodPost, secretsPath, conflict)
	s, _ = newSession(t, servers{"hub": server})
	a := ensuringM1(s)
	a.Clusters = []string{"m2"}
	out, err := a.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, out.Failures, 0, "m2")[0].Err, failure.Conflict, "quota")
}

// A proxy sends the creation twice, and the second answer says that the token exists. Where the token cannot be read then, nobody
// knows whether it is new.
func TestATokenThatCannotBeToldFromAnEarlierOneIsNotHandedOutAsThat(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, server.Twice())
	server.On(http.MethodGet, secretsPath+"/*", apitest.Refuse(apierrors.NewConflict(corev1.Resource("secrets"), "x", errClosedPipe)).Times(1))
	s, _ := newSession(t, servers{"hub": server})
	out, err := ensuringM1(s).Run(t.Context())
	check(t, err)
	if len(out.Tokens) != 0 {
		t.Errorf("handed out %v", out.Tokens)
	}
	wantError(t, wantFailures(t, out.Failures, 0, "m1")[0].Err, failure.Unknown, stored(server)[0])
}
