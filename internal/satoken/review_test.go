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
	tokenReview = "POST /apis/authentication.k8s.io/v1/tokenreviews"
	selfReview  = "POST /apis/authentication.k8s.io/v1/selfsubjectreviews"
)

func TestReviewFallsBackToASelfSubjectReview(t *testing.T) {
	t.Parallel()
	forbidden := apiError(http.StatusForbidden, metav1.StatusReasonForbidden)
	robot := authenticationv1.UserInfo{Username: "system:serviceaccount:ns:robot", UID: "u", Groups: []string{"g"}}
	accepted := response{http.StatusCreated, &authenticationv1.TokenReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"},
		Status:   authenticationv1.TokenReviewStatus{Authenticated: true, User: robot, Audiences: []string{"a"}},
	}}
	selfAccepted := response{http.StatusCreated, &authenticationv1.SelfSubjectReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "SelfSubjectReview"},
		Status:   authenticationv1.SelfSubjectReviewStatus{UserInfo: robot},
	}}
	for name, test := range map[string]struct {
		responses map[string]response
		want      ReviewResult
		reason    failure.Reason
	}{
		"accepted": {map[string]response{tokenReview: accepted}, ReviewResult{API: "TokenReview", Accepted: true, User: robot.Username, UID: "u", Groups: []string{"g"}, Audiences: []string{"a"}}, ""},
		"TokenReview forbidden": {
			map[string]response{tokenReview: forbidden, selfReview: selfAccepted},
			ReviewResult{API: "SelfSubjectReview", Accepted: true, User: robot.Username, UID: "u", Groups: []string{"g"}},
			"",
		},
		"not accepted": {
			map[string]response{tokenReview: forbidden, selfReview: apiError(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)},
			ReviewResult{API: "SelfSubjectReview", Reason: "the API server does not accept the token"},
			"",
		},
		"both forbidden":    {map[string]response{tokenReview: forbidden, selfReview: forbidden}, ReviewResult{}, failure.Forbidden},
		"not authenticated": {map[string]response{tokenReview: apiError(http.StatusUnauthorized, metav1.StatusReasonUnauthorized)}, ReviewResult{}, failure.Unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, test.responses)
			got, err := Review(t.Context(), c, "credential", nil)
			if failure.ReasonOf(err) != test.reason || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}
