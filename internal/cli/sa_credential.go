// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

type cacheMode string

const (
	cacheDisk cacheMode = "disk"
	cacheNone cacheMode = "none"
)

func newSACredential(env *Env, s *session.Session) *cobra.Command {
	var (
		credential = action.SACredential{RequestOptions: action.RequestOptions{Session: s}}
		mode       = cacheDisk
		dir        string
	)
	cmd := &cobra.Command{
		Use:   "credential NAME",
		Short: "Print a token for kubectl and other clients, as their credential plugin",
		Long: `Print a token of a ServiceAccount as client-go programs read it from a credential plugin (users[].user.exec in a kubeconfig):
an ExecCredential of client.authentication.k8s.io/v1, or v1beta1 if the caller asks for that. sa kubeconfig --embed exec
writes such a kubeconfig.

A token is kept on disk while more than a fifth of its lifetime is left, so that programs that start at once request one. If
no new token can be had, the old one is used until it expires. Nothing is ever asked on the terminal.`,
		Example: `  joinctl sa credential robot -n ci --kubeconfig ~/.kube/config --context hub
  joinctl sa credential robot -n ci --kubeconfig ~/.kube/config --context hub --member member1
  joinctl sa credential robot --duration 2h --cache none`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			credential.Name, err = parseAccount(args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := env.checkStdout(); err != nil {
				return err
			}
			credential.Cache = tokenCache(s.Terminal, mode, dir)
			answers, failures, err := credential.Run(cmd.Context())
			if err != nil {
				return err
			}
			for _, answer := range answers {
				if _, err := env.Out.Write(answer); err != nil {
					return finish(err, nil, failures)
				}
			}
			return finish(nil, nil, failures)
		},
	}
	addRequest(cmd, &credential.RequestOptions)
	addMemberNames(cmd, s)
	addCacheDir(cmd, env, &dir)
	choiceVar(cmd.Flags(), &mode, "cache", "disk: keep tokens in --cache-dir; none: request one at every call", cacheDisk, cacheNone)
	preRun(cmd, func() (err error) {
		if s.Members.Many() {
			return errors.New("a caller gets one token: name one --member")
		}
		credential.Caller, err = satoken.ParseCaller(env.ExecInfo)
		return err
	})
	return cmd
}

// tokenCache returns the cache for a mode, and none, with a warning, if the environment names no directory for it.
func tokenCache(t *terminal.Terminal, mode cacheMode, dir string) satoken.Cache {
	switch {
	case mode == cacheNone:
		return satoken.Cache{}
	case dir == "":
		t.Warn("the token is not cached: the environment names no directory for caches; name one with --cache-dir, or do without with --cache none")
		return satoken.Cache{}
	}
	return satoken.Cache{Dir: filepath.Join(dir, "credentials")}
}

// addCacheDir gives a command --cache-dir. Only sa credential keeps anything there; kubectl has the flag everywhere.
func addCacheDir(cmd *cobra.Command, env *Env, dir *string) {
	if env.CacheDir != "" {
		*dir = filepath.Join(env.CacheDir, "joinctl")
	}
	cmd.Flags().StringVar(dir, "cache-dir", *dir, "directory for tokens that sa credential keeps (default: joinctl in the user's cache directory)")
	cmd.Flags().Lookup("cache-dir").DefValue = "" // help shows no paths of this machine
}
