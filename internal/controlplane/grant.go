// SPDX-License-Identifier: Apache-2.0

// Package controlplane answers whether clusters can join a control plane, and what makes it so: one description of a
// joinable control plane behind doctor and setup.
package controlplane

import (
	"context"
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// A Grant is what somebody has to be allowed so that clusters can join.
type Grant struct {
	Name    string // the name of the check
	Purpose string // what it is for
	Who     kube.Subject
	Called  string // how people call Who: a user, or the group that matters
	Needs   []kube.Access
	Lack    Severity      // how bad it is where it is missing
	Power   string        // why one should think twice; empty: nothing speaks against it
	Objects []kube.Object // by which Karmada's installers allow it; none: it is not for setup to allow
}

// Grants returns what a joinable control plane allows. The objects are new with every call.
func Grants(joiner join.Joiner) []Grant {
	grants := slices.Concat([]Grant{anonymousRead(), csrCreation(joiner)}, approval(joiner))
	if joiner == join.Kubeadm {
		return append(grants, nodeReads())
	}
	return append(grants, agentRBAC())
}

// Missing asks the server which of the needs are not met. The error is the API's own.
func (g Grant) Missing(ctx context.Context, c *kube.Client) ([]kube.Access, error) {
	var missing []kube.Access
	for _, need := range g.Needs {
		allowed, err := c.Allowed(ctx, g.Who, need)
		if err != nil {
			return nil, fmt.Errorf("ask whether %s may %s: %w", g.Called, need, err)
		}
		if !allowed {
			missing = append(missing, need)
		}
	}
	return missing, nil
}

// joining is whoever authenticates with a bootstrap token of a joiner's group.
func joining(joiner join.Joiner) kube.Subject {
	return kube.Subject{
		User:   "system:bootstrap:000000",
		Groups: []string{joiner.Group(), bootstrappers, "system:authenticated"},
	}
}
