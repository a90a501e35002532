// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/join"
)

func TestTheStepKarmadaAPIFailsOnlyIfTheAggregatedServerIsDown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle http.HandlerFunc // nil: the server has no such group
		joiner join.Joiner
		want   Status
	}{
		"served":               {answering, join.Karmada, OK},
		"down":                 {refusing(apierrors.NewServiceUnavailable("down")), join.Karmada, Failed},
		"no such group":        {nil, join.Karmada, Warning},
		"not told":             {refusing(apierrors.NewUnauthorized("no")), join.Karmada, Warning},
		"kubeadm does not ask": {answering, join.Kubeadm, ""},
	} {
		p := build(t, "127.0.0.1")
		p.handle[groupPath] = test.handle
		r := &replay{joiner: test.joiner.Description(), steps: steps{}}
		r.apiGroup(t.Context(), p.admin())
		if got := r.steps["karmada-api"]; got.Status != test.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
