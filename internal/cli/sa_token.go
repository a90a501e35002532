// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

func newSAToken(env *Env, conn *connection) *cobra.Command {
	var (
		format output.Format
		dry    = dryRunNone
		m      = saMint{env: env, conn: conn}
	)
	cmd := &cobra.Command{
		Use:   "token NAME",
		Short: "Mint a token of a ServiceAccount",
		Long: `Mint a token of a ServiceAccount. It is printed alone on stdout; on stderr stands when it really expires, since servers
shorten and lengthen what they were asked for. With -o the TokenRequest is printed as the server answered it.

With --members or --member it is minted in member clusters of a Karmada control plane, through the control plane: the
kubeconfig of the one is enough. That takes two rights: clusters/proxy on the control plane, and in each member, for the
user of the same name, what the token takes there.`,
		Example: `  joinctl sa token robot
  joinctl sa token robot -n ci --duration 24h --min-granted 12h
  joinctl sa token robot --contexts 'prod-*' -o json
  joinctl sa token robot --context hub --members --selector region=eu
  joinctl sa token robot --context hub --member member1
  joinctl sa token robot --audience https://vault.example.org
  joinctl sa token robot --bound-object-kind pod --bound-object-name runner-0
  joinctl sa token robot --revocable --duration 24h
  joinctl sa token robot -o jsonpath={.status.expirationTimestamp}`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			m.name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dry == dryRunClient {
				return m.plan(cmd.Context(), &format)
			}
			return m.print(cmd.Context(), &format)
		},
	}
	addOutput(cmd, &format)
	m.register(cmd)
	conn.members.register(cmd)
	addCacheDir(cmd, env, new(string))
	addDryRun(cmd, &dry)
	cmd.Flags().Lookup("dry-run").Usage = "none; client: show what would be asked for"
	before(cmd, func() error {
		if dry == dryRunServer {
			return errors.New("--dry-run=server: the server ignores a dry run of a TokenRequest, and mints a token that works; client shows what would be asked for")
		}
		return nil
	})
	return cmd
}

// print mints on every target and prints what was granted.
func (m *saMint) print(ctx context.Context, format *output.Format) error {
	if err := deliverable(m.env); err != nil {
		return err
	}
	results, err := each(ctx, m.conn, 0, m.on)
	if err != nil {
		return err
	}
	missed, problems := m.conn.shortfall(), []error(nil)
	minted := output.List[saItem]{Kind: "ServiceAccountTokenList"}
	for _, result := range results {
		if result.Err != nil {
			missed.add(result.Target, m.named(result))
			continue
		}
		missed.done++
		problems = append(problems, result.Value.problem)
		if tok := result.Value.token; !tok.IsZero() {
			minted.Items = append(minted.Items, mintedItem(result.Target, result.Value))
		}
	}
	minted.Failures = missed.document()
	if err := m.write(format, results, minted); err != nil {
		return errors.Join(err, m.takeBack(ctx, results), missed.orNil())
	}
	m.tellAll(results)
	return errors.Join(append(problems, missed.orNil())...)
}

// write prints the bare token by default, with its context where there could be several. On one target the structured
// formats show the server's own answer.
func (m *saMint) write(format *output.Format, results []fleet.Result[granted], minted output.List[saItem]) error {
	view := mintedView()
	if format.IsDefault() {
		view.Columns = view.Columns[len(view.Columns)-1:] // the token
	}
	switch {
	case format.IsDefault() && !m.conn.many():
		var out strings.Builder
		for _, item := range minted.Items {
			out.WriteString(item.Token + "\n")
		}
		_, err := m.env.Out.Write([]byte(out.String()))
		return err
	case format.Structured() && !m.conn.many():
		if results[0].Value.token.IsZero() {
			return nil
		}
		return output.Object(m.env.Out, format, results[0].Value.token.Object())
	}
	return output.Print(m.env.Out, format, minted, behind(m.conn, view, saItem.at))
}

// plan shows what would be asked for: for people on stderr, or as the TokenRequest. It asks no server, but for which
// members there are.
func (m *saMint) plan(ctx context.Context, format *output.Format) error {
	if format.Structured() {
		return output.Object(m.env.Out, format, m.spec.Object())
	}
	targets, missed := m.conn.planned(ctx)
	if len(targets) == 0 {
		return missed
	}
	for _, target := range targets {
		account, err := accountIn(target, m.name)
		if err != nil {
			return err
		}
		m.env.say("would ask for a token of serviceaccount %s in %s, for %s, valid %s", account, described(target), first(strings.Join(m.spec.Audiences, " and "), "the API server"), m.wish())
		if bound := m.spec.Bound; !bound.IsZero() {
			m.env.say("would bind it to %s %s", strings.ToLower(string(bound.Kind)), bound.Name)
		}
	}
	if m.revocable {
		m.env.say("would make a Secret first, and bind it to that")
	}
	m.env.say("nothing was asked for (client dry run); -o yaml prints the TokenRequest")
	return missed
}

func (m *saMint) wish() string {
	if m.spec.Lifetime == 0 {
		return "as long as the server likes"
	}
	return "for " + brief(m.spec.Lifetime)
}
