// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// A mint is what token create was asked for.
type mint struct {
	env   *Env
	conn  *connection
	given token.Token // zero: a random one
	ttl   time.Duration
	spec  token.Spec // without the time of expiry, which depends on the server's clock
	dry   dryRun
	offer offer

	tried sync.Map // the token ID that is under way on each target
}

// minted is a token that exists on a target.
type minted struct {
	item    tokenItem
	spec    token.Spec
	secret  *corev1.Secret // as stored; nil: nothing was
	client  *kube.Client
	problem error
}

// run creates a token on every target, prints what was made, and takes it back where it cannot be printed.
func (m *mint) run(ctx context.Context, format *output.Format) error {
	if m.given.IsZero() && m.dry == dryRunNone {
		if err := deliverable(m.env); err != nil {
			return err
		}
	}
	results, err := each(ctx, m.conn, m.offer.wait, m.on)
	if err != nil {
		return err
	}
	missed, problems := m.conn.shortfall(), []error(nil)
	made := output.List[tokenItem]{Kind: "TokenList"}
	for _, result := range results {
		if result.Value.secret != nil {
			made.Items = append(made.Items, result.Value.item)
		}
		if result.Err != nil {
			missed.add(result.Target.Context, m.named(result))
			continue
		}
		missed.done++
		problems = append(problems, result.Value.problem)
	}
	made.Failures = missed.document()
	if err := m.print(format, made, m.offer.prints()); err != nil {
		return errors.Join(err, m.takeBack(ctx, results), missed.orNil())
	}
	m.report(results)
	return errors.Join(append(problems, missed.orNil())...)
}

// on creates a token on one target. All that can fail comes before the one request that writes.
func (m *mint) on(ctx context.Context, target fleet.Target, c *kube.Client) (minted, error) {
	out := minted{client: c, spec: m.spec}
	finding, err := m.find(ctx, target, c)
	if err != nil {
		return out, err
	}
	now := m.env.Now()
	if m.ttl > 0 {
		if now, err = c.ServerTime(ctx); err != nil {
			return out, fmt.Errorf("ask %s for its time: %w", c.Server().Host, err)
		}
		out.spec.Expires = now.Add(m.ttl)
	}
	klog.V(1).InfoS("creating a bootstrap token", "context", target.Context, "server", c.Server().Host, "expires", out.spec.Expires)
	tok, secret, err := m.store(ctx, target, c, out.spec)
	if err != nil {
		return out, err
	}
	out.secret = secret
	out.item = tokenItem{Context: target.Context, ID: tok.ID, Name: secret.Name}
	out.item.describe(out.spec, now)
	if m.dry != dryRunNone {
		return out, nil
	}
	out.item.Token = tok.Reveal()
	if finding == nil {
		return out, nil
	}
	out.item.join(finding.Command(tok, m.offer.key))
	if out.problem = m.offer.await(ctx, m.env, finding, tok); kube.ReasonOf(out.problem) == kube.Interrupted {
		return out, fmt.Errorf("wait for the signature of token %s: %w", tok.ID, out.problem)
	}
	return out, nil
}

// store creates the given token, or a random one.
func (m *mint) store(ctx context.Context, target fleet.Target, c *kube.Client, spec token.Spec) (token.Token, *corev1.Secret, error) {
	dry := m.dry == dryRunServer
	if m.given.IsZero() {
		return token.Draw(ctx, c, func() (token.Token, error) {
			tok, err := token.Generate(m.env.Rand)
			m.tried.Store(target, tok.ID)
			return tok, err
		}, spec, dry)
	}
	m.tried.Store(target, m.given.ID)
	secret, err := token.Create(ctx, c, token.Encode(m.given, spec), dry)
	if apierrors.IsAlreadyExists(err) {
		err = &kube.Error{
			Err: fmt.Errorf("token %s exists already, and was left as it is: %w", m.given.ID, err),
			Hint: fmt.Sprintf("joinctl token command %s%s prints its join command, and joinctl token delete %s%s removes it",
				m.given.ID, m.conn.flags(target), m.given.ID, m.conn.flags(target)),
		}
	}
	return m.given, secret, err
}

// named adds the token ID to a failure that leaves open whether the token exists.
func (m *mint) named(result fleet.Result[minted]) error {
	id, tried := m.tried.Load(result.Target)
	if reason := kube.ReasonOf(result.Err); !tried || result.Value.secret != nil || reason != kube.Unknown && reason != kube.Timeout {
		return result.Err
	}
	return &kube.Error{
		Reason: kube.Unknown,
		Err:    fmt.Errorf("token %s may exist: %w", id, result.Err),
		Hint:   fmt.Sprintf("joinctl token list%s shows whether it does, joinctl token delete %s%s removes it", m.conn.flags(result.Target), id, m.conn.flags(result.Target)),
	}
}

// takeBack deletes what was made and could not be handed over.
func (m *mint) takeBack(ctx context.Context, results []fleet.Result[minted]) error {
	if m.dry != dryRunNone {
		return nil
	}
	var errs []error
	for _, result := range results {
		if result.Value.secret == nil {
			continue
		}
		id := result.Value.item.ID
		if err := token.Rollback(ctx, result.Value.client, result.Value.secret); err != nil {
			errs = append(errs, &kube.Error{
				Err:  fmt.Errorf("token %s still exists in %s, unprinted: %w", id, described(result.Target.Context), err),
				Hint: fmt.Sprintf("remove it with: joinctl token delete %s%s", id, m.conn.flags(result.Target)),
			})
			continue
		}
		m.env.say("token %s was created in %s, could not be printed, and was deleted again", id, described(result.Target.Context))
	}
	return errors.Join(errs...)
}
