// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
)

// tryTimeout is how long a kubeconfig is tried that may well be for other machines than this one.
const tryTimeout = 5 * time.Second

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
or one where joinctl and that kubeconfig are in the same places.

With --members or --member it has member clusters of a Karmada control plane. It points at each member's own API endpoint,
as the Cluster object has it, with the certificate authority that the member publishes. With --via-hub it points at the
control plane, which passes requests on: then the token is of the control plane's ServiceAccount of that name, since the
control plane does not know those of members, and acts in each member as the ServiceAccount of the same name there.`,
		Example: `  joinctl sa kubeconfig robot -n ci --duration 8h --out robot.kubeconfig
  joinctl sa kubeconfig robot --contexts 'prod-*' --out fleet.kubeconfig
  joinctl sa kubeconfig robot --context hub --members --selector region=eu --out eu.kubeconfig
  joinctl sa kubeconfig robot --context hub --member member1 --via-hub
  joinctl sa kubeconfig robot --context hub --embed exec --out ~/.kube/robot`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			h.name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return h.run(cmd.Context()) },
	}
	h.register(cmd)
	conn.members.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&h.viaHub, "via-hub", false, "with --members or --member: point at the control plane that passes requests on, and not at the members' own API endpoints")
	flags.Var(choiceValue[embedding]{&h.embed, []embedding{embedToken, embedExec}}, "embed", "token: a token that is minted now; exec: a call of joinctl that mints one when it is needed")
	flags.StringVar(&h.out, "out", "", "file to write, readable by its owner only (default: standard output)")
	flags.StringVar(&h.contextName, "context-name", "", "name of the context (default: NAME@CLUSTER)")
	flags.StringVar(&h.userName, "user-name", "", "name of the user (default: that of the context)")
	flags.BoolVar(&h.allowInsecure, "allow-insecure", false, "allow a connection on which the server is not verified")
	flags.BoolVar(&h.allowPartial, "allow-partial", false, "replace an existing file although some targets have failed")
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
	way, err := h.way(ctx, target, c)
	if err != nil {
		return granted{}, err
	}
	g, err := h.saMint.on(ctx, target, c)
	if err != nil || g.problem != nil {
		return g, err
	}
	g.way = way
	if err := h.try(ctx, target, g); err != nil {
		return g, errors.Join(err, h.unbind(ctx, &g))
	}
	return g, nil
}

// try sees whether what is handed over works. A server that cannot tell is no reason to fail.
func (h *handover) try(ctx context.Context, target fleet.Target, g granted) error {
	defer g.way.client.Close()
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	verdict, err := satoken.SelfReview(ctx, g.way.client, g.token.Reveal())
	switch {
	case err == nil && !verdict.Accepted:
		return &failure.Error{
			Reason: failure.Invalid,
			Err:    fmt.Errorf("the API server does not accept the token that it granted, which is for %s", list(g.token.Claims.Audiences)),
			Hint:   "leave --audience out: a kubeconfig is for the API server",
		}
	case err != nil && target.Member != "":
		return h.tolerate(target, g, err)
	}
	return nil
}

// possible refuses a connection that cannot be handed over as it is.
func (h *handover) possible(target fleet.Target, c *kube.Client) error {
	entry, err := target.Entry()
	switch {
	case err != nil:
		return err
	case c.Insecure() && !h.allowInsecure:
		return &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified: whoever stands in between would get the token", c.Server().Redacted()),
			Hint: "give the context a certificate authority, or say --allow-insecure",
		}
	case h.embed == embedExec && entry.File == "":
		return &failure.ConfigError{
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
		Source:  g.way.entry,
		CA:      g.way.client.CA(),
	}
	entry.User = first(h.userName, entry.Context)
	if h.embed == embedToken {
		return to.AddToken(entry, g.token)
	}
	args := []string{"sa", "credential", h.name, "--namespace", g.account.Namespace, "--kubeconfig", g.entry.File, "--context", result.Target.Context}
	if g.at.Member != "" {
		args = append(args, "--member", g.at.Member)
	}
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
		return h.conn.called(result.Target)
	}
	return first(h.contextName, h.name+"@"+result.Value.way.entry.ClusterName)
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
