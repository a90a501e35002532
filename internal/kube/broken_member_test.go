// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestABrokenMemberGetsTheHintThatMendsIt(t *testing.T) {
	t.Parallel()
	hub := connect(t, &rest.Config{Host: "https://hub"})
	proxied, err := hub.ViaProxy("m")
	if err != nil {
		t.Fatal(err)
	}
	secrets, accounts := schema.GroupResource{Resource: "secrets"}, schema.GroupResource{Resource: "serviceaccounts"}
	noRef := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "the impersonatorSecretRef of cluster m is nil"}}
	noToken := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "failed to get impresonateToken for cluster m: it is empty"}}
	inHub := &failure.Error{Err: apierrors.NewNotFound(accounts, "robot"), Hint: "kubectl get serviceaccounts -n ci lists the existing ones"}
	for name, test := range map[string]struct {
		err    error
		reason failure.Reason
		hint   string // "" for none
	}{
		"impersonator's Secret gone": {apierrors.NewNotFound(secrets, "m-impersonator"), failure.Unreachable, "Secret m-impersonator is missing on the control plane"},
		"CA's Secret gone":           {apierrors.NewNotFound(secrets, "m"), failure.Unreachable, "Secret m is missing on the control plane"},
		"another Secret":             {apierrors.NewNotFound(secrets, "bound"), failure.NotFound, ""},
		"no impersonatorSecretRef":   {noRef, failure.Unreachable, "spec.impersonatorSecretRef of Cluster m is empty"},
		"no token in the Secret":     {noToken, failure.Unreachable, "the Secret that it names has no token"},
		"503":                        {apierrors.NewServiceUnavailable("unavailable"), failure.Unreachable, "karmada-aggregated-apiserver"},
		"no ServiceAccount":          {inHub, failure.NotFound, "in member m, with its own kubeconfig"},
	} {
		got := proxied.ExplainProxyError(fmt.Errorf("do it: %w", test.err))
		hint := ""
		if known := (*failure.Error)(nil); errors.As(got, &known) {
			hint = known.Hint
		}
		if failure.ReasonOf(got) != test.reason || !strings.Contains(hint, test.hint) || test.hint == "" && hint != "" || !errors.Is(got, test.err) {
			t.Errorf("%s: %s, %q, hint %q", name, failure.ReasonOf(got), got, hint)
		}
	}
}

func TestMembersOfAnAggregatedServerThatIsDown(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, refusing(apierrors.NewServiceUnavailable("unavailable"))).URL})
	_, ofNames := c.MemberNames(t.Context(), "")
	_, ofOne := c.Member(t.Context(), "m")
	for _, err := range []error{ofNames, ofOne} {
		known := (*failure.Error)(nil)
		if failure.ReasonOf(err) != failure.Unreachable || !errors.As(err, &known) || known.Hint != aggregatedHint {
			t.Errorf("got %v", err)
		}
	}
}
