// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/x509"
	"errors"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// explain tells the operator what went wrong and what to do next, each once.
func explain(t *terminal.Terminal, err error) {
	hints := map[string]bool{"": true}
	for _, err := range flatten(err) {
		t.Info("error: %s", withCode(failure.Plain(err).Error(), errorCode(err)))
		if hint := hintFor(err); !hints[hint] {
			hints[hint] = true
			t.Info("hint: %s", hint)
		}
	}
}

// hintFor returns what to do about an error: what its author knows, else what its reason suggests.
func hintFor(err error) string {
	var (
		group   *session.Group
		known   *failure.Error
		unknown *fleet.UnknownContextError
		config  *failure.ConfigError
		usage   *usageError
		check   *action.CheckFailed
	)
	switch {
	case errors.As(err, &group):
		return groupHint(group)
	case errors.As(err, &known) && known.Hint != "":
		return known.Hint
	case errors.As(err, &unknown) && suggest(unknown) != "":
		return suggest(unknown)
	case errors.As(err, &config):
		return config.Hint
	case errors.As(err, &usage):
		return "see " + usage.command + " --help"
	case errors.As(err, &check):
		return check.Hint
	}
	return reasonHint(err)
}

// groupHint returns the hint for the first failure of a group. Where an identity lacks a right, it names contexts that
// reach the same control planes, perhaps as an identity that has it.
func groupHint(group *session.Group) string {
	hint := hintFor(group.First())
	if others := group.Alternatives(); group.Reason == failure.Forbidden && len(others) > 0 {
		hint += "; these contexts reach the same control planes, perhaps as somebody else: " + failure.Quoted(others)
	}
	return hint
}

func reasonHint(err error) string {
	var (
		hostErr x509.HostnameError
		caErr   x509.UnknownAuthorityError
		invalid *certificate.Error
	)
	switch {
	case errors.As(err, &invalid):
		return invalid.Hint(certificate.KubeconfigFix)
	case errors.As(err, &hostErr):
		return "the server's certificate is for other names: correct the kubeconfig's server, or name one of them with --tls-server-name"
	case errors.As(err, &caErr):
		return "the kubeconfig's certificate authority did not sign the server's certificate: is this the right cluster, and is the kubeconfig up to date?"
	}
	if fault, ok := failure.Wire(err); ok {
		return fault.Fix
	}
	return map[failure.Reason]string{
		failure.Unreachable:      "is the API server running, and is the context's server address right? joinctl -v=6 shows the requests",
		failure.Timeout:          "nothing answered in time: check the context's server address, or allow more with --request-timeout",
		failure.Unauthorized:     "the server does not accept this context's credentials: they are wrong, expired or of another cluster",
		failure.Forbidden:        "get this right granted, or use another identity with --context, --kubeconfig or --as; kubectl auth can-i --list -n kube-system shows what this one may do",
		failure.NotFound:         "the list command shows what exists; is this the right context?",
		failure.CredentialPlugin: "the kubeconfig's credential plugin failed: run its command by hand to see why",
	}[failure.ReasonOf(err)]
}
