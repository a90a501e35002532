// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"path/filepath"

	"github.com/spf13/cobra"
)

// addCacheDir gives a command --cache-dir. Only sa credential keeps anything there.
func addCacheDir(cmd *cobra.Command, env *Env, dir *string) {
	standard := ""
	if env.CacheDir != "" {
		standard = filepath.Join(env.CacheDir, "joinctl")
	}
	cmd.Flags().StringVar(dir, "cache-dir", standard, "directory for credentials that sa credential keeps (default: joinctl in the user's cache directory)")
	cmd.Flags().Lookup("cache-dir").DefValue = ""
}
