// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/token"
)

func TestAnIDThatExistsHasAHintThatWorks(t *testing.T) {
	t.Parallel()
	other := joining("")
	other.Usages = nil
	signing := joining("")
	signing.Usages = []string{token.Signing}
	for name, test := range map[string]struct {
		put        func(*testing.T, *apitest.Server)
		hint, text string
	}{
		"a token":          {func(t *testing.T, s *apitest.Server) { put(t, s, joining(""), firstToken) }, "joinctl token command abcdef", "token abcdef exists already"},
		"for signing only": {func(t *testing.T, s *apitest.Server) { put(t, s, signing, firstToken) }, "joinctl token delete abcdef", "token abcdef exists already"},
		"no usage":         {func(t *testing.T, s *apitest.Server) { put(t, s, other, firstToken) }, "joinctl token delete abcdef", "token abcdef exists already"},
		"no token":         {func(t *testing.T, s *apitest.Server) { putOpaque(t, s, firstToken) }, "create the token with another ID", `it is no token, and was left as it is: secret ` + firstName + ` is of type "Opaque"`},
		"unread": {func(t *testing.T, s *apitest.Server) {
			put(t, s, joining(""), firstToken)
			s.On(http.MethodGet, anySecret, apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, firstName, nil)))
		}, "joinctl token command abcdef", "token abcdef exists already"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			server.Clock(-time.Hour) // it was created before
			test.put(t, server)
			server.Clock(0)
			s, _ := newSession(t, servers{"a": server})
			a := TokenCreate{Session: s, Token: parse(t, firstToken), Spec: joining(""), Deliver: func(*CreatedTokens) error { return nil }}
			created, err := a.Run(t.Context())
			check(t, err)
			failed := wantFailures(t, created.Failures, 0, "a")[0].Err
			wantError(t, failed, failure.ReasonOf(failed), test.text)
			if hint := hintOf(failed); !strings.HasPrefix(hint, test.hint) {
				t.Errorf("hint: %s", hint)
			}
		})
	}
}
