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
