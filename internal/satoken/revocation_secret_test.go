// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	createRequest = "POST /api/v1/namespaces/ns/secrets"
	deleteRequest = "DELETE /api/v1/namespaces/ns/secrets/b"
	getRequest    = "GET /api/v1/namespaces/ns/secrets/b"
)

func storedSecret(labels, annotations map[string]string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "ns", UID: "u", Labels: labels, Annotations: annotations},
	}
}

// deleted is the response to a successful deletion.
func deleted() response {
	return response{http.StatusOK, &metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess}}
}

func TestCreateDeletesTheSecretIfTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		responses map[string]response
		requests  []string
		reason    failure.Reason
	}{
		"refused":                                {map[string]response{createRequest: apiError(http.StatusForbidden, metav1.StatusReasonForbidden)}, []string{createRequest}, failure.Forbidden},
		"lost":                                   {map[string]response{createRequest: noResponse, deleteRequest: deleted()}, []string{createRequest, deleteRequest}, failure.Unreachable},
		"lost, and not created":                  {map[string]response{createRequest: noResponse}, []string{createRequest, deleteRequest}, failure.Unknown},
		"lost, and not deletable":                {map[string]response{createRequest: noResponse, deleteRequest: apiError(http.StatusForbidden, metav1.StatusReasonForbidden)}, []string{createRequest, deleteRequest}, failure.Unknown},
		"lost, and the server stays unreachable": {map[string]response{createRequest: noResponse, deleteRequest: noResponse}, []string{createRequest, deleteRequest}, failure.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, requests := serve(t, test.responses)
			created, err := CreateRevocationSecret(t.Context(), c, Account{"ns", "robot"}, "b")
			if err == nil || !created.IsZero() || failure.ReasonOf(err) != test.reason {
				t.Errorf("%+v, %v (%s)", created, err, failure.ReasonOf(err))
			}
			if test.reason == failure.Unknown && !strings.Contains(err.Error(), "ns/b") {
				t.Errorf("the error does not name the Secret: %v", err)
			}
			if known := (*failure.Error)(nil); test.reason == failure.Forbidden && (!errors.As(err, &known) || !strings.Contains(known.Hint, "the verb create on secrets in namespace ns")) {
				t.Errorf("the error does not name the required right: %v", err)
			}
			if got := requests(); !reflect.DeepEqual(got, test.requests) {
				t.Errorf("requests: %q", got)
			}
		})
	}
}

func TestCreateSendsNothingAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	c, requests := serve(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CreateRevocationSecret(ctx, c, Account{"ns", "robot"}, "b"); !errors.Is(err, context.Canceled) || len(requests()) != 0 {
		t.Errorf("%v, requests: %q", err, requests())
	}
}

func TestRevokeAndUndoResolveALostAnswer(t *testing.T) {
	t.Parallel()
	secret, later := storedSecret(nil, nil), storedSecret(nil, nil)
	later.UID = "later"
	forbidden := apiError(http.StatusForbidden, metav1.StatusReasonForbidden)
	for name, test := range map[string]struct {
		responses map[string]response
		requests  []string
		reason    failure.Reason
	}{
		"answered":               {map[string]response{deleteRequest: deleted()}, []string{deleteRequest}, ""},
		"gone before":            {nil, []string{deleteRequest}, ""},
		"refused":                {map[string]response{deleteRequest: forbidden}, []string{deleteRequest}, failure.Forbidden},
		"another UID":            {map[string]response{deleteRequest: apiError(http.StatusConflict, metav1.StatusReasonConflict)}, []string{deleteRequest}, failure.Conflict},
		"lost, and gone":         {map[string]response{deleteRequest: noResponse}, []string{deleteRequest, getRequest}, ""},
		"lost, and still there":  {map[string]response{deleteRequest: noResponse, getRequest: {http.StatusOK, secret}}, []string{deleteRequest, getRequest}, failure.Unknown},
		"lost, and another UID":  {map[string]response{deleteRequest: noResponse, getRequest: {http.StatusOK, later}}, []string{deleteRequest, getRequest}, ""},
		"lost, and not readable": {map[string]response{deleteRequest: noResponse, getRequest: forbidden}, []string{deleteRequest, getRequest}, failure.Unknown},
	} {
		for method, call := range map[string]func(RevocationSecret, context.Context, *kube.Client) error{"Revoke": RevocationSecret.Revoke, "Undo": RevocationSecret.Undo} {
			t.Run(method+": "+name, func(t *testing.T) {
				t.Parallel()
				c, requests := serve(t, test.responses)
				err := call(newRevocationSecret(secret), t.Context(), c)
				if failure.ReasonOf(err) != test.reason || !reflect.DeepEqual(requests(), test.requests) {
					t.Errorf("%v (%s), requests: %q", err, failure.ReasonOf(err), requests())
				}
				if err != nil && !strings.Contains(err.Error(), " b: ") && !strings.Contains(err.Error(), " ns/b: ") {
					t.Errorf("the error does not name the Secret: %v", err)
				}
			})
		}
	}
}

func TestUndoWorksAfterAnInterruptAndRevokeSendsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, requests := serve(t, map[string]response{deleteRequest: deleted()})
	if err := newRevocationSecret(storedSecret(nil, nil)).Revoke(ctx, c); !errors.Is(err, context.Canceled) || len(requests()) != 0 {
		t.Errorf("Revoke: %v, requests: %q", err, requests())
	}
	if err := newRevocationSecret(storedSecret(nil, nil)).Undo(ctx, c); err != nil || len(requests()) != 1 {
		t.Errorf("Undo: %v, requests: %q", err, requests())
	}
}

func TestGetReturnsOnlySecretsWithTheLabel(t *testing.T) {
	t.Parallel()
	labels := map[string]string{revocationLabel: revocationLabelValue}
	for name, test := range map[string]struct {
		secret *corev1.Secret
		want   RevocationSecret
		ok     bool
	}{
		"revocation Secret": {
			storedSecret(labels, map[string]string{accountAnnotation: "robot", audiencesAnnotation: `["a","b"]`, expiresAnnotation: "2026-01-02T03:04:05Z"}),
			RevocationSecret{Name: "b", Account: Account{"ns", "robot"}, Audiences: []string{"a", "b"}, Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
			true,
		},
		"invalid annotations": {storedSecret(labels, map[string]string{audiencesAnnotation: `{`, expiresAnnotation: "soon"}), RevocationSecret{Name: "b", Account: Account{Namespace: "ns"}}, true},
		"another Secret":      {storedSecret(nil, nil), RevocationSecret{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, map[string]response{getRequest: {http.StatusOK, test.secret}})
			got, err := GetRevocationSecret(t.Context(), c, "ns", "b")
			if (err == nil) != test.ok || !test.ok && failure.ReasonOf(err) != failure.Invalid {
				t.Fatalf("%+v, %v", got, err)
			}
			got.secret = nil
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestGeneratedNamesAreValidNamesOfSecrets(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"robot", "a.b", strings.Repeat("x", 253), strings.Repeat("x", 199) + ".y"} {
		name, err := GenerateName(bytes.NewReader([]byte{0, 1, 2, 0xfe, 0xff}), Account{"ns", account})
		if problems := validation.NameIsDNSSubdomain(name, false); err != nil || len(problems) > 0 || !strings.HasSuffix(name, "-token-000102feff") {
			t.Errorf("%s: %v, %v", name, problems, err)
		}
	}
	if _, err := GenerateName(bytes.NewReader(nil), Account{}); err == nil {
		t.Error("a name without randomness")
	}
}
