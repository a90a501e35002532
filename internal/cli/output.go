// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/output"
)

// addOutput gives a command -o and its companions, as kubectl has them.
func addOutput(cmd *cobra.Command, f *output.Format) {
	flags := cmd.Flags()
	flags.VarP(f, "output", "o", "output format: "+strings.Join(output.Names(), ", "))
	flags.StringVar(&f.Template, "template", "", "template, or file with one, for -o go-template, jsonpath and their like")
	flags.BoolVar(&f.NoHeaders, "no-headers", false, "print tables without their first line")
	flags.BoolVar(&f.ShowManaged, "show-managed-fields", false, "keep managedFields of API objects that are printed")
	flags.BoolVar(&f.AllowMissingKeys, "allow-missing-template-keys", true, "print nothing for a template's fields that are missing, in place of an error")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(output.Names(), cobra.ShellCompDirectiveNoFileComp))
	before(cmd, f.Check)
}

// before adds a check of the flags' values together: what fails there is a usage error.
func before(cmd *cobra.Command, check func() error) {
	earlier := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) error {
		if earlier != nil {
			if err := earlier(cmd, args); err != nil {
				return err
			}
		}
		if err := check(); err != nil {
			return &usageError{err, cmd.CommandPath()}
		}
		return nil
	}
}

// deliverable fails where a credential that is printed would be lost, before one is made.
func deliverable(env *Env) error {
	if env.OutLost {
		return errors.New("stdout is closed: a credential would be lost, so none was made")
	}
	if _, err := env.Out.Write(nil); err != nil {
		return errors.Join(errors.New("stdout cannot be written to: a credential would be lost, so none was made"), err)
	}
	return nil
}
