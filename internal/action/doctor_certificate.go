// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// probeIssuance requests a certificate with the token of a probe, waits for it, and deletes the request, also where ctx has
// ended. It sends nothing if a request would not be approved, or could not be deleted. The error says that the probe could
// not be made, or that the request still exists.
func (a *Doctor) probeIssuance(
	ctx context.Context, target fleet.Target, c *kube.Client, tok token.Token, prepared *controlplane.PreparedProbe,
) ([]controlplane.Finding, error) {
	if ctx.Err() != nil {
		return nil, nil
	}
	why, err := prepared.CannotRequest(ctx, c)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return controlplane.UnknownIssuance(why), nil
	}
	csr, err := prepared.NewRequest()
	if err != nil {
		return nil, err
	}
	bearer, err := c.WithBearerToken(tok.Reveal())
	if err != nil {
		return nil, err
	}
	klog.V(1).InfoS("probing with a certificate request", "name", csr.Name)
	switch err := a.createRequest(ctx, target, c, bearer, csr); failure.ReasonOf(err) {
	case "":
	case failure.Unknown:
		return nil, fmt.Errorf("request a certificate to probe with: %w", err)
	default:
		return controlplane.UnknownIssuance(fmt.Sprintf("the probe's certificate request was refused: %v", err)), nil
	}
	findings := prepared.WaitIssued(ctx, bearer, csr)
	_, undoErr := a.requests.Undo(ctx, target)
	return findings, undoErr
}

// createRequest creates the certificate request of a probe as the holder of the token. If the answer is lost, it reads the
// request; the reason is Unknown if that fails too. c deletes the request later: the token may not.
func (a *Doctor) createRequest(ctx context.Context, target fleet.Target, c, bearer *kube.Client, csr *certificatesv1.CertificateSigningRequest) error {
	ctx = context.WithoutCancel(ctx)
	a.requests.Sending(target, Object{
		Noun:   "certificatesigningrequest",
		Name:   "certificatesigningrequest " + csr.Name,
		Where:  session.Describe(target),
		Remove: "kubectl delete certificatesigningrequest " + csr.Name + a.Session.Arguments(target),
	})
	err := bearer.Create(ctx, csr, false)
	if err != nil && failure.IsLost(err) {
		if readErr := bearer.Read(ctx, csr); failure.ReasonOf(readErr) != failure.NotFound {
			if readErr != nil {
				return &failure.Error{Reason: failure.Unknown, Err: errors.Join(err, readErr)}
			}
			err = nil
		}
	}
	if err != nil {
		a.requests.Forget(target)
		return err
	}
	a.requests.Created(target, func(ctx context.Context) error {
		err := c.Remove(ctx, csr)
		if failure.ReasonOf(err) == failure.NotFound {
			return nil
		}
		return err
	})
	return nil
}
