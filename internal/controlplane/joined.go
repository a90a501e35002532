// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// joined reports valid tokens for clusters that have joined: nobody needs them any more. It asks only if there are valid
// tokens for clusters, and leaves an aggregated API server that is down to the check of the same name.
func (e *examination) joined(ctx context.Context) error {
	const check = "token-joined"
	if len(e.tokensFor) == 0 || e.joiner.ClusterName == nil {
		return nil
	}
	ready, err := e.c.MembersReady(ctx)
	switch failure.ReasonOf(err) {
	case "":
	case failure.Forbidden:
		e.report(check, Info, forbiddenFix, "unknown: you may not list clusters of %s: %v", kube.KarmadaGroup, err)
		return nil
	case failure.Unsupported, failure.Unreachable:
		return nil
	default:
		return fmt.Errorf("list clusters: %w", err)
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(e.tokensFor)) {
		if ready[name] {
			found = append(found, fmt.Sprintf("%s (%s)", name, failure.Few(e.tokensFor[name])))
		}
	}
	if len(found) > 0 {
		e.report(check, Info, "delete those that no further join needs: joinctl token delete --for NAME",
			"their clusters have joined and are Ready, but the tokens are still valid: %s", failure.Few(found))
	}
	return nil
}
