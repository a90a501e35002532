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

// TestBeyondSaysWhoRefused goes by the answers of a real hub and a real member (hack/e2e/karmada).
func TestBeyondSaysWhoRefused(t *testing.T) {
	t.Parallel()
	hub := connect(t, &rest.Config{Host: "https://hub"})
	through, err := hub.ViaProxy("m")
	if err != nil {
		t.Fatal(err)
	}
	clusters := schema.GroupResource{Group: "cluster.karmada.io", Resource: "clusters"}
	accounts := schema.GroupResource{Resource: "serviceaccounts"}
	plain := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "dial tcp 10.0.0.1:6443: connect: connection refused"}}
	for _, test := range []struct {
		name       string
		err        error
		reason     failure.Reason
		text, hint string
	}{
		{"the hub", apierrors.NewForbidden(clusters, "m", errors.New("no")), failure.Forbidden, "the control plane refuses: ", "two things: on the control plane the verbs get and create on clusters/proxy"},
		{"the member", apierrors.NewForbidden(accounts, "robot", errors.New("no")), failure.Forbidden, "member m refuses: ", "clusters/proxy on the control plane, which is granted; and inside the member"},
		{"the impersonator", apierrors.NewForbidden(schema.GroupResource{Resource: "users"}, "alice", errors.New(`User "x" cannot impersonate resource "users"`)), failure.Forbidden, "member m, to let the control plane act for this user, refuses: ", "Karmada lets its impersonator"},
		{"the impersonator's token", apierrors.NewUnauthorized("Unauthorized"), failure.Unauthorized, "member m refuses the control plane's own credential", "impersonatorSecretRef of Cluster m"},
		{"no such member", apierrors.NewNotFound(clusters, "m"), failure.NotFound, `"m" not found`, "kubectl get clusters"},
		{"no such object in the member", apierrors.NewNotFound(accounts, "robot"), failure.NotFound, `"robot" not found`, ""},
		{"a member that is down", plain, failure.Unreachable, "the control plane cannot reach member m: ", "spec.apiEndpoint"},
		{"a member that fails in itself", apierrors.NewInternalError(errors.New("dial tcp: refused")), failure.Internal, "", ""},
		{"no answer at all", errors.New("x"), failure.Internal, "x", ""},
	} {
		got := through.ExplainProxyError(fmt.Errorf("do it: %w", test.err))
		hint := ""
		if known := (*failure.Error)(nil); errors.As(got, &known) {
			hint = known.Hint
		}
		if failure.ReasonOf(got) != test.reason || !strings.Contains(got.Error(), test.text) || !strings.Contains(hint, test.hint) || test.hint == "" && hint != "" {
			t.Errorf("%s: %s, %q, hint %q", test.name, failure.ReasonOf(got), got, hint)
		}
		if !errors.Is(got, test.err) {
			t.Errorf("%s: the server's own words are lost", test.name)
		}
		if hub.ExplainProxyError(test.err) != test.err { //nolint:errorlint // it has to be the very same
			t.Errorf("%s: a client that goes through nothing explains it", test.name)
		}
	}
	if through.ExplainProxyError(nil) != nil {
		t.Error("no error became one")
	}
	known := &failure.Error{Err: apierrors.NewForbidden(accounts, "robot", errors.New("no")), Hint: "this needs the verb create on serviceaccounts/token"}
	if got := through.ExplainProxyError(known); !strings.Contains(got.(*failure.Error).Hint, "inside the member, for the user of the same name, the verb create on serviceaccounts/token") { //nolint:errorlint // it is one
		t.Errorf("the hint is %q", got.(*failure.Error).Hint) //nolint:errorlint // it is one
	}
	if !failure.IsLost(plain) {
		t.Error("what a proxy could not pass on may have been passed on")
	}
}
