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

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
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
	to    addressees // the clusters that tokens are for, if any
	skip  bool       // those that have a token
	dir   string     // for a file with each credential; "": they are printed

	tried sync.Map // the token ID that is under way on each target
}

// A desk is a control plane of which all is known that has to be known before a token is made there.
type desk struct {
	target  fleet.Target
	client  *kube.Client
	finding *discovery.Result // nil: no command is wanted
	now     time.Time         // by the server's clock, where that matters
	spec    token.Spec
	there   map[string]minted // the tokens that clusters have already, if those are skipped
}

// minted is a token that exists on a target.
type minted struct {
	item    tokenItem
	token   token.Token
	spec    token.Spec
	secret  *corev1.Secret // as stored; nil: nothing was
	client  *kube.Client
	filed   bool // its credential was put into a file
	problem error
}

// run creates a token on every target, prints what was made, and takes it back where it cannot be printed.
func (m *mint) run(ctx context.Context, format *output.Format) error {
	if err := m.deliverable(); err != nil {
		return err
	}
	missed := m.shortfall()
	results, problems, err := m.create(ctx, missed)
	if err != nil {
		return err
	}
	m.file(ctx, results)
	made := output.List[tokenItem]{Kind: "TokenList"}
	for _, result := range results {
		if result.Value.secret != nil || result.Value.filed {
			made.Items = append(made.Items, result.Value.item)
		}
		if result.Err != nil {
			missed.add(result.Target, m.named(result))
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

// create creates a token on every target, or for every cluster on the one target. What befalls all of them at once goes
// to the shortfall or is a problem.
func (m *mint) create(ctx context.Context, missed *shortfall) (results []fleet.Result[minted], problems []error, err error) {
	if m.to.any() {
		return m.createForAll(ctx, missed)
	}
	results, err = each(ctx, m.conn, m.offer.wait, m.on)
	return results, nil, err
}

// on creates a token on one target. All that can fail comes before the one request that writes.
func (m *mint) on(ctx context.Context, target fleet.Target, c *kube.Client) (minted, error) {
	d, err := m.prepare(ctx, target, c)
	if err != nil {
		return minted{client: c}, err
	}
	out, err := m.one(ctx, target, d)
	if err != nil || out.item.Command == "" {
		return out, err
	}
	if out.problem = m.offer.await(ctx, m.env, d.finding, out.token); failure.ReasonOf(out.problem) == failure.Interrupted {
		return out, fmt.Errorf("wait for the signature of token %s: %w", out.token.ID, out.problem)
	}
	return out, nil
}

// prepare finds out what has to be known before tokens are made on a target.
func (m *mint) prepare(ctx context.Context, target fleet.Target, c *kube.Client) (desk, error) {
	d := desk{target: target, client: c, spec: m.spec, now: m.env.Now()}
	var err error
	if m.offer.prints() {
		if d.finding, err = m.offer.find(ctx, m.env, target, c); err != nil {
			return d, err
		}
	}
	if m.ttl > 0 {
		if d.now, err = c.ServerTime(ctx); err != nil {
			return d, fmt.Errorf("ask %s for its time: %w", c.Server().Host, err)
		}
		d.spec.Expires = d.now.Add(m.ttl)
	}
	return d, nil
}

// one creates one token, for the member that the target names, if any.
func (m *mint) one(ctx context.Context, target fleet.Target, d desk) (minted, error) {
	out := minted{client: d.client, spec: addressed(d.spec, target.Member)}
	klog.V(1).InfoS("creating a bootstrap token", "context", target.Context, "for", target.Member, "server", d.client.Server().Host, "expires", out.spec.Expires)
	var err error
	if out.token, out.secret, err = m.store(ctx, target, d.client, out.spec); err != nil {
		return minted{client: d.client}, err
	}
	out.item = tokenItem{Context: target.Context, ID: out.token.ID, Name: out.secret.Name}
	out.item.describe(out.spec, d.now)
	if m.dry != dryRunNone {
		return out, nil
	}
	out.item.Token = out.token.Reveal()
	if d.finding != nil {
		out.item.join(m.offer.command(d.finding, out.token, out.spec))
	}
	return out, nil
}

// addressed returns what a token for a cluster is good for; "" stands for none in particular.
func addressed(spec token.Spec, cluster string) token.Spec {
	if spec.For = cluster; cluster != "" && spec.Description == "" {
		spec.Description = "for " + cluster
	}
	return spec
}

// store creates the given token, or a random one.
func (m *mint) store(ctx context.Context, target fleet.Target, c *kube.Client, spec token.Spec) (token.Token, *corev1.Secret, error) {
	dry := m.dry == dryRunServer
	if m.given.IsZero() {
		return token.CreateRandom(ctx, c, func() (token.Token, error) {
			tok, err := token.Generate(m.env.Rand)
			m.tried.Store(target, tok.ID)
			return tok, err
		}, spec, dry)
	}
	m.tried.Store(target, m.given.ID)
	secret, err := token.Create(ctx, c, token.Encode(m.given, spec), dry)
	if apierrors.IsAlreadyExists(err) {
		err = &failure.Error{
			Err: fmt.Errorf("token %s exists already, and was left as it is: %w", m.given.ID, err),
			Hint: fmt.Sprintf("joinctl token command %s%s prints its join command, and joinctl token delete %s%s removes it",
				m.given.ID, m.conn.flags(target.Hub()), m.given.ID, m.conn.flags(target.Hub())),
		}
	}
	return m.given, secret, err
}

// named adds the token ID to a failure that leaves open whether the token exists.
func (m *mint) named(result fleet.Result[minted]) error {
	id, tried := m.tried.Load(result.Target)
	if reason := failure.ReasonOf(result.Err); !tried || result.Value.secret != nil || reason != failure.Unknown && reason != failure.Timeout {
		return result.Err
	}
	flags := m.conn.flags(result.Target.Hub())
	return &failure.Error{
		Reason: failure.Unknown,
		Err:    fmt.Errorf("token %s may exist: %w", id, result.Err),
		Hint:   fmt.Sprintf("joinctl token list%s shows whether it does, joinctl token delete %s%s removes it", flags, id, flags),
	}
}
