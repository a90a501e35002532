// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
)

func newSACredential(env *Env, conn *connection) *cobra.Command {
	var (
		m      = saMint{env: env, conn: conn}
		cache  = tokenCache{mode: cacheDisk}
		caller satoken.Caller
	)
	cmd := &cobra.Command{
		Use:   "credential NAME",
		Short: "Print a token for kubectl and its like, as their credential plugin",
		Long: `Print a token of a ServiceAccount as client-go programs read it from a credential plugin (the kubeconfig's users[].user.exec):
an ExecCredential of client.authentication.k8s.io/v1, or v1beta1 if the caller asks for that. sa kubeconfig --embed exec
writes such a kubeconfig.

A token is kept on disk while more than a fifth of its life is left, so that programs that start at once mint one. Where a
new one cannot be had, the old one serves until it expires. Nothing is ever asked on the terminal.`,
		Example: `  joinctl sa credential robot -n ci --kubeconfig ~/.kube/config --context hub
  joinctl sa credential robot -n ci --kubeconfig ~/.kube/config --context hub --member member1
  joinctl sa credential robot --duration 2h --cache none`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			m.name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := deliverable(env); err != nil {
				return err
			}
			conn.noPrompt = true
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]byte, error) {
				if err := calledFor(caller, target, c); err != nil {
					return nil, err
				}
				tok, err := m.kept(ctx, target, c, caller, cache)
				if err != nil {
					return nil, err
				}
				return caller.Answer(tok)
			})
			if err != nil {
				return err
			}
			missed := &shortfall{}
			for _, result := range results {
				if result.Err != nil {
					missed.add(result.Target, result.Err)
					continue
				}
				if _, err := env.Out.Write(result.Value); err != nil {
					return err
				}
			}
			return missed.orNil()
		},
	}
	m.common(cmd)
	conn.members.registerNames(cmd)
	cache.register(cmd, env)
	before(cmd, func() (err error) {
		if conn.members.many() {
			return errors.New("a caller gets one token: name one --member")
		}
		caller, err = satoken.ParseCaller(env.ExecInfo)
		return err
	})
	return cmd
}

// calledFor refuses what must not be answered: a caller that talks to another server, and a call that would end up
// here again.
func calledFor(caller satoken.Caller, target fleet.Target, c *kube.Client) error {
	config, err := target.Config()
	if err != nil {
		return err
	}
	if plugin := config.ExecProvider; plugin != nil && isOurs(plugin.Command) && !slices.Contains(plugin.Args, "--kubeconfig") {
		return &failure.ConfigError{
			Err:  errors.New("the context's own credential is to come from joinctl, which would call itself without end"),
			Hint: "name the kubeconfig to mint with, by --kubeconfig and --context",
		}
	}
	if c.Hub() == nil && !caller.MatchesServer(c) {
		return elsewhere("the context's")
	}
	return nil
}

// elsewhere refuses a caller that talks to another server.
func elsewhere(than string) error {
	return &failure.ConfigError{
		Err:  fmt.Errorf("the caller talks to another server than %s: a token of the one is not for the other", than),
		Hint: "correct the server in one of the two kubeconfigs",
	}
}

// calledForMember is calledFor for a member, whose own address the control plane has to tell first: where a token is
// kept, that was asked when it was minted.
func calledForMember(ctx context.Context, caller satoken.Caller, target fleet.Target, c *kube.Client) error {
	if c.Hub() == nil {
		return nil
	}
	member, err := c.Hub().Member(ctx, target.Member)
	if err == nil && !caller.MatchesMember(member) {
		err = elsewhere("member " + target.Member)
	}
	return err
}

// kept returns a token out of the cache, or mints one.
func (m *saMint) kept(ctx context.Context, target fleet.Target, c *kube.Client, caller satoken.Caller, cache tokenCache) (satoken.Token, error) {
	mint := func(ctx context.Context) (satoken.Token, error) {
		if err := calledForMember(ctx, caller, target, c); err != nil {
			return satoken.Token{}, err
		}
		g, err := m.on(ctx, target, c)
		return g.token, err
	}
	if cache.mode == cacheNone {
		return mint(ctx)
	}
	disk, err := cache.disk()
	if err != nil {
		return satoken.Token{}, err
	}
	account, err := accountIn(target, m.name)
	if err != nil {
		return satoken.Token{}, err
	}
	key := satoken.Key(c, account, m.spec)
	if c.Hub() != nil {
		key = caller.Key(key)
	}
	got, err := disk.Fetch(ctx, key, m.env.Now, mint)
	if got.RenewErr != nil {
		m.env.warn("no new token of serviceaccount %s, the old one serves until %s: %v", account, stamp(got.Token.Expires()), got.RenewErr)
	}
	if got.CacheErr != nil {
		m.env.warn("the token is not kept: %v", got.CacheErr)
	}
	return got.Token, err
}
