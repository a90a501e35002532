// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/publish"
)

// open reads what is published for a target. A token of a member is published in the control plane, and not in the member.
func (a *SAEnsure) open(ctx context.Context, target fleet.Target, c *kube.Client) (at Destination, closing func(), err error) {
	if a.file != nil {
		return a.file, func() {}, nil
	}
	if target.Member != "" {
		c = c.Hub()
	}
	publication := a.Publication
	if publication.Secret, err = a.secretOf(ctx, target, c); err != nil {
		return nil, nil, err
	}
	return publication.OpenSecret(ctx, a.Session, target.Hub(), c)
}

// secretOf returns the Secret for the token of a target: the one that is named, with the name of the context or the member
// at its end where several targets share a cluster; else the one that the member's Cluster names.
func (a *SAEnsure) secretOf(ctx context.Context, target fleet.Target, hub *kube.Client) (publish.SecretRef, error) {
	ref := a.Secret
	if ref.IsZero() {
		member, err := hub.Member(ctx, target.Member)
		switch {
		case err != nil:
			return ref, fmt.Errorf("read Cluster %s: %w", target.Member, err)
		case member.SecretName == "":
			return ref, &failure.Error{
				Reason: failure.Unsupported,
				Err:    fmt.Errorf("cluster %s has no spec.secretRef: the control plane has no credential for it", target.Member),
				Hint:   "an agent in the member connects to the control plane (pull mode); --to-secret names another Secret",
			}
		}
		return publish.SecretRef{Namespace: member.SecretNamespace, Name: member.SecretName}, nil
	}
	if a.Context != "" && a.Session.ManyContexts() {
		ref.Name += "-" + target.Context
	}
	if a.Session.Members.Many() {
		ref.Name += "-" + target.Member
	}
	if wrong := validation.IsDNS1123Subdomain(ref.Name); len(wrong) > 0 {
		return ref, &failure.ConfigError{
			Err:  fmt.Errorf("%q cannot be the name of a Secret: %w", ref.Name, errors.New(strings.Join(wrong, ", and "))),
			Hint: "of several contexts, each name becomes a part of the name of a Secret: rename the context, or run this once for each",
		}
	}
	return ref, nil
}
