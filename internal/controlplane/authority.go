// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/discovery"
)

const checkCA = "cluster-info-ca"

// authorityDates checks the dates of the CAs in cluster-info by the server's clock. One valid CA can be enough: server finds
// out whether it is.
func (e *examination) authorityDates(ctx context.Context) error {
	now, err := e.c.ServerTime(ctx)
	if err != nil {
		return err
	}
	var invalid []string
	for _, one := range e.info.Certificates {
		if dates := certificate.Dates(one, now); dates != "" {
			invalid = append(invalid, fmt.Sprintf("(%s) %s; it is %s", certificate.Name(one), dates, certificate.Span(one)))
		}
	}
	e.invalidCA = len(invalid) == len(e.info.Certificates)
	switch {
	case len(invalid) == 0:
	case e.invalidCA:
		e.report(checkCA, Error, discovery.AuthorityFix, "no joiner can verify the control plane, since the certificate authority in cluster-info %s", strings.Join(invalid, ", and "))
	default:
		e.report(checkCA, Info, "joinctl setup --force puts the kubeconfig's CA in place of all of them", "of %d certificate authorities in cluster-info, the one %s",
			len(e.info.Certificates), strings.Join(invalid, ", and "))
	}
	return nil
}

// authorityFails reports whether the CA in cluster-info does not verify the server of a host, by the error of a connection, and
// adds a finding unless authorityDates has added one.
func (e *examination) authorityFails(err error, host string) bool {
	var (
		unknown x509.UnknownAuthorityError
		invalid *certificate.Error
	)
	switch {
	case errors.As(err, &unknown):
		e.report(checkCA, Error, "cluster-info has to carry the CA that signed the serving certificate: joinctl setup --force writes the kubeconfig's",
			"the CA in cluster-info did not sign the certificate at %s", host)
		return true
	case !errors.As(err, &invalid) || invalid.Sent:
		return false
	case !e.invalidCA:
		e.report(checkCA, Error, invalid.Hint(discovery.AuthorityFix), "the CA in cluster-info does not verify the certificate at %s: %v", host, invalid)
	}
	return true
}
