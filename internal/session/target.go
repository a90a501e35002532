// SPDX-License-Identifier: Apache-2.0

package session

import (
	"strings"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// Describe returns what people call a target: context hub, or member m1 of context hub.
func Describe(target fleet.Target) string {
	hub := "context " + join.Quote(target.Context)
	switch target.Context {
	case "":
		hub = "this server"
	case kube.InCluster:
		hub = "this Pod's cluster"
	}
	if target.Member != "" {
		return "member " + target.Member + " of " + hub
	}
	return hub
}

// DisplayName returns the shortest name that tells a target from the others that the Options can mean.
func (s *Session) DisplayName(target fleet.Target) string {
	switch {
	case target.Member == "":
		return target.Context
	case s.ManyContexts():
		return target.Context + "/" + target.Member
	}
	return target.Member
}

// Noun returns what one of the targets is.
func (s *Session) Noun() string {
	if s.Members.Any() {
		return "member"
	}
	return "context"
}

// Arguments returns the end of a command line that reaches the same target, beginning with a space, or "".
func (s *Session) Arguments(target fleet.Target) string {
	var out strings.Builder
	if s.Kubeconfig != "" {
		out.WriteString(" --kubeconfig " + join.Quote(s.Kubeconfig))
	}
	if target.Context != "" && target.Context != kube.InCluster {
		out.WriteString(" --context " + join.Quote(target.Context))
	}
	if target.Member != "" {
		out.WriteString(" --member " + target.Member)
	}
	return out.String()
}

// Namespace returns the namespace that is meant on a target: that of the flag, of the context, or default.
func Namespace(target fleet.Target) (string, error) {
	entry, err := target.Entry()
	return entry.Namespace, err
}
