// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Beyond says of a failure on a member cluster who caused it, the control plane in front of it or the member, and what is
// needed there. It returns every other error, and those of clients that go through no control plane, as they are.
func (c *Client) Beyond(err error) error {
	var answer apierrors.APIStatus
	if c.hub == nil || !errors.As(err, &answer) {
		return err
	}
	status := answer.Status()
	byHub := status.Details != nil && status.Details.Group == KarmadaGroup
	switch {
	case status.Code == http.StatusForbidden:
		return &Error{Err: fmt.Errorf("%s refuses: %w", c.refuser(status, byHub), err), Hint: c.rights(status, byHub, wanted(err))}
	case status.Code == http.StatusUnauthorized:
		return &Error{Err: fmt.Errorf("member %s refuses the control plane's own credential: %w", c.member, err), Hint: "the Secret that impersonatorSecretRef of Cluster " + c.member + " names holds a token that the member does not accept: Karmada writes it anew when the member joins again"}
	case status.Code == http.StatusNotFound && byHub:
		return &Error{Err: err, Hint: "kubectl get clusters shows the members of this control plane"}
	case isUnrelayed(status):
		return &Error{Reason: Unreachable, Err: fmt.Errorf("the control plane cannot reach member %s: %w", c.member, err), Hint: "is the member up, and is spec.apiEndpoint of its Cluster right? The control plane connects to it, not this machine"}
	}
	return err
}

// isUnrelayed knows the answer of a proxy in the API server that could not pass a request on: a plain error has no reason
// (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/status.go).
func isUnrelayed(status metav1.Status) bool {
	return status.Code == http.StatusInternalServerError && status.Reason == metav1.StatusReasonUnknown
}

func (c *Client) refuser(status metav1.Status, byHub bool) string {
	if byHub {
		return "the control plane"
	}
	if isImpersonation(status) {
		return "member " + c.member + ", to let the control plane act for this user,"
	}
	return "member " + c.member
}

func isImpersonation(status metav1.Status) bool {
	return strings.Contains(status.Message, "cannot impersonate resource")
}

// wanted returns which right the operation takes on any cluster, as far as its author said so.
func wanted(err error) string {
	if known := (*Error)(nil); errors.As(err, &known) {
		if right, ok := strings.CutPrefix(known.Hint, needs); ok {
			return right
		}
	}
	return "the right to do what was asked"
}

// rights says what is needed on both sides. The side that refused comes first.
func (c *Client) rights(status metav1.Status, byHub bool, wanted string) string {
	const hub = "on the control plane the verbs get and create on clusters/proxy of cluster.karmada.io"
	inside := "inside the member, for the user of the same name, " + wanted
	switch {
	case byHub:
		return needs + "two things: " + hub + ", which a ClusterRole can restrict to resourceNames: [" + c.member + "]; and " + inside
	case isImpersonation(status):
		return "Karmada lets its impersonator in the member act for those alone whom a ClusterRole on the control plane grants clusters/proxy by name: bind this user or group to one; besides, this needs " + inside
	}
	return needs + "two things: clusters/proxy on the control plane, which is granted; and " + inside
}
