// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// The real kube-apiserver answers GET /apis/cluster.karmada.io whether karmada-aggregated-apiserver runs or not.
func TestServesTellsAnAggregatedServerThatIsDownFromAServerThatIsDown(t *testing.T) {
	t.Parallel()
	unavailable := refusing(apierrors.NewServiceUnavailable("unavailable"))
	condition := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "APIService", "status": map[string]any{"conditions": []map[string]string{
			{"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "no endpoints"},
		}}})
	}
	for name, test := range map[string]struct {
		apiService http.HandlerFunc
		down       bool
		says       string
	}{
		"condition":  {condition, true, "v1alpha1.cluster.karmada.io does not answer: no endpoints (MissingEndpoints)"},
		"forbidden":  {forbidden, true, "v1alpha1.cluster.karmada.io does not answer"},
		"deleted":    {refusing(apierrors.NewNotFound(secretsResource, "")), true, "does not answer"},
		"all is 503": {unavailable, false, "unavailable"},
	} {
		c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/apis/cluster.karmada.io":
				version(w, r)
			case "/apis/cluster.karmada.io/v1alpha1":
				unavailable(w, r)
			default:
				test.apiService(w, r)
			}
		}).URL})
		serves, err := c.Serves(t.Context(), KarmadaAPI)
		var down *AggregatedDown
		if serves != test.down || errors.As(err, &down) != test.down || failure.ReasonOf(err) != failure.Unreachable || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v, %v", name, serves, err)
		}
	}
}
