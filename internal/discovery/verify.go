// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/cert"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	verifyTimeout   = 5 * time.Second // for all of Verify
	endpointTimeout = 3 * time.Second // for an endpoint that may well be out of this machine's reach
)

// A Result is what Verify or FromKubeconfig knows of a control plane that a token is about to be minted for.
type Result struct {
	Endpoint   join.Endpoint
	Pins       []join.Pin
	Warnings   []string // for the operator; the command can work nevertheless
	Signatures int      // how many tokens cluster-info is signed with; 0 where it was not read
	joiner     join.Joiner
	reader     *kube.Client // as the joiner: anonymous, over TLS that cluster-info's own CA verifies
}

// Verify makes sure within 5 seconds that a join command will find what it needs: cluster-info is read as the
// joiner reads it, without a credential, at the endpoint that will be printed, over TLS verified first with the
// kubeconfig's CA and then with the one inside. An empty endpoint stands for the kubeconfig's own server. An endpoint
// out of reach from here is a warning where it was chosen or where the kubeconfig goes through a proxy: then
// cluster-info is read, still without a credential, over the administrator's connection. Everything else that would
// make the join fail is an error with a hint; the Result then holds the warnings, which may tell why.
func Verify(ctx context.Context, admin *kube.Client, joiner join.Joiner, chosen join.Endpoint) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	f, err := start(admin, joiner, chosen)
	if err != nil {
		return nil, err
	}
	if err := f.checkKind(ctx, admin); err != nil {
		return f, err
	}
	member, err := admin.WithEndpoint(f.Endpoint.HostPort())
	if err != nil {
		return f, err
	}
	atEndpoint, stop := context.WithTimeout(ctx, endpointTimeout)
	err = f.read(atEndpoint, member)
	stop()
	if err != nil && outOfReach(err) && (!chosen.IsZero() || admin.UsesProxy()) {
		klog.V(4).InfoS("reading cluster-info over the administrator's connection", "endpoint", f.Endpoint.HostPort(), "because", err)
		f.warn("%s cannot be reached from this machine, so it is not verified (%v)", f.Endpoint.HostPort(), rootCause(err))
		if member, err = admin.Anonymous(); err == nil {
			err = f.read(ctx, member)
		}
	}
	return f, err
}

// FromKubeconfig takes endpoint and pins from the kubeconfig alone and asks nobody.
func FromKubeconfig(admin *kube.Client, joiner join.Joiner, chosen join.Endpoint) (*Result, error) {
	f, err := start(admin, joiner, chosen)
	if err != nil {
		return nil, err
	}
	certificates, err := cert.ParseCertsPEM(admin.CA())
	if err != nil {
		return nil, &failure.ConfigError{
			Err:  errors.New("the kubeconfig has no certificate authority to pin"),
			Hint: "without --no-verify, the pins are those of the CA in cluster-info",
		}
	}
	f.Pins = pins(certificates)
	return f, nil
}

func start(admin *kube.Client, joiner join.Joiner, endpoint join.Endpoint) (*Result, error) {
	server, err := join.EndpointOf(admin.Server())
	if endpoint.IsZero() {
		if err != nil {
			return nil, &failure.ConfigError{Err: err, Hint: "name the control plane's own address with --endpoint HOST:PORT"}
		}
		endpoint = server
	}
	if admin.Insecure() {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified, so no CA can be taken from it", admin.Server().Redacted()),
			Hint: "give the kubeconfig's cluster its certificate-authority instead of insecure-skip-tls-verify",
		}
	}
	klog.V(4).InfoS("endpoint for the joiner", "endpoint", endpoint.HostPort(), "server", admin.Server().Host, "joiner", joiner)
	f := &Result{Endpoint: endpoint, joiner: joiner}
	if caveat := endpoint.Caveat(); caveat != "" {
		f.warn("%s is %s; another one is named with --endpoint HOST:PORT", endpoint.HostPort(), caveat)
	}
	return f, nil
}

// checkKind warns of a command that is for the other kind of control plane than this one.
func (f *Result) checkKind(ctx context.Context, admin *kube.Client) error {
	karmada, err := admin.Serves(ctx, kube.KarmadaGroup)
	switch {
	case failure.ReasonOf(err) == failure.Forbidden:
		return nil
	case err != nil:
		return fmt.Errorf("look for API group %s: %w", kube.KarmadaGroup, err)
	case f.joiner == join.Karmada && !karmada:
		f.warn("this server has no API group %s: it is no Karmada control plane, and karmadactl register will fail", kube.KarmadaGroup)
	case f.joiner == join.Kubeadm && karmada:
		f.warn("this server has API group %s: it is a Karmada control plane, and no node joins it with kubeadm", kube.KarmadaGroup)
	}
	return nil
}

// read reads cluster-info twice, as a joiner does: the second time over TLS verified with the CA that the first
// reading gave, and to the same bytes.
func (f *Result) read(ctx context.Context, member *kube.Client) error {
	first, err := Read(ctx, member, f.joiner)
	if err != nil {
		return err
	}
	klog.V(4).InfoS("read cluster-info", "endpoint", member.Server().Host, "certificates", len(first.Certificates), "signatures", len(first.Signatures))
	if f.reader, err = member.WithCA(first.CA); err != nil {
		return err
	}
	second, err := Read(ctx, f.reader, f.joiner)
	if err != nil {
		return &failure.Error{
			Err:  fmt.Errorf("verify %s with the CA in cluster-info: %w", member.Server().Host, err),
			Hint: "cluster-info has to carry the CA that signed the control plane's serving certificate",
		}
	}
	if second.Kubeconfig != first.Kubeconfig {
		return &failure.Error{Reason: failure.Conflict, Err: errors.New("cluster-info changed between two readings"), Hint: "try again"}
	}
	f.Pins, f.Signatures = first.Pins(), len(first.Signatures)
	f.compareServer(first.Server)
	return nil
}

// compareServer warns where kubeadm would go on at another address than the command's.
func (f *Result) compareServer(server string) {
	u, err := url.Parse(server)
	if err != nil || f.joiner != join.Kubeadm {
		return
	}
	inside, err := join.EndpointOf(u)
	if err != nil {
		f.warn("cluster-info names %q, where kubeadm join goes on after discovery: %v", server, err)
	} else if inside != f.Endpoint {
		f.warn("kubeadm join goes on at %s after discovery, as cluster-info says", inside.HostPort())
	}
}

func (f *Result) warn(format string, args ...any) {
	f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...))
}

// Command returns the join command for a token.
func (f *Result) Command(tok token.Token, key join.CertificateKey) join.Command {
	return join.Command{Joiner: f.joiner, Endpoint: f.Endpoint, Token: tok, Pins: f.Pins, CertificateKey: key}
}

// outOfReach reports whether nobody answered at an address at all.
func outOfReach(err error) bool {
	var (
		status apierrors.APIStatus
		opErr  *net.OpError
	)
	if errors.As(err, &status) {
		return false // whoever says so is there
	}
	return failure.ReasonOf(err) == failure.Timeout || errors.As(err, &opErr) && opErr.Op != "remote error"
}

// rootCause returns the innermost error of a failed request: the outer ones repeat what is said around it.
func rootCause(err error) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return urlErr.Err
	}
	return err
}
