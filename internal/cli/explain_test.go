// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
)

func TestAnErrorGetsTheHintOfItsAuthorElseOfItsReason(t *testing.T) {
	t.Parallel()
	reason := func(r failure.Reason) error { return &failure.Error{Reason: r, Err: errors.New("it failed")} }
	for name, test := range map[string]struct {
		err  error
		want string // the beginning
	}{
		"the author's":                {&failure.Error{Reason: failure.Forbidden, Err: errors.New("x"), Hint: "this needs get"}, "this needs get"},
		"the author's, wrapped":       {fmt.Errorf("list: %w", &failure.Error{Err: errors.New("x"), Hint: "this needs get"}), "this needs get"},
		"of the kubeconfig":           {&failure.ConfigError{Err: errors.New("x"), Hint: "choose another"}, "choose another"},
		"a similar context":           {&failure.ConfigError{Err: &fleet.UnknownContextError{Name: "hb", Known: []string{"hub"}}, Hint: "choose one"}, `did you mean "hub"?`},
		"no similar context":          {&failure.ConfigError{Err: &fleet.UnknownContextError{Name: "zzz", Known: []string{"hub"}}, Hint: "choose one"}, "choose one"},
		"of the command line":         {&usageError{errors.New("x"), "joinctl token list"}, "see joinctl token list --help"},
		"of a check":                  {&action.CheckFailed{Text: "x", Hint: "joinctl setup"}, "joinctl setup"},
		"a certificate of another":    {fmt.Errorf("get: %w", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}), "the server's certificate is for other names"},
		"a certificate of nobody":     {x509.UnknownAuthorityError{}, "the kubeconfig's certificate authority did not sign"},
		"a certificate that expired":  {certificate.ErrorOf(x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired}, time.Now()), "renew the certificate authority in the kubeconfig"},
		"unreachable":                 {reason(failure.Unreachable), "is the API server running"},
		"no answer":                   {reason(failure.Timeout), "nothing answered in time"},
		"unauthorized":                {reason(failure.Unauthorized), "the server does not accept"},
		"forbidden":                   {reason(failure.Forbidden), "get this right granted"},
		"not found":                   {reason(failure.NotFound), "the list command shows"},
		"a credential plugin":         {reason(failure.CredentialPlugin), "the kubeconfig's credential plugin failed"},
		"one that nobody can help by": {errors.New("x"), ""},
	} {
		if got := hintFor(test.err); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestAGroupWithoutARightNamesOtherContextsOfTheSameControlPlane(t *testing.T) {
	t.Parallel()
	hub := &apitest.Server{URL: "https://hub:6443"}
	s := newSession(&Env{In: strings.NewReader(""), Err: &strings.Builder{}})
	s.Kubeconfig = apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": hub, "hub-admin": hub})
	s.Selection = fleet.Selection{All: true}
	targets, err := s.Targets()
	if err != nil {
		t.Fatal(err)
	}
	for reason, more := range map[failure.Reason]string{
		failure.Forbidden:   `; these contexts reach the same control planes, perhaps as somebody else: "hub-admin"`,
		failure.Unreachable: "",
	} {
		failures := s.NewFailures()
		failures.Add(targets[0], &failure.Error{Reason: reason, Err: errors.New("x"), Hint: "do this"})
		if got := hintFor(failures.Errors()[0]); got != "do this"+more {
			t.Errorf("%s: got %q", reason, got)
		}
	}
}
