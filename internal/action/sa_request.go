// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// RequestOptions say which ServiceAccount token an action requests on each target.
type RequestOptions struct {
	Session          *session.Session
	Name             string // of the ServiceAccount, in the namespace of each target
	Spec             satoken.Spec
	MinGranted       time.Duration // a token with a shorter lifetime is discarded
	WarningsAsErrors bool          // a token is discarded if the server warns of something
	Revocable        bool          // the token is bound to a Secret of its own

	viaHub        bool // the token is one of the hub's, for use through its proxy
	allowInsecure bool // a connection on which the server is not verified can be handed over
	rollback      Rollback[fleet.Target]
}

// An IssuedToken is a ServiceAccount token that a server issued. A token that nobody prints is gone, and so is one whose
// revocation Secret is deleted.
type IssuedToken struct {
	Target     fleet.Target // that was visited
	IssuedBy   fleet.Target // that issued the token: the hub of the target, for use through its proxy
	Server     *url.URL
	Account    satoken.Account
	Token      satoken.Token            // zero: it is discarded
	Revocation satoken.RevocationSecret // zero: the token is not revocable
}

// issue requests a token on one target. The finding says why a token that the server issued is discarded.
func (o *RequestOptions) issue(ctx context.Context, target fleet.Target, c *kube.Client) (out IssuedToken, finding, err error) {
	out = IssuedToken{Target: target, IssuedBy: target}
	if o.viaHub {
		c, out.IssuedBy = c.Hub(), target.Hub()
	}
	out.Server = c.Server()
	namespace, err := session.Namespace(target)
	if err != nil {
		return out, nil, err
	}
	out.Account = satoken.Account{Namespace: namespace, Name: o.Name}
	tok, finding, err := o.request(ctx, &out, c)
	if err != nil || finding != nil {
		_, undoErr := o.rollback.Undo(ctx, target)
		return out, finding, errors.Join(c.ExplainProxyError(err), undoErr)
	}
	out.Token = tok
	return out, nil, nil
}

// request creates the revocation Secret if the token is revocable, requests the token, and checks what the server issued.
func (o *RequestOptions) request(ctx context.Context, out *IssuedToken, c *kube.Client) (tok satoken.Token, finding, err error) {
	spec := o.Spec
	if o.Revocable {
		if out.Revocation, err = o.createRevocationSecret(ctx, *out, c); err != nil {
			return tok, nil, err
		}
		spec.Bound = out.Revocation.BoundObject()
	}
	klog.V(1).InfoS("requesting a token", "context", out.IssuedBy.Context, "member", out.IssuedBy.Member, "server", out.Server.Host, "serviceaccount", out.Account)
	if tok, err = satoken.Request(ctx, c, out.Account, spec); err != nil {
		return tok, nil, err
	}
	o.Session.Terminal.Redactor().HideEncoded(tok.Reveal())
	if err := o.checkWarnings(c); err != nil {
		return tok, nil, err
	}
	if lifetime := tok.Lifetime(); lifetime < o.MinGranted {
		return tok, o.tooShort(*out, lifetime), nil
	}
	if o.Revocable {
		out.Revocation, err = out.Revocation.Record(ctx, c, tok)
	}
	return tok, nil, err
}

// createRevocationSecret creates a revocation Secret. It draws another name, up to five times, while the name exists.
func (o *RequestOptions) createRevocationSecret(ctx context.Context, out IssuedToken, c *kube.Client) (secret satoken.RevocationSecret, err error) {
	for range 5 {
		if secret, err = o.createNamed(ctx, out, c); !apierrors.IsAlreadyExists(err) || failure.ReasonOf(err) == failure.Unknown {
			return secret, err
		}
	}
	return secret, err
}

func (o *RequestOptions) createNamed(ctx context.Context, out IssuedToken, c *kube.Client) (satoken.RevocationSecret, error) {
	name, err := satoken.GenerateName(o.Session.Rand, out.Account)
	if err != nil {
		return satoken.RevocationSecret{}, err
	}
	o.rollback.Sending(out.Target, Object{
		Noun:   "secret",
		Name:   fmt.Sprintf("secret %s/%s", out.Account.Namespace, name),
		Where:  session.Describe(out.IssuedBy),
		Remove: o.RevokeCommand(out, name),
	})
	secret, err := satoken.CreateRevocationSecret(ctx, c, out.Account, name)
	if err != nil {
		if failure.ReasonOf(err) != failure.Unknown { // else the Secret may exist
			o.rollback.Forget(out.Target)
		}
		return secret, err
	}
	o.rollback.Created(out.Target, func(ctx context.Context) error {
		defer c.Close() // its target may be done already
		return secret.Undo(ctx, c)
	})
	return secret, nil
}

// RevokeCommand returns the command that revokes a token by the name of its revocation Secret.
func (o *RequestOptions) RevokeCommand(issued IssuedToken, secret string) string {
	return fmt.Sprintf("joinctl sa revoke %s -n %s%s", secret, issued.Account.Namespace, o.Session.Arguments(issued.IssuedBy))
}

// checkWarnings returns the server's warnings as an error, if they are to be one.
func (o *RequestOptions) checkWarnings(c *kube.Client) error {
	if !o.WarningsAsErrors {
		return nil
	}
	warnings := c.Warnings()
	if len(warnings) == 0 {
		return nil
	}
	return &failure.Error{
		Err:  fmt.Errorf("the server warned (%d): %s", len(warnings), strings.Join(warnings, "; ")),
		Hint: "the token was discarded, and nobody can use it; without --warnings-as-errors it would have been printed",
	}
}

func (o *RequestOptions) tooShort(out IssuedToken, lifetime time.Duration) error {
	return &CheckFailed{
		Text: fmt.Sprintf("the server of %s grants a token of serviceaccount %s for %s only, less than --min-granted %s; it was discarded",
			session.Describe(out.IssuedBy), out.Account, failure.Duration(lifetime), failure.Duration(o.MinGranted)),
		Hint: "kube-apiserver's --service-account-max-token-expiration limits lifetimes, as do managed clusters: request less, or plan a renewal",
	}
}
