// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/x509"
	"errors"

	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/failure"
)

// setUp is the fix for a control plane that was never set up for joining by token.
const setUp = "the administrator of the control plane makes it joinable with joinctl setup --endpoint HOST:PORT; joinctl doctor shows what is missing"

// readHint returns a hint for an error of reading cluster-info without a credential.
func readHint(err error) string {
	var (
		hostErr x509.HostnameError
		caErr   x509.UnknownAuthorityError
		invalid *certificate.Error
	)
	switch {
	case errors.As(err, &hostErr):
		return "joiners verify the name they are given: print an address that the certificate covers with --endpoint HOST:PORT, or add this one to the certificate"
	case errors.As(err, &caErr):
		return "the CA that is trusted here did not sign the certificate at this address: is it the control plane itself?"
	}
	if errors.As(err, &invalid) {
		return invalid.Hint(certificate.KubeconfigFix)
	}
	switch failure.ReasonOf(err) {
	case failure.Unauthorized:
		return "joiners are anonymous at first: kube-apiserver needs --anonymous-auth, or an AuthenticationConfiguration that lets anonymous requests to cluster-info through"
	case failure.Forbidden:
		return "joiners are anonymous at first, and no Role and RoleBinding in kube-public let user system:anonymous get configmap cluster-info: " + setUp
	case failure.NotFound:
		return "kubeadm init and karmadactl init create cluster-info, karmada-operator does not: " + setUp
	}
	return ""
}

// AuthorityFix is the fix for a CA in cluster-info that has expired or is not valid yet.
const AuthorityFix = "on the control plane, joinctl setup --force puts the kubeconfig's CA into cluster-info; another CA of the same key keeps the pins valid"

// authorityHint returns a hint for an error of a connection that the CA in cluster-info verifies: for errors that have
// nothing to do with a certificate's issuer or dates, the other one.
func authorityHint(err error, other string) string {
	var (
		caErr   x509.UnknownAuthorityError
		invalid *certificate.Error
	)
	switch {
	case errors.As(err, &caErr):
		return "cluster-info has to carry the CA that signed the API server's serving certificate: put that one in"
	case errors.As(err, &invalid):
		return invalid.Hint(AuthorityFix)
	}
	return other
}
