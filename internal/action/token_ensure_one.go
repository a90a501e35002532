// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/token"
)

// An ensuredToken is the work of TokenEnsure for one cluster.
type ensuredToken struct {
	*TokenEnsure
	hub     *ensuring
	cluster string
	key     tokenKey
	to      Destination // nil: the token is only returned
	known   []candidate // that exist
	minted  candidate   // by this run; zero: none
}

// reread reads the tokens and the destination, if there is one, again after a conflict.
func (e *ensuredToken) reread(ctx context.Context) error {
	klog.V(1).InfoS("conflict: reading the tokens and what is published again", "for", e.cluster, "where", e.to)
	if e.to != nil {
		if err := e.to.Read(ctx); err != nil || e.hub.forbidden != nil {
			return err
		}
	}
	listed, err := e.list(ctx, e.hub.client)
	e.known = listed[e.cluster]
	return err
}

// try chooses a token or creates one, and publishes it.
func (e *ensuredToken) try(ctx context.Context) (issued, error) {
	if err := e.checkOwner(); err != nil {
		return issued{}, err
	}
	chosen, found, err := e.existing(ctx)
	if err != nil {
		return issued{}, err
	}
	if !found && e.minted.token.IsZero() {
		if chosen, found, err = e.mint(ctx); err != nil {
			return issued{}, err
		}
	}
	if !found {
		chosen = e.minted
	}
	out := issued{CreatedToken: CreatedToken{
		Target: e.hub.target, Server: e.hub.client.Server(), Token: chosen.token, Spec: chosen.spec, Secret: chosen.secret,
		Now: e.hub.now, Existed: chosen.token != e.minted.token, Joiner: e.hub.joiner,
	}}
	if e.hub.found != nil {
		out.Command = e.Join.command(e.hub.found, chosen.token, chosen.spec)
	}
	if out.finding, err = e.verify(ctx, out.CreatedToken); err != nil {
		return issued{}, err
	}
	content, value, err := e.content(e.hub, out.CreatedToken, e.cluster)
	if out.Content = value; err != nil || e.to == nil {
		return out, err
	}
	change, err := e.to.Write(ctx, content, e.DryRun)
	if err != nil {
		return issued{}, err
	}
	out.Published, out.File, out.Written = &change, change.File, change.Change != publish.Unchanged
	if !out.Existed {
		e.rollback.Forget(e.key)
	}
	return out, nil
}

// checkOwner refuses a destination with the token of another cluster: two runs would overwrite each other again and again.
func (e *ensuredToken) checkOwner() error {
	if e.to == nil || e.Publish.Adopt {
		return nil
	}
	if other := e.to.Annotation(forAnnotation); other != "" && other != e.cluster {
		return &failure.Error{
			Reason: failure.Invalid,
			Err:    fmt.Errorf("%s has the token of cluster %s, not of %s", e.to, other, e.cluster),
			Hint:   "one Secret holds the token of one cluster: name another Secret, or give this one to the other cluster with --adopt",
		}
	}
	return nil
}

// mint creates a token, after everything that can fail is checked. The token of a run that was faster is found instead: both
// derive the same ID.
func (e *ensuredToken) mint(ctx context.Context) (one candidate, found bool, err error) {
	spec := SpecFor(e.hub.spec, e.cluster)
	if e.to != nil && e.DryRun == None {
		if err := e.to.Check(ctx, publish.Content{Data: map[string][]byte{e.dataKey(): []byte("checked before a token is created")}}); err != nil {
			return candidate{}, false, err
		}
	}
	const attempts = 5 // an ID can belong to another token
	for attempt := range attempts {
		one, err = e.create(ctx, e.nextID(attempt), spec)
		// A token that could not be read may be this run's own. Who may read none goes by the destination.
		unread := failure.ReasonOf(err) == failure.Unknown && e.hub.forbidden == nil
		if !apierrors.IsAlreadyExists(err) || unread {
			if e.minted = one; err == nil {
				return one, true, nil
			}
			return candidate{}, false, err
		}
		e.rollback.Forget(e.key)
		if one, found, err = e.rival(ctx, e.nextID(attempt)); found || err != nil {
			return one, found, err
		}
	}
	return candidate{}, false, errors.New("five tokens with the IDs that a new token could have exist already, and none is for this cluster")
}

