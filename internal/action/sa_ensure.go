// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// SAEnsure keeps a valid token of a ServiceAccount where its consumer reads it. A new token is used against the server
// before it takes the place of the old one, which stays valid until it expires.
type SAEnsure struct {
	RequestOptions
	Publication
	Form          satoken.Form
	MinLeft       time.Duration // a token with less left is replaced; 0: half of its lifetime
	ViaHub        bool          // members are reached through their hub, which then issues the token
	AllowInsecure bool          // a connection on which the server is not verified can be published
	DryRun        DryRun

	file Destination // nil: the token is published in a Secret
}

// An EnsuredToken is a published token.
type EnsuredToken struct {
	IssuedToken           // the token is zero in a dry run that would create one
	Created     bool      // the token is new, or would be
	Reason      string    // why it is new
	Now         time.Time // the server's time
	PublishedChange
	ShortLived bool // the server grants so little that every run will replace the token

	finding error
}

// EnsuredTokens is what SAEnsure did.
type EnsuredTokens struct {
	Tokens   []EnsuredToken // in the order of the targets
	Failures *session.Failures
	Findings []error // why tokens are discarded; what was published before is still there
}

// Run ensures the token on every target. The error alone says that nothing was attempted.
func (a *SAEnsure) Run(ctx context.Context) (*EnsuredTokens, error) {
	a.viaHub, a.allowInsecure = a.ViaHub, a.AllowInsecure
	if a.File != "" {
		file, err := a.OpenFile(ctx, a.Session, a.isOwn)
		if err != nil {
			return nil, err
		}
		a.file = file
	}
	results, err := session.Each(ctx, a.Session, 0, a.onTarget)
	if err != nil {
		return nil, err
	}
	all, failures := session.Collect(a.Session, results)
	out := &EnsuredTokens{Failures: failures}
	for _, one := range all {
		if one.finding != nil {
			out.Findings = append(out.Findings, one.finding)
			continue
		}
		out.Tokens = append(out.Tokens, one)
	}
	return out, nil
}

// isOwn recognizes a file that joinctl wrote: a kubeconfig by its comment, and a token by its ServiceAccount.
func (a *SAEnsure) isOwn(content []byte) bool {
	if a.Form == satoken.KubeconfigForm {
		return strings.HasPrefix(string(content), kube.WrittenMark)
	}
	tok, err := satoken.NewPublished(strings.TrimSpace(string(content)))
	return err == nil && tok.Claims.Account.Name == a.Name
}

// key returns the key of the data with the credential, "" for a form with several keys.
func (a *SAEnsure) key() string {
	if a.Form.DefaultKey() == "" {
		return ""
	}
	return cmp.Or(a.Secret.Key, a.Form.DefaultKey())
}

func (a *SAEnsure) onTarget(ctx context.Context, target fleet.Target, c *kube.Client) (EnsuredToken, error) {
	e, closing, err := a.prepare(ctx, target, c)
	if err != nil {
		return EnsuredToken{}, err
	}
	defer closing()
	defer e.end.client.Close() // a member's own address has a client of its own
	var fresh IssuedToken      // is used again if somebody else wrote in the meantime
	for attempts := 3; ; attempts-- {
		out, err := e.ensure(ctx, &fresh)
		if failure.ReasonOf(err) != failure.Conflict || attempts <= 1 {
			return out, err
		}
		if err := e.at.Read(ctx); err != nil {
			return out, err
		}
	}
}

// prepare finds out everything that can fail before a token exists: how the consumer connects, and what is published.
func (a *SAEnsure) prepare(ctx context.Context, target fleet.Target, c *kube.Client) (e saEnsuring, closing func(), err error) {
	if err := a.checkVerified(c); err != nil {
		return e, nil, err
	}
	namespace, err := session.Namespace(target)
	if err != nil {
		return e, nil, err
	}
	end, err := a.endpointOf(ctx, target, c)
	if err == nil {
		end, err = a.stripUserinfo(ctx, target, end)
	}
	if err != nil {
		return e, nil, err
	}
	account := satoken.Account{Namespace: namespace, Name: a.Name}
	e = saEnsuring{
		SAEnsure: a, target: target, client: c, end: end, entry: a.entryFor(target, end, account),
		renewal: satoken.Renewal{Account: account, Lifetime: a.Spec.Lifetime, MinLeft: a.MinLeft},
	}
	if err := a.Form.Check(e.entry); err != nil {
		return e, nil, err
	}
	e.at, closing, err = a.open(ctx, target, c)
	if err == nil {
		err = e.checkCluster()
		if err != nil {
			closing()
		}
	}
	return e, closing, err
}

// entryFor returns how the consumer connects. Its names are the same however the target was selected.
func (a *SAEnsure) entryFor(target fleet.Target, end endpoint, account satoken.Account) satoken.Entry {
	end.entry.ClusterName = cmp.Or(target.Member, target.Context, end.entry.ClusterName)
	name := end.entry.ClusterName
	if a.Form == satoken.KubeconfigForm {
		name = a.Name + "@" + name
	}
	return satoken.Entry{Context: name, User: name, Account: account, Source: end.entry, CA: end.client.CA()}
}
