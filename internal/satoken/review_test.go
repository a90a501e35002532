// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"net/http"
	"reflect"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

const (
	review = "POST /apis/authentication.k8s.io/v1/tokenreviews"
	bySelf = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews"
)

func TestReviewFallsBackToTheTokenItself(t *testing.T) {
	t.Parallel()
	forbidden := refusal(http.StatusForbidden, metav1.StatusReasonForbidden)
	robot := authenticationv1.UserInfo{Username: "system:serviceaccount:ns:robot", UID: "u", Groups: []string{"g"}}
	reviewed := reply{http.StatusCreated, &authenticationv1.TokenReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"},
		Status:   authenticationv1.TokenReviewStatus{Authenticated: true, User: robot, Audiences: []string{"a"}},
	}}
	self := reply{http.StatusCreated, &authenticationv1.SelfSubjectReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "SelfSubjectReview"},
		Status:   authenticationv1.SelfSubjectReviewStatus{UserInfo: robot},
	}}
	for name, test := range map[string]struct {
		replies map[string]reply
		want    Verdict
		reason  failure.Reason
	}{
		"reviewed": {map[string]reply{review: reviewed}, Verdict{By: "TokenReview", Accepted: true, User: robot.Username, UID: "u", Groups: []string{"g"}, Audiences: []string{"a"}}, ""},
		"asked itself": {
			map[string]reply{review: forbidden, bySelf: self},
			Verdict{By: "SelfSubjectReview", Accepted: true, User: robot.Username, UID: "u", Groups: []string{"g"}},
			"",
		},
		"not let in": {
			map[string]reply{review: forbidden, bySelf: refusal(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)},
			Verdict{By: "SelfSubjectReview", Reason: "the API server does not let its bearer in"},
			"",
		},
		"neither":        {map[string]reply{review: forbidden, bySelf: forbidden}, Verdict{}, failure.Forbidden},
		"not ours to do": {map[string]reply{review: refusal(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)}, Verdict{}, failure.Unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serving(t, test.replies)
			got, err := Review(t.Context(), c, "credential", nil)
			if failure.ReasonOf(err) != test.reason || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
