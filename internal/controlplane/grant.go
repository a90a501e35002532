// SPDX-License-Identifier: Apache-2.0

// Package controlplane is the administrator's side of a join. It has one description of a joinable control plane, by which
// doctor examines and setup plans.
package controlplane

import (
	"context"
	"fmt"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// A Grant is a set of rights that somebody needs so that clusters can join.
type Grant struct {
	join.Grant
	Objects []kube.Object // grant the rights; none: setup does not grant them
}

// Grants returns the grants of a joinable control plane. The objects are new with every call.
func Grants(joiner join.Joiner) []Grant {
	var grants []Grant
	for _, needed := range joiner.Description().Grants {
		grant := Grant{Grant: needed}
		if joiner == planned {
			grant.Objects = karmadaObjects(needed)
		}
		grants = append(grants, grant)
	}
	return grants
}

// everything is the right that includes all others.
func everything() kube.Access { return kube.Access{Verb: "*", Group: "*", Resource: "*"} }

// Missing asks the server which rights are missing. The error is the API's own.
func (g Grant) Missing(ctx context.Context, c *kube.Client) ([]kube.Access, error) {
	const many = 8 // then one question more is worth it: the installers grant everything
	if len(g.Needs) > many {
		all, err := c.Allowed(ctx, g.subject(), everything())
		if err != nil {
			return nil, fmt.Errorf("ask whether %s may do everything: %w", g, err)
		}
		if all {
			return nil, nil
		}
	}
	var missing []kube.Access
	for _, need := range g.Needs {
		access := kube.Access(need)
		allowed, err := c.Allowed(ctx, g.subject(), access)
		if err != nil {
			return nil, fmt.Errorf("ask whether %s may %s: %w", g, access, err)
		}
		if !allowed {
			missing = append(missing, access)
		}
	}
	return missing, nil
}

func (g Grant) subject() kube.Subject { return kube.Subject{User: g.User, Groups: g.Groups} }

// severity returns the severity of a finding that the rights are missing.
func (g Grant) severity() Severity {
	if g.Optional {
		return Warning
	}
	return Error
}
