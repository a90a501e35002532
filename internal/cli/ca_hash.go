// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/client-go/util/cert"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
)

func newCAHash(env *Env, conn *connection) *cobra.Command {
	var (
		files       []string
		clusterInfo bool
		endpoint    join.Endpoint
		format      output.Format
	)
	cmd := &cobra.Command{
		Use:   "ca-hash [FILE... | -]",
		Short: "Print the CA pins for a join command, with what each certificate is",
		Long: `Print the pin of every CA certificate, with its subject and expiry: of PEM files, or else of the kubeconfig's context.
With --cluster-info the CA is the one that joiners find in cluster-info, which is what they compare a pin with. A CA is
never taken from a connection that was not verified.`,
		Example: `  joinctl ca-hash /etc/karmada/pki/ca.crt
  joinctl ca-hash --context hub --cluster-info -o name
  joinctl ca-hash --endpoint api.example.org:5443`,
		Args: func(_ *cobra.Command, args []string) error {
			files = args
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(files) > 0 {
				certs, err := readCertificates(env, files)
				if err != nil {
					return err
				}
				return printCertificates(conn, &format, certificateItems("", certs, env.Now()), &shortfall{})
			}
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]certificateItem, error) {
				certs, err := certificatesOf(ctx, c, clusterInfo || !endpoint.IsZero(), endpoint)
				return certificateItems(target.Context, certs, env.Now()), err
			})
			if err != nil {
				return err
			}
			var found []certificateItem
			missed := conn.shortfall()
			for _, result := range results {
				if result.Err != nil {
					missed.add(result.Target, result.Err)
					continue
				}
				missed.done++
				found = append(found, result.Value...)
			}
			return printCertificates(conn, &format, found, missed)
		},
	}
	addOutput(cmd, &format)
	cmd.Flags().BoolVar(&clusterInfo, "cluster-info", false, "take the CA from cluster-info, read over the context's connection")
	cmd.Flags().Var(&endpoint, "endpoint", "take the CA from cluster-info, read at this address over TLS that the context's CA verifies")
	before(cmd, func() error {
		if len(files) > 0 && (clusterInfo || !endpoint.IsZero()) {
			return errors.New("--cluster-info and --endpoint go without files")
		}
		return nil
	})
	return cmd
}

// certificatesOf returns the CA certificates of a target.
func certificatesOf(ctx context.Context, c *kube.Client, clusterInfo bool, endpoint join.Endpoint) ([]*x509.Certificate, error) {
	if c.Insecure() {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified, so no CA can be taken from it", c.Server().Redacted()),
			Hint: "give the kubeconfig's cluster its certificate-authority, or name the CA's file",
		}
	}
	if !clusterInfo {
		certs, err := cert.ParseCertsPEM(c.CA())
		if err != nil {
			return nil, &failure.ConfigError{Err: errors.New("the kubeconfig's cluster has no certificate authority"), Hint: "--cluster-info takes the one that joiners find"}
		}
		return certs, nil
	}
	if !endpoint.IsZero() {
		var err error
		if c, err = c.WithEndpoint(endpoint.HostPort()); err != nil {
			return nil, err
		}
	}
	info, err := discovery.Read(ctx, c, join.Kubeadm)
	if failure.ReasonOf(err) == failure.Invalid { // each joiner chooses the cluster in its own way
		info, err = discovery.Read(ctx, c, join.Karmada)
	}
	if err != nil {
		return nil, err
	}
	return info.Certificates, nil
}

// readCertificates reads all certificates of PEM files, with - for standard input.
func readCertificates(env *Env, paths []string) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for _, path := range paths {
		content, err := env.readFile(path)
		if err != nil {
			return nil, fmt.Errorf("read certificates: %w", err)
		}
		read, err := cert.ParseCertsPEM(content)
		if err != nil {
			return nil, fmt.Errorf("%s holds no PEM certificate: %w", path, err)
		}
		certs = append(certs, read...)
	}
	return certs, nil
}

// readFile returns what stands in a file, or on standard input (-).
func (env *Env) readFile(path string) ([]byte, error) {
	if path == stdin {
		return io.ReadAll(env.In)
	}
	return os.ReadFile(path)
}
