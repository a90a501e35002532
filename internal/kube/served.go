// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/joinctl/joinctl/internal/failure"
)

// KarmadaAPI is the version of KarmadaGroup that karmada-aggregated-apiserver serves.
const KarmadaAPI = KarmadaGroup + "/v1alpha1"

// An AggregatedDown is the error of Serves for a server that answers, while the aggregated API server behind it does not. Its
// reason is Unreachable.
type AggregatedDown struct {
	APIService string // the object that registers the aggregated API server
	Condition  string // why it is not available, as the APIService says; "": not known
	Err        error  // the answer of the API
}

func (e *AggregatedDown) Error() string {
	text := fmt.Sprintf("the aggregated API server behind APIService %s does not answer", e.APIService)
	if e.Condition != "" {
		return text + ": " + e.Condition
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

func (e *AggregatedDown) Unwrap() error { return e.Err }

// Serves reports whether the server has a version of an API group, such as cluster.karmada.io/v1alpha1, and answers for it.
// If an aggregated API server does not answer, it returns true and an *AggregatedDown with a hint. Any other error is the API's own.
//
// It asks for the version: the server itself answers for the group, from the APIService, whether the aggregated API server
// runs or not (k8s.io/kube-aggregator/pkg/apiserver/handler_apis.go).
func (c *Client) Serves(ctx context.Context, groupVersion string) (bool, error) {
	resources := &metav1.APIResourceList{}
	err := do(ctx, c.restClient.Get().AbsPath("/apis", groupVersion).SetHeader("Accept", runtime.ContentTypeJSON), resources)
	if err == nil && resources.GroupVersion != groupVersion {
		err = unexpected("the answer is about the API %q, and not %q", resources.GroupVersion, groupVersion)
	}
	switch {
	case failure.ReasonOf(err) == failure.NotFound:
		return false, nil
	case !apierrors.IsServiceUnavailable(err):
		return err == nil, err
	}
	group, version, _ := strings.Cut(groupVersion, "/")
	down := &AggregatedDown{APIService: version + "." + group, Err: err}
	var reason failure.Reason
	down.Condition, reason = c.apiServiceCondition(ctx, down.APIService)
	switch reason {
	case "", failure.Forbidden, failure.NotFound: // so the server itself answers
		return true, &failure.Error{Err: down, Hint: aggregatedHint}
	}
	return false, err
}

// IsAggregatedDown reports whether an error is that of an aggregated API server that does not answer.
func IsAggregatedDown(err error) bool {
	var down *AggregatedDown
	return errors.As(err, &down)
}

// apiServiceCondition returns why an APIService is not available, and the reason of the error if it cannot be read.
func (c *Client) apiServiceCondition(ctx context.Context, name string) (string, failure.Reason) {
	var service struct {
		metav1.TypeMeta
		Status struct {
			Conditions []struct {
				Type, Status, Reason, Message string
			} `json:"conditions"`
		} `json:"status"`
	}
	request := c.restClient.Get().AbsPath("/apis/apiregistration.k8s.io/v1/apiservices", name)
	if err := doJSON(ctx, request.SetHeader("Accept", runtime.ContentTypeJSON), &service); err != nil {
		return "", failure.ReasonOf(err)
	}
	if err := verifyKind(service.TypeMeta, "APIService"); err != nil {
		return "", failure.ReasonOf(err)
	}
	for _, condition := range service.Status.Conditions {
		if condition.Type == "Available" && condition.Status != "True" {
			return fmt.Sprintf("%s (%s)", condition.Message, condition.Reason), ""
		}
	}
	return "", ""
}
