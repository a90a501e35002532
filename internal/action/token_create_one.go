// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// prepared is a control plane of which everything is known that a token needs.
type prepared struct {
	client *kube.Client
	found  *discovery.Result // nil: no command is wanted
	now    time.Time         // by the server's clock, where that matters
	spec   token.Spec
	joiner InferredJoiner
}

// prepare finds out everything that a token on a target needs.
func (a *TokenCreate) prepare(ctx context.Context, target fleet.Target, c *kube.Client) (prepared, error) {
	ready := prepared{client: c, spec: a.Spec, now: a.Session.Now()}
	err := a.checkOnce(ctx, c)
	if err != nil {
		return ready, err
	}
	if a.Join.Wanted {
		if ready.found, err = a.Join.discover(ctx, a.Session, target, c); err != nil {
			return ready, err
		}
		if err = a.Join.checkRights(ctx, a.Session, target, c, ready.found, a.Spec); err != nil {
			return ready, err
		}
	}
	if a.InferJoiner {
		if ready.joiner, err = a.inferJoiner(ctx, c); err != nil {
			return ready, err
		}
		ready.spec.Groups = []string{ready.joiner.Joiner.Group()}
	}
	if lifetime := a.Lifetime(); !lifetime.NeverEnds() {
		if ready.now, err = c.TimeForExpiry(ctx); err != nil {
			return ready, fmt.Errorf("ask %s for its time: %w", c.Server().Host, err)
		}
		if ready.spec.Expires, err = lifetime.End(ready.now); err != nil {
			return ready, err
		}
	}
	return ready, nil
}

// Lifetime returns how long the tokens are valid.
func (a *TokenCreate) Lifetime() token.Lifetime {
	return token.Lifetime{TTL: a.TTL, Expires: a.Expires}
}

// create creates one token, for the cluster that the key names, if any.
func (a *TokenCreate) create(ctx context.Context, key tokenKey, ready prepared) (CreatedToken, error) {
	out := CreatedToken{Target: key.target, Server: ready.client.Server(), Spec: SpecFor(ready.spec, key.cluster), Now: ready.now, Joiner: ready.joiner}
	if a.successorOf != nil {
		out.Spec = ready.spec // with the cluster of the old token
	}
	klog.V(1).InfoS("creating a bootstrap token", "context", key.target.Context, "for", key.cluster, "server", ready.client.Server().Host, "expires", out.Spec.Expires)
	var err error
	if out.Token, out.Secret, err = a.store(ctx, key, ready.client, out.Spec); err != nil {
		if failure.ReasonOf(err) != failure.Unknown && !failure.IsLost(err) {
			a.rollback.Forget(key) // the server refused: Explain does not name the token
		}
		return CreatedToken{}, err
	}
	if a.DryRun != None {
		return out, nil
	}
	a.rollback.Created(key, func(ctx context.Context) error {
		if key.cluster == "" { // else the others use the client at the same time
			defer ready.client.Close() // its target may be done already
		}
		return token.Rollback(ctx, ready.client, out.Secret)
	})
	if ready.found != nil {
		out.Command = a.Join.command(ready.found, out.Token, out.Spec)
	}
	return out, nil
}

// SpecFor returns what a token for a cluster is good for; "" is no cluster.
func SpecFor(spec token.Spec, cluster string) token.Spec {
	if spec.For = cluster; cluster != "" && spec.Description == "" {
		spec.Description = "for " + cluster
	}
	return spec
}

// store creates the given token, or a random one.
func (a *TokenCreate) store(ctx context.Context, key tokenKey, c *kube.Client, spec token.Spec) (token.Token, *corev1.Secret, error) {
	sending := func(tok token.Token) {
		a.Session.Terminal.Redactor().HideEncoded(tok.Secret())
		if a.DryRun == None {
			a.rollback.Sending(key, tokenObject(a.Session, key.target, tok))
		}
	}
	if a.Token.IsZero() {
		return token.CreateRandomSecret(ctx, c, func() (token.Token, error) {
			tok, err := token.Generate(a.Session.Rand)
			sending(tok)
			return tok, err
		}, func(tok token.Token) *corev1.Secret { return token.EncodeSuccessor(tok, spec, a.successorOf) }, a.DryRun == Server)
	}
	sending(a.Token)
	sent, earlier := token.Encode(a.Token, spec), c.Mark()
	secret, err := token.Create(ctx, c, sent, a.DryRun == Server)
	if apierrors.IsAlreadyExists(err) {
		secret, err = a.existing(ctx, c, key.target, err, func(found *corev1.Secret) bool {
			return a.DryRun == None && token.SameContent(found, sent) && !earlier(found.CreationTimestamp)
		})
	}
	return a.Token, secret, err
}

// tokenObject is a bootstrap token as a Rollback knows it.
func tokenObject(s *session.Session, target fleet.Target, tok token.Token) Object {
	return Object{
		Noun:   "token",
		Name:   "token " + tok.ID,
		Where:  session.Describe(target),
		Remove: fmt.Sprintf("joinctl token delete %s%s", tok.ID, s.Arguments(target)),
	}
}
