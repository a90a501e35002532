// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// DepthVariable is the environment variable in which a joinctl that calls another joinctl for a credential counts.
const DepthVariable = "JOINCTL_DEPTH"

// maxDepth is how many joinctl can call each other: a kubeconfig that was made through a second and a third one is rare,
// and a longer chain is a circle.
const maxDepth = 3

// Client returns a client for a control plane. It sends nothing.
func (s *Session) Client(target fleet.Target) (*kube.Client, error) {
	config, err := s.config(target)
	if err != nil {
		return nil, err
	}
	return kube.New(config, s.UserAgent, s.Now)
}

// clientFor returns a client for a target, through its hub where it is a member, as soon as the target has a credential, and
// the context for its requests. ready tells the fleet so.
func (s *Session) clientFor(ctx context.Context, target fleet.Target, ready fleet.Ready) (context.Context, *kube.Client, error) {
	config, err := s.config(target)
	if err != nil {
		return ctx, nil, err
	}
	if !s.NoPrompt { // a plugin first checks whether it would call itself
		if err := s.logins.login(ctx, config); err != nil {
			return ctx, nil, err
		}
	}
	if ctx, err = ready(); err != nil {
		return ctx, nil, err
	}
	client, err := kube.New(config, s.UserAgent, s.Now)
	if err != nil || target.Member == "" {
		return ctx, client, err
	}
	client, err = client.ViaProxy(target.Member)
	return ctx, client, err
}

func (s *Session) config(target fleet.Target) (*rest.Config, error) {
	config, err := target.Config()
	if err != nil {
		return nil, err
	}
	if config.ExecProvider, err = countDepth(config.ExecProvider, s.ExecDepth); err != nil {
		return nil, err
	}
	if config.ExecProvider != nil {
		config.ExecProvider.PluginPolicy = s.PluginPolicy
	}
	switch {
	case s.NoPrompt:
		kube.DisablePrompt(config, "joinctl is a credential plugin here itself")
	case len(s.targets) > 1:
		kube.DisablePrompt(config, "joinctl talks to many control planes at once")
	}
	return config, nil
}

// countDepth counts calls of joinctl by joinctl, where it is a credential plugin, and refuses a circle: a kubeconfig can
// name itself, and each call would start the next.
func countDepth(plugin *clientcmdapi.ExecConfig, depth string) (*clientcmdapi.ExecConfig, error) {
	if plugin == nil || !IsJoinctl(plugin.Command) {
		return plugin, nil
	}
	calls, _ := strconv.Atoi(depth)
	if calls >= maxDepth {
		return nil, &failure.ConfigError{
			Err:  errors.New("the context's own credential comes from joinctl, which would call itself without end"),
			Hint: "name another kubeconfig to create tokens with, by --kubeconfig and --context",
		}
	}
	counted := *plugin
	counted.Env = append(slices.Clip(plugin.Env), clientcmdapi.ExecEnvVar{Name: DepthVariable, Value: strconv.Itoa(calls + 1)})
	return &counted, nil
}

// IsJoinctl reports whether a command is this program, wherever it is installed, also as a plugin of kubectl.
func IsJoinctl(command string) bool {
	return slices.Contains([]string{"joinctl", "kubectl-join_token"}, strings.TrimSuffix(filepath.Base(command), ".exe"))
}

// reportServer passes on what the server warned of, and warns of clocks that differ.
func (s *Session) reportServer(target fleet.Target, client *kube.Client) {
	s.ReportWarnings(target, client)
	skew := client.Skew()
	switch {
	case skew == 0:
	case s.Many():
		s.Warn(target, failure.Skew(skew)+"; times here are the server's")
	default:
		s.Terminal.Warn("%s of %s; times here are the server's", failure.Skew(skew), Describe(target))
	}
}

// ReportWarnings passes on what the server warned of.
func (s *Session) ReportWarnings(target fleet.Target, client *kube.Client) {
	for _, text := range client.Warnings() {
		if s.Many() {
			s.Warn(target, "the server says: "+text)
			continue
		}
		s.Terminal.Warn("the server of %s says: %s", Describe(target), text)
	}
}

// Warn warns of something about a target: at once where the Options mean one target, else together with the same warning
// about others.
func (s *Session) Warn(target fleet.Target, text string) {
	if s.Many() {
		s.Terminal.WarnLater(s.DisplayName(target), text)
		return
	}
	s.Terminal.Warn("%s", text)
}
