// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenCreate creates a bootstrap token on every target, or one for each of some clusters on the one target.
type TokenCreate struct {
	Session      *session.Session
	Token        token.Token   // zero: a random one
	TTL          time.Duration // 0: the token never expires, unless Expires is given
	Expires      token.Expiry
	Spec         token.Spec // its Expires is set by the server's clock
	InferJoiner  bool       // the groups are those of the joiner that each control plane is for; Spec has those of the default one
	DryRun       DryRun     // None or Server
	Join         JoinCommandOptions
	Clusters     []string // that join, each with a token of its own
	SkipExisting bool     // clusters that have a token which the server accepts get no other
	Force        bool     // files in OutDir are replaced although joinctl did not write them
	OutDir       string   // directory for a file with each credential; "": Deliver prints them

	Once        bool          // the caller goes on with DeleteAfterUse
	OnceTimeout time.Duration // longest time that DeleteAfterUse waits

	successorOf *corev1.Secret // the random token has the labels and all usages of this one; nil: of none

	// Deliver hands the tokens over. If it fails, those that are in no file are deleted again.
	Deliver func(*CreatedTokens) error

	rollback Rollback[tokenKey]
}

// tokenKey is what a token is created for: a control plane, or a cluster that joins it.
type tokenKey struct {
	target  fleet.Target
	cluster string
}

// CreatedTokens is what TokenCreate did.
type CreatedTokens struct {
	Tokens   []CreatedToken // in the order of the targets, or of the clusters
	Failures *session.Failures
	Findings []error // of tokens that exist and cannot be used yet
}

// A CreatedToken is a bootstrap token that exists.
type CreatedToken struct {
	Target  fleet.Target
	Server  *url.URL
	Token   token.Token
	Spec    token.Spec
	Secret  *corev1.Secret
	Command join.Command // zero: none is wanted
	Now     time.Time    // the server's time
	Existed bool         // before: it was not created now
	Joiner  InferredJoiner
	File    string // that holds the credential; "" for none
	Written bool   // the file was written now

	Content   []byte           // what TokenEnsure hands out: the token in its Form
	Published *PublishedChange // nil: it is not published
}

// Credential returns the join command if one is wanted, else the token.
func (c CreatedToken) Credential() string {
	if !c.Command.Endpoint.IsZero() {
		return c.Command.Line()
	}
	return c.Token.Reveal()
}

// Run creates the tokens and delivers them. The result is complete also where the error says that they could not be
// delivered; the error alone says that nothing was attempted.
func (a *TokenCreate) Run(ctx context.Context) (*CreatedTokens, error) {
	create := a.onTargets
	if len(a.Clusters) > 0 {
		create = a.forClusters
	}
	created, err := create(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Deliver(created); err != nil {
		undone, undoErr := a.rollback.UndoAll(ctx, a.Session)
		return created, undelivered(err, "printed", undone, undoErr)
	}
	return created, nil
}

// issued is a token and what its creator found out after it existed.
type issued struct {
	CreatedToken
	finding error
}

func (a *TokenCreate) onTargets(ctx context.Context) (*CreatedTokens, error) {
	results, err := session.Each(ctx, a.Session, a.Join.Wait, a.onTarget)
	if err != nil {
		return nil, err
	}
	return a.collectTargets(results), nil
}

// collectTargets returns the tokens on targets, their findings, and the failures of the other targets.
func (a *TokenCreate) collectTargets(results []session.Result[issued]) *CreatedTokens {
	out := &CreatedTokens{Failures: a.Session.NewFailures()}
	for _, result := range results {
		exists := result.Value.Secret != nil
		if exists {
			out.Tokens = append(out.Tokens, result.Value.CreatedToken)
		}
		if err := result.Err; err != nil {
			if !exists {
				err = a.rollback.Explain(tokenKey{target: result.Key}, err)
			}
			out.Failures.Add(result.Key, err)
			continue
		}
		out.Failures.Done++
		if result.Value.finding != nil {
			out.Findings = append(out.Findings, result.Value.finding)
		}
	}
	return out
}

// onTarget creates a token on one target. Everything that can fail comes before the one request that writes.
func (a *TokenCreate) onTarget(ctx context.Context, target fleet.Target, c *kube.Client) (issued, error) {
	ready, err := a.prepare(ctx, target, c)
	if err != nil {
		return issued{}, err
	}
	created, err := a.create(ctx, tokenKey{target: target}, ready)
	if err != nil || ready.found == nil || a.DryRun != None {
		return issued{CreatedToken: created}, err
	}
	finding := a.Join.waitSigned(ctx, a.Session, ready.found, created.Token)
	if failure.ReasonOf(finding) == failure.Interrupted {
		return issued{CreatedToken: created}, fmt.Errorf("wait for the signature of token %s: %w", created.Token.ID, finding)
	}
	return issued{created, finding}, nil
}

// Plan returns the Secrets that Run would create, and asks no server: the expiry counts from this machine's clock.
func (a *TokenCreate) Plan() ([]*corev1.Secret, error) {
	spec := a.Spec
	var err error
	if spec.Expires, err = a.Lifetime().End(a.Session.Now()); err != nil {
		return nil, err
	}
	clusters := a.Clusters
	if len(clusters) == 0 {
		clusters = []string{""}
	}
	drawn := map[string]bool{}
	var secrets []*corev1.Secret
	for _, cluster := range clusters {
		tok := a.Token
		for tok.IsZero() || drawn[tok.ID] {
			var err error
			if tok, err = token.Generate(a.Session.Rand); err != nil {
				return nil, err
			}
		}
		drawn[tok.ID] = true
		secrets = append(secrets, token.Encode(tok, SpecFor(spec, cluster)))
	}
	return secrets, nil
}
