// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenDelete(env *Env, conn *connection) *cobra.Command {
	var (
		refs           []token.Ref
		file           string
		ignoreNotFound bool
		format         output.Format
		dry            = dryRunNone
	)
	cmd := &cobra.Command{
		Use:     "delete REF… | -",
		Aliases: []string{"rm"},
		Short:   "Delete bootstrap tokens",
		Long: `Delete bootstrap tokens. A REF is a token ID, a whole token, the name of the Secret, or secret/NAME. All are tried, and
each that fails is named. The server may accept a deleted token for about 10 seconds more.`,
		Example: `  joinctl token delete 07401b
  joinctl token delete 07401b secret/bootstrap-token-abcdef --ignore-not-found
  joinctl token list -o name | joinctl token delete -`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			refs, err = parseRefs(env, args, file)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			missed := &shortfall{}
			results, err := each(cmd.Context(), conn, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) ([]deletion, error) {
				klog.V(1).InfoS("deleting bootstrap tokens", "context", target.Context, "server", c.Server().Host, "count", len(refs))
				return deleteAll(ctx, c, target, refs, dry), nil
			})
			if err != nil {
				return err
			}
			gone := output.List[deletion]{Kind: "TokenDeletionList"}
			for _, result := range results {
				if result.Err != nil {
					missed.add(result.Target.Context, result.Err)
				}
				for _, d := range result.Value {
					switch {
					case d.err == nil:
						gone.Items = append(gone.Items, d)
					case ignoreNotFound && kube.ReasonOf(d.err) == kube.NotFound:
					default:
						missed.add(d.Context, d.err)
						continue
					}
					missed.done++
				}
			}
			gone.Failures = missed.document()
			return errors.Join(printDeletions(env, &format, gone), missed.orNil())
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.StringVar(&file, "token-file", "", "file with one REF per line, or - for standard input")
	flags.BoolVar(&ignoreNotFound, "ignore-not-found", false, "take a token that does not exist for deleted")
	addDryRun(cmd, &dry)
	return cmd
}

// A deletion is a token that was deleted, or would have been.
type deletion struct {
	Context string `json:"context"`
	ID      string `json:"id,omitempty"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	err     error  `json:"-"`
}

func deleteAll(ctx context.Context, c *kube.Client, target fleet.Target, refs []token.Ref, dry dryRun) []deletion {
	var out []deletion
	for _, ref := range refs {
		d := deletion{Context: target.Context, ID: ref.ID(), Name: ref.Name}
		switch dry {
		case dryRunClient:
			_, d.err = token.Get(ctx, c, ref)
			d.Status = "deleted (dry run)"
		case dryRunServer:
			d.err = token.Delete(ctx, c, ref, true)
			d.Status = "deleted (server dry run)"
		default:
			d.err = token.Delete(ctx, c, ref, false)
			d.Status = "deleted"
		}
		out = append(out, d)
	}
	return out
}

// printDeletions prints a line for each token by default, as the peers do.
func printDeletions(env *Env, format *output.Format, gone output.List[deletion]) error {
	if !format.IsDefault() {
		return output.Print(env.Out, format, gone, output.View[deletion]{
			Name: func(d deletion) string { return "secret/" + d.Name },
			Columns: []output.Column[deletion]{
				{Title: "Token", Cell: func(d deletion) string { return first(d.ID, d.Name) }},
				{Title: "Status", Cell: func(d deletion) string { return d.Status }},
			},
		})
	}
	for _, d := range gone.Items {
		if _, err := fmt.Fprintf(env.Out, "bootstrap token %q %s\n", first(d.ID, d.Name), d.Status); err != nil {
			return err
		}
	}
	return nil
}

// parseRefs reads references from arguments, standard input or a file, each once.
func parseRefs(env *Env, args []string, file string) ([]token.Ref, error) {
	words, err := given(env, args, file)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("no token is named")
	}
	var refs []token.Ref
	for i, word := range words {
		ref, err := token.ParseRef(word)
		if err != nil {
			return nil, fmt.Errorf("token %d of %d: %w", i+1, len(words), err)
		}
		if !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// addDryRun gives a command --dry-run; without a value it means client.
func addDryRun(cmd *cobra.Command, dry *dryRun) {
	cmd.Flags().Var(dry, "dry-run", "none; client: show what would be done; server: have the server check it too")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = string(dryRunClient)
}
