// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// cacheWait is how long another joinctl that requests the same token is waited for, where a request may take any time.
const cacheWait = 15 * time.Second

// SACredential returns a ServiceAccount token to a client-go program that calls joinctl as its credential plugin.
type SACredential struct {
	RequestOptions
	Caller satoken.Caller
	Cache  satoken.Cache // zero: a token is requested at every call
}

// Run returns the answers for the caller, one per target, as bytes to print.
func (a *SACredential) Run(ctx context.Context) ([][]byte, *session.Failures, error) {
	a.Session.NoPrompt = true
	results, err := session.Each(ctx, a.Session, session.LoginTime, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]byte, error) {
		if err := a.checkCaller(target, c); err != nil {
			return nil, err
		}
		got, err := a.fetch(ctx, target, c)
		if err != nil {
			return nil, err
		}
		return a.Caller.ExecCredential(got.Token, got.Expires)
	})
	if err != nil {
		return nil, nil, err
	}
	answers, failures := session.Collect(a.Session, results)
	return answers, failures, nil
}

// checkCaller refuses a caller that connects to another server, and a call that would end up here again.
func (a *SACredential) checkCaller(target fleet.Target, c *kube.Client) error {
	config, err := target.Config()
	if err != nil {
		return err
	}
	namesKubeconfig := func(arg string) bool { return arg == "--kubeconfig" || strings.HasPrefix(arg, "--kubeconfig=") }
	if plugin := config.ExecProvider; plugin != nil && session.IsJoinctl(plugin.Command) && !slices.ContainsFunc(plugin.Args, namesKubeconfig) {
		return &failure.ConfigError{
			Err:  errors.New("the context's own credential comes from joinctl, which would call itself without end"),
			Hint: "name the kubeconfig to request tokens with, by --kubeconfig and --context",
		}
	}
	if c.Hub() == nil && !a.Caller.MatchesServer(c) {
		return otherServer("the context's")
	}
	return nil
}

// otherServer is the error for a caller that connects to another server.
func otherServer(than string) error {
	return &failure.ConfigError{
		Err:  fmt.Errorf("the caller talks to another server than %s: a token for one is not for the other", than),
		Hint: "correct the server in one of the two kubeconfigs",
	}
}

// fetch returns a token from the cache, or requests one.
func (a *SACredential) fetch(ctx context.Context, target fleet.Target, c *kube.Client) (satoken.Fetched, error) {
	request := func(ctx context.Context) (satoken.Token, error) {
		if err := a.Session.Login(ctx, target); err != nil {
			return satoken.Token{}, err
		}
		if err := a.checkMember(ctx, target, c); err != nil {
			return satoken.Token{}, err
		}
		issued, _, err := a.issue(ctx, target, c)
		return issued.Token, err
	}
	if a.Cache.Dir == "" {
		requested := a.Session.Now()
		tok, err := request(ctx)
		if err != nil {
			return satoken.Fetched{}, err
		}
		return satoken.Fetched{Token: tok, Expires: tok.LocalExpiry(requested)}, nil
	}
	namespace, err := session.Namespace(target)
	if err != nil {
		return satoken.Fetched{}, err
	}
	account := satoken.Account{Namespace: namespace, Name: a.Name}
	key := satoken.Key(c, account, a.Spec)
	if c.Hub() != nil {
		key = a.Caller.Key(key)
	}
	cache := a.Cache
	cache.Wait = cmp.Or(a.Session.RequestTimeout, cacheWait)
	got, err := cache.Fetch(ctx, key, a.Session.Now, request)
	if got.RenewErr != nil {
		a.Session.Warn(target, fmt.Sprintf("no new token of serviceaccount %s, the old one is used until %s: %v", account, got.Expires.UTC().Format(time.RFC3339), got.RenewErr))
	}
	if got.CacheErr != nil {
		a.Session.Warn(target, fmt.Sprintf("the token is not cached: %v", got.CacheErr))
	}
	return got, err
}

// checkMember refuses a caller that connects to another server than a member. Only the hub knows the address of the
// member, so a cached token was checked when it was requested.
func (a *SACredential) checkMember(ctx context.Context, target fleet.Target, c *kube.Client) error {
	if c.Hub() == nil {
		return nil
	}
	member, err := c.Hub().Member(ctx, target.Member)
	if err == nil && !a.Caller.MatchesMember(member) {
		err = otherServer("member " + target.Member)
	}
	return err
}
