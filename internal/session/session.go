// SPDX-License-Identifier: Apache-2.0

// Package session answers which targets the operator meant, with which client, and through which hub.
package session

import (
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/terminal"
)

// Options say which targets the operator means and how to reach them. The zero Options mean the current context.
type Options struct {
	Kubeconfig         string // path; "": the files of KUBECONFIG, else ~/.kube/config
	Overrides          clientcmd.ConfigOverrides
	UserExtra          map[string][]string // extra fields of the user to impersonate
	RequestTimeout     time.Duration       // for one request, 0 for none
	Selection          fleet.Selection
	FromFile           bool // a file names contexts, so that the selection can mean many
	Members            Members
	Parallel           int                       // targets at once
	MaxFailures        int                       // start no further target when this many have failed; 0: start all
	MatchServerVersion bool                      // fail where a server has another minor version than the libraries of this program
	PluginPolicy       clientcmdapi.PluginPolicy // which credential plugins may run; zero: all
}

// An Environment is what a Session takes from the outside world.
type Environment struct {
	Now       func() time.Time // this machine's clock
	Rand      io.Reader        // cryptographically strong
	Stop      <-chan struct{}  // closed when the operator interrupts the run; nil: never
	Kill      <-chan struct{}  // closed when the operator does not wait for requests in flight
	MaxFiles  int              // that may be open at once; 0: unknown
	ExecDepth string           // how many joinctl have called each other for a credential (JOINCTL_DEPTH)
	UserAgent string
	Terminal  *terminal.Terminal
}

// A Session is one run of a command on the targets that its Options mean. The kubeconfig is read once, and targets are
// selected once.
type Session struct {
	Options
	Environment
	Inputs   []string // files that flags name and this run reads
	NoPrompt bool     // credential plugins of the kubeconfig cannot ask on the terminal
	Quiet    bool     // the command itself shows which contexts reach the same control plane
	Complete bool     // a selection that can lack contexts is an error, and not only a warning

	qualified bool // references name contexts too
	loaded    *kube.Kubeconfig
	targets   []fleet.Target // nil: not selected yet
	logins    logins
	distinct  bool // targets that reach the same control plane are merged
}

// New returns a Session. Flags can still change its Options.
func New(env Environment) *Session { return &Session{Environment: env} }

// ManyContexts reports whether the Options can mean more than one control plane. The answer, and with it the shape of the
// output, does not depend on how many there are.
func (s *Session) ManyContexts() bool { return s.qualified || s.FromFile || !s.Selection.IsPlain() }

// Many reports whether the Options can mean more than one target: control planes, or members of them.
func (s *Session) Many() bool { return s.ManyContexts() || s.Members.Many() }

// Load reads the kubeconfig. Every error is a *failure.ConfigError.
func (s *Session) Load() (*kube.Kubeconfig, error) {
	if s.loaded != nil {
		return s.loaded, nil
	}
	overrides := s.Overrides
	overrides.AuthInfo.ImpersonateUserExtra = s.UserExtra
	user := overrides.AuthInfo
	if user.Impersonate == "" && (user.ImpersonateUID != "" || len(user.ImpersonateGroups) > 0 || len(s.UserExtra) > 0) {
		return nil, &failure.ConfigError{Err: errors.New("--as-uid, --as-group and --as-user-extra need --as")}
	}
	redactor := s.Terminal.Redactor()
	redactor.Hide(kube.Credentials(&overrides.ClusterInfo, &user)...)
	loaded, err := kube.Load(kube.LoadOptions{Path: s.Kubeconfig, Overrides: overrides, RequestTimeout: s.RequestTimeout, Stop: s.Stop})
	if err == nil {
		redactor.Hide(loaded.Credentials()...)
		s.loaded = loaded
	}
	return loaded, err
}

// Targets returns the control planes that the Options mean, and asks none. Contexts with the same endpoint and the same
// credential are one target; Distinct also merges those with other credentials. Every error is a *failure.ConfigError.
func (s *Session) Targets() ([]fleet.Target, error) {
	if s.targets != nil {
		return s.targets, nil
	}
	return s.selectTargets(s.Selection)
}

func (s *Session) selectTargets(selection fleet.Selection) ([]fleet.Target, error) {
	kubeconfig, err := s.Load()
	if err != nil {
		return nil, err
	}
	targets, err := fleet.Select(kubeconfig, selection)
	if err != nil {
		return nil, err
	}
	if idle := selection.IdleExclusions(kubeconfig.Contexts()); len(idle) > 0 {
		s.Terminal.Info("no context matches --exclude-contexts %s: it excludes none", failure.Quoted(idle))
	}
	if err := s.checkFiles(kubeconfig, selection); err != nil {
		return nil, err
	}
	s.targets = targets
	s.distinct = len(fleet.Unproved(s.targets)) == 0
	if s.distinct && !s.Quiet {
		s.reportDuplicates()
	}
	return s.targets, nil
}

// checkFiles warns of files of KUBECONFIG that add no context to a selection that means all of a kind. Where the selection
// has to be Complete, they are an error.
func (s *Session) checkFiles(kubeconfig *kube.Kubeconfig, selection fleet.Selection) error {
	if !selection.All && len(selection.Include) == 0 {
		return nil
	}
	for _, file := range kubeconfig.AbsentFiles() {
		if s.Complete {
			return &failure.ConfigError{
				Err:  fmt.Errorf("KUBECONFIG names %s: contexts can be missing from the selection, and --everywhere means all", file),
				Hint: "restore the file, or take it out of KUBECONFIG",
			}
		}
		s.Terminal.Warn("KUBECONFIG names %s: contexts can be missing from the selection", file)
	}
	return nil
}

// reportDuplicates says which contexts are skipped because another one reaches the same control plane.
func (s *Session) reportDuplicates() {
	const most = 5
	reported := 0
	for _, target := range s.targets {
		duplicates := target.Duplicates()
		if len(duplicates) == 0 {
			continue
		}
		if reported++; reported <= most {
			s.Terminal.Info("%s: the same control plane as %s, which is used", failure.Quoted(duplicates), Describe(target))
		}
	}
	if reported > most {
		s.Terminal.Info("%d more control planes have several contexts: joinctl contexts shows all", reported-most)
	}
}
