// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/cert"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// A Result is what Verify or FromKubeconfig found out about a control plane. It has everything that a join command needs but
// the token.
type Result struct {
	Endpoint   join.Endpoint
	Pins       []join.Pin
	CA         []byte   // PEM: what the pins are of
	Warnings   []string // for the operator; the join may still work
	Signatures int      // number of tokens that cluster-info is signed with; 0 if it was not read
	OtherKind  bool     // the control plane is not one for the joiner: a warning says so
	joiner     join.Joiner
	reader     *kube.Client // anonymous, over TLS that cluster-info's own CA verifies
}

// Verify checks that a join command will work. It waits for each answer for 9 seconds, about as long as a joiner does. It reads cluster-info as the joiner does, without a
// credential, at the endpoint to print, over TLS that is verified first with the kubeconfig's CA and then with the CA in
// cluster-info. An empty endpoint means the kubeconfig's server. It returns an error with a hint for everything that would
// make the join fail, and for an endpoint that this machine cannot reach; the Result then has the warnings, which may tell
// why.
func Verify(ctx context.Context, admin *kube.Client, joiner join.Joiner, chosen join.Endpoint) (*Result, error) {
	r, err := newResult(admin, joiner, chosen)
	if err != nil {
		return nil, err
	}
	if err := r.checkAPIGroup(ctx, admin); err != nil {
		return r, err
	}
	member, err := admin.WithEndpoint(r.Endpoint.HostPort())
	if err != nil {
		return r, err
	}
	if err = r.read(ctx, member); err != nil && unreachable(err) {
		return r, &failure.Error{
			Reason: failure.ReasonOf(err),
			Err:    fmt.Errorf("%s cannot be reached from this machine, so no join command for it can be verified: %w", r.Endpoint.HostPort(), shortCause(err)),
			Hint: "do members reach the control plane at this address? --endpoint HOST:PORT names another; if only their network reaches it, " +
				"--no-verify goes on all the same, with the pins of the kubeconfig's CA",
		}
	}
	return r, err
}

// FromKubeconfig takes the endpoint and the pins from the kubeconfig. It sends no request.
func FromKubeconfig(admin *kube.Client, joiner join.Joiner, chosen join.Endpoint) (*Result, error) {
	r, err := newResult(admin, joiner, chosen)
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
	r.Pins, r.CA = pins(certificates), admin.CA()
	return r, nil
}

// EndpointOf returns the endpoint of a control plane for joiners: the chosen endpoint, else the kubeconfig's server. Every
// error is a *failure.ConfigError.
func EndpointOf(admin *kube.Client, chosen join.Endpoint) (join.Endpoint, error) {
	if !chosen.IsZero() {
		return chosen, nil
	}
	endpoint, err := join.EndpointOf(admin.Server())
	if err != nil {
		return endpoint, &failure.ConfigError{Err: err, Hint: "name the control plane's own address with --endpoint HOST:PORT"}
	}
	return endpoint, nil
}

func newResult(admin *kube.Client, joiner join.Joiner, chosen join.Endpoint) (*Result, error) {
	endpoint, err := EndpointOf(admin, chosen)
	if err != nil {
		return nil, err
	}
	if admin.Insecure() {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified, so no CA can be taken from it", admin.Server().Redacted()),
			Hint: "give the kubeconfig's cluster its certificate-authority instead of insecure-skip-tls-verify",
		}
	}
	klog.V(4).InfoS("endpoint for the joiner", "endpoint", endpoint.HostPort(), "server", admin.Server().Host, "joiner", joiner)
	r := &Result{Endpoint: endpoint, joiner: joiner}
	if caveat := endpoint.Caveat(); caveat != "" {
		r.warn("%s is %s; name another one with --endpoint HOST:PORT", endpoint.HostPort(), caveat)
	}
	return r, nil
}

// checkAPIGroup warns about a command for another kind of control plane than this one.
func (r *Result) checkAPIGroup(ctx context.Context, admin *kube.Client) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	group := r.joiner.Description().APIGroup
	served, err := admin.Serves(ctx, group.GroupVersion())
	if kube.IsAggregatedDown(err) && group.Served {
		return &failure.Error{Err: err, Hint: "a join fails as long as it does not answer: joinctl doctor says more; --no-verify prints the command without asking"}
	}
	if failure.ReasonOf(err) == failure.Forbidden {
		return nil
	}
	if err != nil && !kube.IsAggregatedDown(err) {
		return fmt.Errorf("look for API group %s: %w", group.Name, err)
	}
	if mismatch := group.Check(served); mismatch != "" {
		r.OtherKind = true
		r.warn("%s", mismatch)
	}
	return nil
}

// read reads cluster-info twice, as a joiner does: the second time over TLS that is verified with the CA in it. Both times
// it must have the same content.
func (r *Result) read(ctx context.Context, member *kube.Client) error {
	first, err := readInTime(ctx, member, r.joiner)
	if err != nil {
		return err
	}
	klog.V(4).InfoS("read cluster-info", "endpoint", member.Server().Host, "certificates", len(first.Certificates), "signatures", len(first.Signatures))
	if r.reader, err = member.WithCA(first.CA); err != nil {
		return err
	}
	second, err := readInTime(ctx, r.reader, r.joiner)
	if failure.ReasonOf(err) == failure.Timeout {
		return err // it says nothing about the certificate
	}
	if err != nil {
		return &failure.Error{
			Err:  fmt.Errorf("verify %s with the CA in cluster-info: %w", member.Server().Host, err),
			Hint: authorityHint(err, "cluster-info has to carry the CA that signed the control plane's serving certificate"),
		}
	}
	if second.Kubeconfig != first.Kubeconfig {
		return &failure.Error{Reason: failure.Conflict, Err: errors.New("cluster-info changed between two readings"), Hint: "try again"}
	}
	r.Pins, r.CA, r.Signatures = first.Pins(), first.CA, len(first.Signatures)
	r.compareServer(first.Server)
	return nil
}

// readInTime is Read with requestTimeout.
func readInTime(ctx context.Context, c *kube.Client, joiner join.Joiner) (*ClusterInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return Read(ctx, c, joiner)
}

// compareServer warns if the joiner continues at another address than the endpoint.
func (r *Result) compareServer(server string) {
	u, err := url.Parse(server)
	joiner := r.joiner.Description()
	if err != nil || !joiner.FollowsServer {
		return
	}
	inside, err := join.EndpointOf(u)
	if err != nil {
		r.warn("cluster-info names %q, where %s continues after discovery: %v", server, joiner.Program(), err)
	} else if inside != r.Endpoint {
		r.warn("%s continues at %s after discovery, as cluster-info says", joiner.Program(), inside.HostPort())
	}
}

func (r *Result) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// Command returns the join command for a token.
func (r *Result) Command(tok token.Token, key join.CertificateKey) join.Command {
	return join.Command{Joiner: r.joiner, Endpoint: r.Endpoint, Token: tok, Pins: r.Pins, CertificateKey: key}
}

// unreachable reports whether nothing answered at an address.
func unreachable(err error) bool {
	var opErr *net.OpError
	if isStatus(err) {
		return false // it answered
	}
	return failure.ReasonOf(err) == failure.Timeout && failure.IsNotSent(err) || errors.As(err, &opErr) && opErr.Op != "remote error"
}

// isStatus reports whether an error is an answer of an API server.
func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// rootCause returns the innermost error of a failed request: the errors around it repeat the message.
func rootCause(err error) error {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		return urlErr.Err
	}
	return err
}
