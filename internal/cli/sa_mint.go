// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
)

// An saMint is what a command that mints ServiceAccount tokens was asked for.
type saMint struct {
	env              *Env
	conn             *connection
	name             string // of the ServiceAccount
	spec             satoken.Spec
	minGranted       time.Duration
	warningsAsErrors bool
	revocable        bool

	viaHub bool // members are to be reached through the control plane, which has to know the token

	tried sync.Map // the Secret that is under way on each target
}

// granted is a token that was minted on a target.
type granted struct {
	at      fleet.Target // where it was minted
	account satoken.Account
	entry   kube.ContextEntry
	client  *kube.Client
	token   satoken.Token            // zero: there is none to hand over
	way     way                      // how whoever it is handed to connects
	binding satoken.RevocationSecret // the Secret that the token dies with; zero: none was made for it
	problem error                    // why there is none to hand over, although the server gave one
}

// common adds the flags that say what tokens are wanted, whenever they are minted.
func (m *saMint) common(cmd *cobra.Command) {
	completeAccounts(cmd, m.conn)
	addNamespace(cmd, m.conn)
	flags := cmd.Flags()
	flags.Var(audienceValue{&m.spec.Audiences}, "audience", "audience that the token is for (repeatable; default: the API server)")
	flags.Var(lifeValue{&m.spec.Lifetime}, "duration", "how long the token is to be valid, 10m at least (default: as the server likes, usually 1h)")
	flags.BoolVar(&m.warningsAsErrors, "warnings-as-errors", false, "print nothing, and fail, if the server warns of something")
}

// register adds the flags of commands that mint one token now.
func (m *saMint) register(cmd *cobra.Command) {
	m.common(cmd)
	flags, bound := cmd.Flags(), &m.spec.Bound
	flags.DurationVar(&m.minGranted, "min-granted", 0, "print nothing, and exit with 4, if the server grants less than this")
	flags.Var(&bound.Kind, "bound-object-kind", "kind of an object that the token dies with: Pod, Secret or Node")
	flags.StringVar(&bound.Name, "bound-object-name", "", "name of that object; a Pod or Secret is in the ServiceAccount's namespace")
	flags.StringVar(&bound.UID, "bound-object-uid", "", "its UID, where only this very object will do (default: whichever it has)")
	flags.BoolVar(&m.revocable, "revocable", false, "bind the token to a Secret made for it, so that sa list shows and sa revoke revokes it")
	before(cmd, m.check)
}

// check applies the rules for what goes with what.
func (m *saMint) check() error {
	switch bound, asked := m.spec.Bound, m.spec.Lifetime; {
	case m.revocable && !bound.IsZero():
		return errors.New("--revocable binds the token to a Secret of its own: it goes without --bound-object-kind, -name and -uid")
	case bound.Kind == "" && (bound.Name != "" || bound.UID != ""):
		return errors.New("--bound-object-name and --bound-object-uid need --bound-object-kind")
	case bound.Kind != "" && bound.Name == "":
		return errors.New("--bound-object-kind needs --bound-object-name")
	case m.minGranted < 0:
		return errors.New("--min-granted: a time cannot be negative")
	case asked > 0 && m.minGranted > asked:
		return fmt.Errorf("--min-granted %s is more than the %s asked for", m.minGranted, asked)
	}
	var changed bool
	if m.spec, changed = m.spec.AvoidExtension(); changed {
		m.env.say("asking for a second more, %s: a token bound to a Pod for exactly 3607s is taken for the kubelet's, and made valid for a year", m.spec.Lifetime)
	}
	return nil
}

// on mints a token on one target. A token that is not to be handed over is gone when it is forgotten, or with the
// Secret that was made for it.
func (m *saMint) on(ctx context.Context, target fleet.Target, c *kube.Client) (granted, error) {
	out := granted{client: c, at: target}
	if m.viaHub {
		out.client, out.at = c.Hub(), target.Hub()
	}
	var err error
	if out.entry, err = target.Entry(); err != nil {
		return out, err
	}
	out.account = satoken.Account{Namespace: out.entry.Namespace, Name: m.name}
	spec := m.spec
	if m.revocable {
		if out.binding, err = m.bind(ctx, target, out); err != nil {
			return out, out.client.ExplainProxyError(err)
		}
		spec.Bound = out.binding.Object()
	}
	tok, err := m.request(ctx, &out, spec)
	if err != nil || out.problem != nil {
		return out, errors.Join(out.client.ExplainProxyError(err), m.unbind(ctx, &out))
	}
	out.token = tok
	return out, nil
}

// request asks for the token, and judges what the server gave.
func (m *saMint) request(ctx context.Context, out *granted, spec satoken.Spec) (satoken.Token, error) {
	klog.V(1).InfoS("requesting a token", "context", out.at.Context, "member", out.at.Member, "server", out.client.Server().Host, "serviceaccount", out.account)
	tok, err := satoken.Request(ctx, out.client, out.account, spec)
	if err != nil {
		return tok, err
	}
	if err := m.objection(out.client); err != nil {
		return tok, err
	}
	if life := tok.Lifetime(); life < m.minGranted {
		out.problem = m.tooShort(out.at, out.account, life)
		return tok, nil
	}
	if m.revocable {
		out.binding, err = out.binding.Record(ctx, out.client, tok)
	}
	return tok, err
}

// objection turns what the server warned of into an error, where the operator wants that.
func (m *saMint) objection(c *kube.Client) error {
	if !m.warningsAsErrors {
		return nil
	}
	if warnings := c.Warnings(); len(warnings) > 0 {
		return &failure.Error{
			Err:  fmt.Errorf("the server warned (%d): %s", len(warnings), strings.Join(warnings, "; ")),
			Hint: "the token was thrown away, and cannot be used by anyone; without --warnings-as-errors it would have been printed",
		}
	}
	return nil
}

func (m *saMint) tooShort(target fleet.Target, account satoken.Account, life time.Duration) error {
	return &problem{
		text: fmt.Sprintf("the server of %s grants a token of serviceaccount %s for %s only, less than --min-granted %s; it was thrown away", described(target), account, brief(life), brief(m.minGranted)),
		hint: "kube-apiserver's --service-account-max-token-expiration caps lifetimes, as do managed clusters: ask for less, or plan a renewal",
	}
}
