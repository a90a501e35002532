// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
)

func newSAKubeconfig(env *Env, conn *connection) *cobra.Command {
	h := handover{saMint: saMint{env: env, conn: conn}, embed: embedToken}
	cmd := &cobra.Command{
		Use:   "kubeconfig NAME",
		Short: "Print a kubeconfig with which others act as a ServiceAccount",
		Long: `Print a kubeconfig with which others act as a ServiceAccount. It has the context's server, certificate authority, TLS
server name and proxy, and nothing of the context's own user.

Of many contexts it has them all, under their own names. A file that exists is kept if any of them failed.

With --embed token it holds a token, and says when that expires. With --embed exec it holds none: kubectl calls joinctl
sa credential for one, which mints it through the kubeconfig that this one was made from. That is for the same machine,
or one where joinctl and that kubeconfig are in the same places.`,
		Example: `  joinctl sa kubeconfig robot -n ci --duration 8h --out robot.kubeconfig
  joinctl sa kubeconfig robot --contexts 'prod-*' --out fleet.kubeconfig
  joinctl sa kubeconfig robot --context hub --embed exec --out ~/.kube/robot`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			h.name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return h.run(cmd.Context()) },
	}
	h.register(cmd)
	flags := cmd.Flags()
	flags.Var(choiceValue[embedding]{&h.embed, []embedding{embedToken, embedExec}}, "embed", "token: a token that is minted now; exec: a call of joinctl that mints one when it is needed")
	flags.StringVar(&h.out, "out", "", "file to write, readable by its owner only (default: standard output)")
	flags.StringVar(&h.contextName, "context-name", "", "name of the context (default: NAME@CLUSTER)")
	flags.StringVar(&h.userName, "user-name", "", "name of the user (default: that of the context)")
	flags.BoolVar(&h.allowInsecure, "allow-insecure", false, "allow a connection on which the server is not verified")
	flags.BoolVar(&h.allowPartial, "allow-partial", false, "replace an existing file although some contexts have failed")
	before(cmd, h.check)
	return cmd
}

// run mints on every target, and writes one kubeconfig. A token is minted for --embed exec too, to see that it can be.
func (h *handover) run(ctx context.Context) error {
	file, err := h.destination()
	if err != nil {
		return err
	}
	defer file.Discard()
	results, err := each(ctx, h.conn, 0, h.on)
	if err != nil {
		return err
	}
	missed, problems, made := h.conn.shortfall(), []error(nil), satoken.NewKubeconfig()
	for _, result := range results {
		err := h.named(result)
		if err == nil && result.Value.problem == nil {
			err = h.add(made, result)
		}
		if err != nil {
			missed.add(result.Target, err)
			continue
		}
		missed.done++
		problems = append(problems, result.Value.problem)
	}
	if err = errors.Join(append(problems, missed.orNil())...); err != nil && !h.partial(results) {
		return errors.Join(err, h.takeBack(ctx, results))
	}
	if failed := deliver(made, file); failed != nil {
		return errors.Join(err, failed, h.takeBack(ctx, results))
	}
	h.report(results)
	return err
}

// partial reports whether a kubeconfig of which something is missing is delivered: of many contexts, unless it would
// take the place of one that may be whole.
func (h *handover) partial(results []fleet.Result[granted]) bool {
	good := 0
	for _, result := range results {
		if result.Err == nil && result.Value.problem == nil {
			good++
		}
	}
	if !h.conn.many() || good == 0 {
		return false
	}
	if _, err := os.Stat(h.out); h.out == "" || err != nil || h.allowPartial {
		return true
	}
	h.env.say("%s is left as it was: --allow-partial replaces it all the same", join.Quote(h.out))
	return false
}

func deliver(made *satoken.Kubeconfig, to destination) error {
	content, err := made.Encode()
	if err != nil {
		return err
	}
	return to.Keep(content)
}

// on mints a token on one target, if its connection may be handed over, and sees whether it works.
func (h *handover) on(ctx context.Context, target fleet.Target, c *kube.Client) (granted, error) {
	if err := h.possible(target, c); err != nil {
		return granted{}, err
	}
	g, err := h.saMint.on(ctx, target, c)
	if err != nil || g.problem != nil {
		return g, err
	}
	verdict, err := satoken.SelfReview(ctx, c, g.token.Reveal())
	if err == nil && !verdict.Accepted {
		return g, &kube.Error{
			Reason: kube.Invalid,
			Err:    fmt.Errorf("the API server does not accept the token that it granted, which is for %s", list(g.token.Claims.Audiences)),
			Hint:   "leave --audience out: a kubeconfig is for the API server",
		}
	}
	return g, nil // a server that cannot tell is no reason to fail
}

// possible refuses a connection that cannot be handed over as it is.
func (h *handover) possible(target fleet.Target, c *kube.Client) error {
	entry, err := target.Entry()
	switch {
	case err != nil:
		return err
	case c.Insecure() && !h.allowInsecure:
		return &kube.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified: whoever stands in between would get the token", c.Server().Redacted()),
			Hint: "give the context a certificate authority, or say --allow-insecure",
		}
	case h.embed == embedExec && entry.File == "":
		return &kube.ConfigError{
			Err:  fmt.Errorf("--embed exec: %s is not of one kubeconfig file, so that no later call could find it", described(target)),
			Hint: "kubectl config view --minify --flatten --raw writes one; name it with --kubeconfig",
		}
	}
	return nil
}

// add adds the context for one target.
func (h *handover) add(to *satoken.Kubeconfig, result fleet.Result[granted]) error {
	g := result.Value
	entry := satoken.Entry{
		Context: h.called(result),
		Account: g.account,
		Source:  g.entry,
		CA:      g.client.CA(),
	}
	entry.User = first(h.userName, entry.Context)
	if h.embed == embedToken {
		return to.AddToken(entry, g.token)
	}
	args := []string{"sa", "credential", h.name, "--namespace", g.account.Namespace, "--kubeconfig", g.entry.File, "--context", result.Target.Context}
	for _, audience := range h.spec.Audiences {
		args = append(args, "--audience", audience)
	}
	if h.spec.Lifetime > 0 {
		args = append(args, "--duration", h.spec.Lifetime.String())
	}
	return to.AddPlugin(entry, args)
}

// called returns the name of the context for a target: of many, each keeps its own.
func (h *handover) called(result fleet.Result[granted]) string {
	if h.conn.many() {
		return result.Target.Context
	}
	return first(h.contextName, h.name+"@"+result.Value.entry.ClusterName)
}

// report says what was handed over.
func (h *handover) report(results []fleet.Result[granted]) {
	if h.embed == embedToken {
		h.tellAll(results)
	}
	files := map[string]bool{"": true}
	for _, result := range results {
		if h.embed == embedToken || files[result.Value.entry.File] {
			continue
		}
		files[result.Value.entry.File] = true
		h.env.say("whoever uses it needs joinctl, and %s, where they are now: it holds no credential", result.Value.entry.File)
	}
	if h.out != "" {
		h.env.say("try it with: kubectl --kubeconfig %s auth whoami", join.Quote(h.out))
	}
}
