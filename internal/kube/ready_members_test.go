// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"maps"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestAMemberIsReadyOnlyByItsConditionReady(t *testing.T) {
	t.Parallel()
	member := func(name string, conditions ...any) any {
		return map[string]any{"metadata": map[string]any{"name": name}, "status": map[string]any{"conditions": conditions}}
	}
	condition := func(kind, status string) any { return map[string]any{"type": kind, "status": status} }
	c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"items": []any{
			member("ready", condition("Other", "False"), condition("Ready", "True")),
			member("not-ready", condition("Ready", "False")),
			member("unknown", condition("Ready", "Unknown")),
			member("other", condition("Other", "True")),
			member("new"),
		}})
	}).URL})
	got, err := c.MembersReady(t.Context())
	want := map[string]bool{"ready": true, "not-ready": false, "unknown": false, "other": false, "new": false}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestReadinessNeedsTheRightToListClusters(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, refusing(apierrors.NewForbidden(secretsResource, "", nil))).URL})
	if got, err := c.MembersReady(t.Context()); got != nil || failure.RequiredRight(err) == "" {
		t.Errorf("got %v, %v", got, err)
	}
}
