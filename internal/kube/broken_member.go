// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// aggregatedHint is the hint for a 503 at the API group of Karmada.
const aggregatedHint = "karmada-aggregated-apiserver of the control plane does not answer: joinctl doctor says why"

// withAggregatedHint adds a hint to a 503 of a request for Clusters. It returns every other error unchanged.
func withAggregatedHint(err error) error {
	if !apierrors.IsServiceUnavailable(err) {
		return err
	}
	return &failure.Error{Err: err, Hint: aggregatedHint}
}

// explainBroken explains a proxied request that failed because the control plane lacks something that it needs to reach the
// member, or because an object does not exist in the member. It returns nil for any other status.
func (c *Client) explainBroken(status metav1.Status, err error) error {
	const rejoin = "Karmada writes it when the member joins: let the member join again"
	details := status.Details
	switch {
	case status.Code == http.StatusServiceUnavailable:
		return &failure.Error{Err: err, Hint: aggregatedHint + "; if it answers, member " + c.member + " does not"}
	case failure.IsProxyFailure(status) && lacksImpersonator(status.Message):
		return &failure.Error{
			Reason: failure.Unreachable,
			Err:    fmt.Errorf("the control plane has no credential for member %s: %w", c.member, err),
			Hint:   "spec.impersonatorSecretRef of Cluster " + c.member + " is empty, or the Secret that it names has no token; " + rejoin,
		}
	case status.Code != http.StatusNotFound || details == nil:
		return nil
	case details.Kind == "secrets" && (details.Name == c.member || details.Name == c.member+"-impersonator"):
		return &failure.Error{
			Reason: failure.Unreachable,
			Err:    fmt.Errorf("the control plane has no credential for member %s: %w", c.member, err),
			Hint:   "Secret " + details.Name + " is missing on the control plane, in the namespace that Cluster " + c.member + " names; " + rejoin,
		}
	}
	var known *failure.Error
	if errors.As(err, &known) && strings.HasPrefix(known.Hint, "kubectl get ") {
		return &failure.Error{Err: err, Hint: "in member " + c.member + ", with its own kubeconfig, since the control plane has other objects: " + known.Hint}
	}
	return nil
}

// lacksImpersonator recognizes the errors of Karmada's proxy by their text, with its spelling: they have no type
// (karmada pkg/util/proxy/proxy.go).
func lacksImpersonator(message string) bool {
	return strings.Contains(message, "the impersonatorSecretRef of cluster") || strings.Contains(message, "failed to get impresonateToken")
}
