// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/x509"
	"errors"

	"github.com/joinctl/joinctl/internal/failure"
)

// hintOf returns what to do about an error: what its author knew, else what its reason suggests.
func hintOf(err error) string {
	var (
		known   *failure.Error
		config  *failure.ConfigError
		usage   *usageError
		problem *problem
		alike   *alike
	)
	switch {
	case errors.As(err, &alike):
		return alike.hint()
	case errors.As(err, &known) && known.Hint != "":
		return known.Hint
	case errors.As(err, &config):
		return config.Hint
	case errors.As(err, &usage):
		return "see " + usage.command + " --help"
	case errors.As(err, &problem):
		return problem.hint
	}
	return reasonHint(err)
}

func reasonHint(err error) string {
	var (
		hostErr x509.HostnameError
		caErr   x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &hostErr):
		return "the server's certificate is for other names: correct the kubeconfig's server, or name one of them with --tls-server-name"
	case errors.As(err, &caErr):
		return "the kubeconfig's certificate authority did not sign the server's certificate: is this the right cluster, and is the kubeconfig up to date?"
	}
	switch failure.ReasonOf(err) {
	case failure.Unreachable:
		return "is the API server running, and is the context's server address right? joinctl -v=6 shows the requests"
	case failure.Timeout:
		return "nothing answered in time: check the context's server address, or allow more with --request-timeout"
	case failure.Unauthorized:
		return "the server does not accept this context's credentials: they are wrong, expired or of another cluster"
	case failure.Forbidden:
		return "get this right granted, or use another identity with --context, --kubeconfig or --as; kubectl auth can-i --list -n kube-system shows what this one may do"
	case failure.NotFound:
		return "list shows what there is; is this the right context?"
	case failure.CredentialPlugin:
		return "the kubeconfig's credential plugin failed: run its command by hand to see why"
	}
	return ""
}
