// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"

	"github.com/joinctl/joinctl/internal/kube"
)

// apiGroup asks whether the server answers for the API group with which the joiner registers the member. The joiner does so
// only after it has a certificate.
func (r *replay) apiGroup(ctx context.Context, bearer *kube.Client) {
	group := r.joiner.APIGroup
	if group.Step == "" {
		return
	}
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	switch served, err := bearer.Serves(ctx, group.GroupVersion()); {
	case kube.IsAggregatedDown(err):
		r.add(group.Step, Failed, "on the control plane: joinctl doctor says why; for Karmada, karmada-aggregated-apiserver has to run",
			"the server does not answer for %s (503), with which %s registers the member: the aggregated API server behind it is down",
			group.GroupVersion(), r.joiner.Program())
	case r.unanswered(group.Step, "whether the server answers for "+group.GroupVersion(), err):
	case err != nil:
		r.add(group.Step, Warning, "", "whether the server answers for %s cannot be told: %v", group.GroupVersion(), shortCause(err))
	case group.Check(served) != "":
		r.add(group.Step, Warning, group.Fix, "%s", group.Check(served))
	default:
		r.ok(group.Step, "the server answers for %s, with which %s registers the member", group.GroupVersion(), r.joiner.Program())
	}
}