// nextID returns the ID of the token that follows the one that is valid for longest.
func (e *ensuredToken) nextID(attempt int) string {
	last := e.published().ID
	if len(e.known) > 0 {
		last = e.known[0].token.ID
	}
	spec := e.hub.spec
	return token.DeriveID("joinctl token ensure", e.cluster, strings.Join(spec.Usages, ","), strings.Join(spec.Groups, ","), last, strconv.Itoa(attempt))
}

// create sends a new token to the server.
func (e *ensuredToken) create(ctx context.Context, id string, spec token.Spec) (candidate, error) {
	tok, err := token.GenerateWithID(id, e.Session.Rand)
	if err != nil {
		return candidate{}, err
	}
	e.Session.Terminal.Redactor().HideEncoded(tok.Secret())
	out := candidate{token: tok, spec: spec, secret: token.Encode(tok, spec), health: token.Health{Status: token.OK}}
	if e.DryRun == Client {
		return out, nil
	}
	klog.V(1).InfoS("creating a bootstrap token", "context", e.hub.target.Context, "for", e.cluster, "id", tok.ID, "expires", spec.Expires)
	if e.DryRun == None {
		e.rollback.Sending(e.key, tokenObject(e.Session, e.hub.target, tok))
	}
	stored, err := token.CreateDrawn(ctx, e.hub.client, out.secret, e.DryRun == Server)
	if err != nil {
		if failure.ReasonOf(err) != failure.Unknown && !failure.IsLost(err) {
			e.rollback.Forget(e.key)
		}
		return candidate{}, err
	}
	if out.secret = stored; e.DryRun == None {
		e.rollback.Created(e.key, func(ctx context.Context) error { return token.Rollback(ctx, e.hub.client, stored) })
	}
	return out, nil
}

// rival returns the token with an ID that exists, if another run has created it for the same cluster.
func (e *ensuredToken) rival(ctx context.Context, id string) (candidate, bool, error) {
	if e.hub.forbidden != nil {
		if err := e.to.Read(ctx); err != nil {
			return candidate{}, false, err
		}
		return e.remembered(ctx, e.published())
	}
	secret, err := token.Get(ctx, e.hub.client, token.RefTo(id))
	if err != nil {
		return candidate{}, false, ignoreMissing(err)
	}
	one := candidate{secret: secret, health: token.Evaluate(secret, e.hub.now)}
	one.token, one.spec, _ = token.Decode(secret) // its health says why it cannot be read
	return one, one.spec.For == e.cluster && e.serves(one, e.hub.spec, e.hub.now), nil
}

// ignoreMissing returns nil for an error that says that a Secret is missing, or is no token.
func ignoreMissing(err error) error {
	if reason := failure.ReasonOf(err); reason == failure.NotFound || reason == failure.Invalid {
		return nil
	}
	return err
}

// verify uses a token before it replaces another one: the server has to accept it, and cluster-info has to be signed with it
// where its consumer needs that. What is wrong with a token that exists already, or is not published, is a finding.
func (e *ensuredToken) verify(ctx context.Context, one CreatedToken) (finding, err error) {
	if e.DryRun != None {
		return nil, nil
	}
	if !one.Existed && e.to != nil && one.Spec.Has(token.Authentication) {
		if err := e.awaitAccepted(ctx, one.Token); err != nil {
			return nil, err
		}
	}
	if !e.As.needsSignature() {
		return nil, nil
	}
	finding = e.Join.waitSigned(ctx, e.Session, e.hub.found, one.Token)
	if failure.ReasonOf(finding) == failure.Interrupted || finding != nil && !one.Existed && e.to != nil {
		return nil, fmt.Errorf("verify token %s: %w", one.Token.ID, finding)
	}
	return finding, nil
}

// awaitAccepted waits until the server accepts a new token: it learns of a Secret a moment later.
func (e *ensuredToken) awaitAccepted(ctx context.Context, tok token.Token) error {
	const attempts, pause = 20, 250 * time.Millisecond
	var (
		accepted bool
		err      error
	)
	for range attempts {
		if accepted, err = token.Authenticates(ctx, e.hub.client, tok); accepted {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
	if err != nil {
		return err
	}
	return &failure.Error{
		Reason: failure.Invalid,
		Err:    fmt.Errorf("the server does not accept token %s, which it has just stored, so it is not published", tok.ID),
		Hint:   "kube-apiserver needs --enable-bootstrap-token-auth=true; joinctl doctor says more",
	}
}
