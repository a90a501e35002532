// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/satoken"
)

// Annotations of a Secret with a published token, for people: the ServiceAccount as NAMESPACE/NAME, and when the token
// expires.
const (
	publishedAccount = "joinctl.io/serviceaccount"
	publishedExpires = "joinctl.io/expires"
)

// notPublished is the reason for the first token.
const notPublished = "there is none yet"

// An saEnsuring is the work on one target.
type saEnsuring struct {
	*SAEnsure
	target  fleet.Target
	client  *kube.Client
	end     endpoint
	entry   satoken.Entry
	renewal satoken.Renewal
	at      Destination
	old     satoken.Token // that is published; zero: none
}

// checkCluster refuses a Secret that describes another cluster, and keeps the name by which its consumer knows the cluster.
func (e *saEnsuring) checkCluster() error {
	name, server := e.Form.ClusterIn(e.at.Value)
	own := e.entry.Source.Cluster.Server
	if server != "" && !(kube.Member{Server: server}).HasServer(own) {
		return &failure.Error{
			Reason: failure.Conflict,
			Err:    fmt.Errorf("%s is for the cluster at %s, and not for the one at %s", e.at, kube.RedactURL(server), kube.RedactURL(own)),
			Hint:   "name another Secret; if the cluster has moved, correct the key server of the Secret first",
		}
	}
	e.entry.Context = cmp.Or(name, e.entry.Context)
	return nil
}

// ensure keeps the published token, or replaces it. It fails without a change to what is published.
func (e *saEnsuring) ensure(ctx context.Context, fresh *IssuedToken) (EnsuredToken, error) {
	tok, reason, tried, err := e.current(ctx)
	if err != nil {
		return EnsuredToken{}, err
	}
	out := EnsuredToken{IssuedToken: IssuedToken{Target: e.target, IssuedBy: e.target, Server: e.end.client.Server(), Account: e.renewal.Account, Token: tok}}
	out.Created, out.Reason = reason != "", reason
	switch {
	case reason == "":
		err = e.keepContent(ctx, &out, tried)
	case e.DryRun != None:
		out.Token = satoken.Token{}
		out.PublishedChange, err = e.write(ctx, satoken.Placeholder(), e.DryRun)
	default:
		err = e.renew(ctx, &out, fresh)
	}
	if err == nil {
		out.Now, err = e.issuer().ServerTime(ctx)
	}
	return out, err
}

// issuer returns the client of the server that issues the token.
func (e *saEnsuring) issuer() *kube.Client {
	if e.viaHub {
		return e.client.Hub()
	}
	return e.client
}

// keepContent writes what else has changed, such as the certificate authority, if the published token was tried with it.
func (e *saEnsuring) keepContent(ctx context.Context, out *EnsuredToken, tried error) (err error) {
	if out.PublishedChange, err = e.write(ctx, out.Token, Client); err != nil || out.Change == publish.Unchanged {
		return err
	}
	if tried != nil {
		return e.untried(tried)
	}
	if e.DryRun != Client {
		out.PublishedChange, err = e.write(ctx, out.Token, e.DryRun)
	}
	return err
}

// renew creates a token, tries it, and then writes it.
func (e *saEnsuring) renew(ctx context.Context, out *EnsuredToken, fresh *IssuedToken) error {
	if fresh.Token.IsZero() {
		content, err := e.content(satoken.Placeholder())
		if err == nil {
			err = e.at.Check(ctx, content)
		}
		if err != nil {
			return err
		}
		issued, finding, err := e.issue(ctx, e.target, e.client)
		if err != nil || finding != nil {
			out.finding = finding
			return err
		}
		if err := e.try(ctx, issued.Token); err != nil {
			return err
		}
		*fresh = issued
	}
	out.IssuedToken, out.ShortLived = *fresh, !e.renewal.Outlasts(fresh.Token)
	change, err := e.write(ctx, fresh.Token, None)
	out.PublishedChange = change
	return err
}

// write publishes a token, or says what that would change.
func (e *saEnsuring) write(ctx context.Context, tok satoken.Token, dryRun DryRun) (PublishedChange, error) {
	content, err := e.content(tok)
	if err != nil {
		return PublishedChange{}, err
	}
	return e.at.Write(ctx, content, dryRun)
}

// content returns what is published with a token.
func (e *saEnsuring) content(tok satoken.Token) (publish.Content, error) {
	data, err := e.Form.Data(e.entry, tok, e.key())
	content := publish.Content{Data: data, Labels: e.Form.Labels(), Annotations: map[string]string{publishedAccount: e.renewal.Account.String()}}
	if at := tok.Expires(); !at.IsZero() {
		content.Annotations[publishedExpires] = at.UTC().Format(time.RFC3339)
	}
	return content, err
}

// current returns the published token, the reason to replace it, "" to keep it, and why it could not be tried with what is
// published now.
func (e *saEnsuring) current(ctx context.Context) (tok satoken.Token, reason string, tried, err error) {
	e.old = satoken.Token{}
	credential := e.Form.TokenIn(e.at.Value, e.key())
	if credential == "" {
		return tok, notPublished, nil, nil
	}
	e.Session.Terminal.Redactor().HideEncoded(credential)
	if tok, err = satoken.NewPublished(credential); err != nil {
		return satoken.Token{}, "what is published is no token of a ServiceAccount", nil, nil
	}
	e.old = tok
	if tok.Claims.Subject != e.renewal.Account.User() && !e.Adopt {
		return tok, "", nil, &failure.Error{
			Reason: failure.Invalid,
			Err:    fmt.Errorf("%s has a token of %s, and not of %s", e.at, tok.Claims.Subject, e.renewal.Account.User()),
			Hint:   "is it the right Secret or file? --adopt replaces the token",
		}
	}
	now, err := e.issuer().ServerTime(ctx)
	if err != nil {
		return tok, "", nil, e.client.ExplainProxyError(err)
	}
	if reason = e.renewal.Reason(tok.Claims, now); reason != "" {
		return tok, reason, nil, nil
	}
	accepted, tried := e.accepts(ctx, tok)
	if !accepted && tried == nil {
		return tok, "the server does not accept it any more", nil, nil
	}
	return tok, "", tried, nil
}
