// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// ExplainProxyError says of a failure on a member cluster who caused it, the control plane in front of it or the member, and what is
// needed there. It returns every other error, and those of clients that go through no control plane, as they are.
func (c *Client) ExplainProxyError(err error) error {
	var answer apierrors.APIStatus
	if c.hub == nil || !errors.As(err, &answer) {
		return err
	}
	status := answer.Status()
	byHub := status.Details != nil && status.Details.Group == KarmadaGroup
	switch {
	case status.Code == http.StatusForbidden:
		return &failure.Error{Err: fmt.Errorf("%s refuses: %w", c.refuser(status, byHub), err), Hint: c.rights(status, byHub, cmp.Or(failure.RequiredRight(err), "the right to do what was asked"))}
	case status.Code == http.StatusUnauthorized:
		return &failure.Error{Err: fmt.Errorf("member %s refuses the control plane's own credential: %w", c.member, err), Hint: "the Secret that impersonatorSecretRef of Cluster " + c.member + " names holds a token that the member does not accept: Karmada writes it anew when the member joins again"}
	case status.Code == http.StatusNotFound && byHub:
		return &failure.Error{Err: err, Hint: "kubectl get clusters shows the members of this control plane"}
	case failure.IsProxyFailure(status):
		return &failure.Error{Reason: failure.Unreachable, Err: fmt.Errorf("the control plane cannot reach member %s: %w", c.member, err), Hint: "is the member up, and is spec.apiEndpoint of its Cluster right? The control plane connects to it, not this machine"}
	}
	return err
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

// rights says what is needed on both sides. The side that refused comes first.
func (c *Client) rights(status metav1.Status, byHub bool, wanted string) string {
	const hub = "on the control plane the verbs get and create on clusters/proxy of cluster.karmada.io"
	inside := "inside the member, for the user of the same name, " + wanted
	switch {
	case byHub:
		return "this needs " + "two things: " + hub + ", which a ClusterRole can restrict to resourceNames: [" + c.member + "]; and " + inside
	case isImpersonation(status):
		return "Karmada lets its impersonator in the member act for those alone whom a ClusterRole on the control plane grants clusters/proxy by name: bind this user or group to one; besides, this needs " + inside
	}
	return "this needs " + "two things: clusters/proxy on the control plane, which is granted; and " + inside
}
