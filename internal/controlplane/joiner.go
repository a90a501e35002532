// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// JoinerOf returns the joiner that a control plane is for, "" if it is for none. If this client may not find out, it returns
// the default joiner. The error says what could not be asked, with the reason of the API.
func JoinerOf(ctx context.Context, c *kube.Client) (join.Joiner, error) {
	var none join.Joiner
	for _, joiner := range join.Joiners() {
		found, err := isFor(ctx, c, joiner.Description())
		switch {
		case failure.ReasonOf(err) == failure.Forbidden:
			none = join.Default()
		case err != nil:
			return "", fmt.Errorf("find out whether the control plane is for %s: %w", joiner.Description().Program(), err)
		case found:
			return joiner, nil
		}
	}
	return none, nil
}

// isFor reports whether an installer has made a control plane for a joiner. A cluster-info does not show that: OCM and others
// create one too.
func isFor(ctx context.Context, c *kube.Client, joiner join.Description) (bool, error) {
	if name := joiner.SetUp.ConfigMap; name != "" {
		_, err := c.ConfigMap(ctx, metav1.NamespaceSystem, name)
		if failure.ReasonOf(err) == failure.NotFound {
			return false, nil
		}
		return err == nil, err
	}
	served, err := c.Serves(ctx, joiner.APIGroup.GroupVersion())
	if err != nil && !kube.IsAggregatedDown(err) {
		return false, err
	}
	if served {
		return true, nil
	}
	return areApproved(ctx, c, joiner)
}

// areApproved reports whether the certificate requests of a joiner are approved automatically. Only its installers grant the
// right to that, if it has an API group of its own.
func areApproved(ctx context.Context, c *kube.Client, joiner join.Description) (bool, error) {
	for _, grant := range Grants(joiner.Joiner) {
		if grant.Name == join.GrantCSRApproval {
			missing, err := grant.Missing(ctx, c)
			return err == nil && len(missing) == 0, err
		}
	}
	return false, nil
}

// needsNoJoiner reports whether a check of Examine is for every control plane.
func needsNoJoiner(check string) bool {
	return slices.Contains([]string{"identity", "tokens", "groups", "clock"}, check)
}

// reportNoJoiner says that no joiner is judged.
func (e *examination) reportNoJoiner() {
	var programs []string
	for _, joiner := range join.Joiners() {
		programs = append(programs, joiner.Description().Program())
	}
	e.report("kind", Info, "--joiner names a program: then doctor says what its joins lack",
		"this control plane is for no program that joinctl knows (%s): only tokens and the rights of their groups were judged", strings.Join(programs, ", "))
}
