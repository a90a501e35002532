// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
)

// A tokenCache says whether and where sa credential keeps tokens.
type tokenCache struct {
	mode cacheMode
	dir  string
}

type cacheMode string

const (
	cacheDisk cacheMode = "disk"
	cacheNone cacheMode = "none"
)

// register adds the flags of sa credential.
func (t *tokenCache) register(cmd *cobra.Command, env *Env) {
	addCacheDir(cmd, env, &t.dir)
	cmd.Flags().Var(choiceValue[cacheMode]{&t.mode, []cacheMode{cacheDisk, cacheNone}}, "cache", "disk: keep tokens in --cache-dir; none: mint one at every call")
}

// disk returns the cache. An environment without a place for one is a mistake in the command line, which can name it.
func (t *tokenCache) disk() (satoken.Cache, error) {
	if t.dir == "" {
		return satoken.Cache{}, &failure.ConfigError{
			Err:  errors.New("the environment names no place for caches"),
			Hint: "name one with --cache-dir, or do without with --cache none",
		}
	}
	return satoken.Cache{Dir: filepath.Join(t.dir, "credentials")}, nil
}

// addCacheDir gives a command --cache-dir. Only sa credential keeps anything there.
func addCacheDir(cmd *cobra.Command, env *Env, dir *string) {
	if env.CacheDir != "" {
		*dir = filepath.Join(env.CacheDir, "joinctl")
	}
	cmd.Flags().StringVar(dir, "cache-dir", *dir, "directory for tokens that sa credential keeps (default: joinctl in the user's cache directory)")
	cmd.Flags().Lookup("cache-dir").DefValue = "" // no machine's paths in the help
}
