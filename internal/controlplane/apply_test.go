// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"slices"
	"testing"
)

const (
	clusterRoles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
	infoPath     = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
)

// twoChanges creates one role and updates another.
func twoChanges() *Plan {
	before := approvalRole("old", "clusteragent")
	before.ResourceVersion = "1"
	return &Plan{Changes: []Change{
		{Object: approvalRole("new", "clusteragent")},
		{Object: before.DeepCopy(), before: before},
	}}
}

func TestChangesAreAppliedAndUndoneAfterTheContextEnded(t *testing.T) {
	s := &server{}
	c := s.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, change := range twoChanges().Changes {
		if err := change.Apply(ctx, c); err != nil {
			t.Fatal(err)
		}
		if err := change.Undo(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"POST " + clusterRoles, "DELETE " + clusterRoles + "/new " + uid,
		"PUT " + clusterRoles + "/old", "PUT " + clusterRoles + "/old",
	}
	if !slices.Equal(s.seen, want) {
		t.Errorf("the requests are %q", s.seen)
	}
}
