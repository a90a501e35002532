// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// IsImpersonationRefused reports whether a member refuses to let the control plane impersonate a user, or one of its groups.
func IsImpersonationRefused(err error) bool {
	var answer apierrors.APIStatus
	return errors.As(err, &answer) && isImpersonation(answer.Status())
}

// isImpersonation recognizes the verbs impersonate and impersonate-on:…: kube-apiserver names either, and the group only with
// the first.
func isImpersonation(status metav1.Status) bool {
	return status.Reason == metav1.StatusReasonForbidden && strings.Contains(status.Message, " cannot impersonate")
}

// explainImpersonation names the user or group that the control plane may not impersonate in the member. The control plane
// impersonates all groups of a user, and Karmada lets its impersonator act only for the subjects of bindings to ClusterRoles
// on clusters/proxy (karmada pkg/util/proxy/proxy.go, pkg/controllers/unifiedauth/unified_auth_controller.go).
func (c *Client) explainImpersonation(status metav1.Status, inMember string, err error) error {
	details := status.Details
	if details == nil || details.Kind != "groups" || details.Name == "" {
		return &failure.Error{
			Err: fmt.Errorf("member %s refuses to let the control plane impersonate this user: %w", c.member, err),
			Hint: "Karmada lets its impersonator in the member act only for users and groups to which a ClusterRole on the control plane grants clusters/proxy of this member by name: " +
				"bind this user or group to such a ClusterRole; this also needs " + inMember,
		}
	}
	return &failure.Error{
		Err: fmt.Errorf("member %s refuses to let the control plane impersonate group %q: %w", c.member, details.Name, err),
		Hint: fmt.Sprintf("the control plane impersonates all groups of the user, and Karmada lets its impersonator act only for the subjects of bindings to ClusterRoles on clusters/proxy: "+
			"on the control plane, bind group %s to a ClusterRole on clusters/proxy of %s; with a verb that nobody uses, such as none, the group gets no right; "+
			"then this needs %s", details.Name, KarmadaGroup, inMember),
	}
}
