// SPDX-License-Identifier: Apache-2.0

package cli

import "github.com/spf13/cobra"

// addVersionFlag gives the root --version and -V. Cobra prints the version, and runs nothing else.
func addVersionFlag(root *cobra.Command, env *Env) {
	root.Flags().BoolP("version", "V", false, "print the version of joinctl, as joinctl version does")
	root.Version = versionLine(env)
	root.SetVersionTemplate("{{.Version}}\n")
}
