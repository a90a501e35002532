// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"
	libraries "k8s.io/component-base/version"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// matchServerVersion fails if --match-server-version asks for it and a server has another major or minor version than the libraries of
// Kubernetes that joinctl is built with. Nothing else is sent to such a server. kubectl compares the patch and the commit too, which
// no program has that is not a part of that release.
func (s *Session) matchServerVersion(ctx context.Context, client *kube.Client) error {
	if !s.MatchServerVersion {
		return nil
	}
	text, err := client.Version(ctx)
	if err != nil {
		return fmt.Errorf("ask %s for its version: %w", client.Server().Host, err)
	}
	server, err := version.ParseGeneric(text)
	if err == nil && fmt.Sprintf("%d.%d", server.Major(), server.Minor()) == libraries.DefaultKubeBinaryVersion {
		return nil
	}
	return &failure.Error{
		Reason: failure.Unsupported,
		Err:    fmt.Errorf("server version %s differs from client version v%s: joinctl is built with the libraries of Kubernetes v%[2]s", failure.Cut(text), libraries.DefaultKubeBinaryVersion),
		Hint:   "nothing else was sent to it: leave out --match-server-version, or use a joinctl that is built for this version",
	}
}
