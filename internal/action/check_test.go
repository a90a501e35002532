// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/cert"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

const checkedToken = "abcdef.0123456789abcdef"

// checkOf returns the check of a join at a server with a token that the server stores.
func checkOf(t *testing.T, server *apitest.Server) *Check {
	t.Helper()
	tok, err := token.Parse(checkedToken)
	adminCheck(t, err)
	server.Put(token.Encode(tok, token.Spec{Usages: []string{token.Signing, token.Authentication}}))
	server.Authenticate(checkedToken, authenticationv1.UserInfo{Username: "system:bootstrap:" + tok.ID})
	certificates, err := cert.ParseCertsPEM(server.CA)
	adminCheck(t, err)
	return &Check{
		Attempt: join.Attempt{Command: join.Command{
			Joiner: join.Karmada, Endpoint: adminEndpoint(t, server), Token: tok, Pins: []join.Pin{join.PinOf(certificates[0])},
		}},
		Member: discovery.Member{UserAgent: "joinctl/test", Now: time.Now, Rand: rand.Reader},
	}
}

func TestACheckWithoutFindingsChangesNothing(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	checked, err := checkOf(t, server).Run(t.Context())
	adminCheck(t, err)
	if len(checked.Findings) > 0 || len(checked.Steps) == 0 {
		t.Errorf("findings %v, steps %+v", checked.Findings, checked.Steps)
	}
	adminWantWrites(t, server)
}

func TestACheckReportsTheFailedStep(t *testing.T) {
	t.Parallel()
	check := checkOf(t, apitest.New(t, apitest.Karmada, apitest.Joinable))
	check.Attempt.Pins = []join.Pin{join.Pin("sha256:" + strings.Repeat("0", 64))}
	checked, err := check.Run(t.Context())
	adminCheck(t, err)
	var failed *CheckFailed
	if len(checked.Findings) != 1 || !errors.As(checked.Findings[0], &failed) {
		t.Fatalf("findings: %v", checked.Findings)
	}
	if !strings.HasPrefix(failed.Error(), "the join would fail at pin: ") || failed.Hint == "" {
		t.Errorf("%q, with hint %q", failed.Text, failed.Hint)
	}
}

func TestAnInterruptedCheckHasNoFindings(t *testing.T) {
	t.Parallel()
	check := checkOf(t, apitest.New(t, apitest.Joinable))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	checked, err := check.Run(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), check.Attempt.Endpoint.HostPort()) {
		t.Errorf("the error is %v", err)
	}
	if len(checked.Findings) > 0 || len(checked.Steps) == 0 {
		t.Errorf("findings %v, steps %+v", checked.Findings, checked.Steps)
	}
}

// Nobody can tell whether the join works: that is no finding, and no success.
func TestACheckWithoutAnAnswerInTimeIsAnError(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	check := checkOf(t, server)
	server.On("GET", "/api/v1/namespaces/kube-public/configmaps/cluster-info", apitest.Refuse(apierrors.NewTooManyRequests("busy", 0)))
	checked, err := check.Run(t.Context())
	wantError(t, err, failure.Timeout, "check the join at "+check.Attempt.Endpoint.HostPort()+": step cluster-info: ")
	if len(checked.Findings) > 0 || len(checked.Steps) == 0 {
		t.Errorf("findings %v, steps %+v", checked.Findings, checked.Steps)
	}
}
