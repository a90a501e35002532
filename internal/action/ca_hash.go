// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/cert"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// CAHash finds the CA certificates that a join command pins: those in files, or those of every target.
type CAHash struct {
	Session     *session.Session
	Files       []CAFile      // none: the certificates of the targets
	ClusterInfo bool          // from cluster-info; false: from the kubeconfig, unless there is an Endpoint
	Endpoint    join.Endpoint // where to read cluster-info; zero: at the kubeconfig's server
}

// A CAFile is a file with PEM certificates.
type CAFile struct {
	Path    string
	Content []byte
}

// A CACertificate is a CA certificate, and the target that it is of.
type CACertificate struct {
	Target      fleet.Target // zero: the certificate is from a file
	Certificate *x509.Certificate
}

// Run returns the certificates in the order of the files or targets.
func (a *CAHash) Run(ctx context.Context) ([]CACertificate, *session.Failures, error) {
	if len(a.Files) > 0 {
		certs, err := a.parseFiles()
		return certs, &session.Failures{}, err
	}
	results, err := session.Each(ctx, a.Session, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]CACertificate, error) {
		certs, err := a.read(ctx, c)
		return certificatesOf(target, certs), err
	})
	if err != nil {
		return nil, nil, err
	}
	lists, failures := session.Collect(a.Session, results)
	return slices.Concat(lists...), failures, nil
}

func (a *CAHash) parseFiles() ([]CACertificate, error) {
	var all []CACertificate
	for _, file := range a.Files {
		certs, err := cert.ParseCertsPEM(file.Content)
		if err != nil && isKubeconfig(file.Content) {
			return nil, &failure.ConfigError{
				Err:  fmt.Errorf("%s is a kubeconfig and no PEM file", file.Path),
				Hint: "joinctl ca-hash --kubeconfig " + join.Quote(file.Path) + " prints the pins of its control plane",
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s holds no PEM certificate: %w", file.Path, err)
		}
		all = append(all, certificatesOf(fleet.Target{}, certs)...)
	}
	return all, nil
}

// isKubeconfig reports whether a file can be read as a kubeconfig that has contexts.
func isKubeconfig(content []byte) bool {
	config, err := clientcmd.Load(content)
	return err == nil && len(config.Contexts) > 0
}

func certificatesOf(target fleet.Target, certs []*x509.Certificate) []CACertificate {
	var out []CACertificate
	for _, certificate := range certs {
		out = append(out, CACertificate{target, certificate})
	}
	return out
}

// read returns the CA certificates of one control plane, never from a connection that was not verified.
func (a *CAHash) read(ctx context.Context, c *kube.Client) ([]*x509.Certificate, error) {
	if c.Insecure() {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified, so no CA can be taken from it", c.Server().Redacted()),
			Hint: "give the kubeconfig's cluster its certificate-authority, or name the CA's file",
		}
	}
	if !a.ClusterInfo && a.Endpoint.IsZero() {
		certs, err := cert.ParseCertsPEM(c.CA())
		if err != nil {
			return nil, &failure.ConfigError{
				Err:  errors.New("the kubeconfig's cluster has no certificate authority"),
				Hint: "--cluster-info takes the CA that joiners find",
			}
		}
		return certs, nil
	}
	if !a.Endpoint.IsZero() {
		var err error
		if c, err = c.WithEndpoint(a.Endpoint.HostPort()); err != nil {
			return nil, err
		}
	}
	info, err := discovery.ReadAny(ctx, c)
	if err != nil {
		return nil, err
	}
	return info.Certificates, nil
}
