// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

const namespacePath = "/api/v1/namespaces/kube-system"

func TestTheIdentityIsTheUIDOfTheNamespaceElseTheIssuer(t *testing.T) {
	t.Parallel()
	namespace := func(kind, name string, uid types.UID) apitest.Fault {
		return apitest.RespondObject(http.StatusOK, &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: kind}, ObjectMeta: metav1.ObjectMeta{Name: name, UID: uid},
		})
	}
	document := func(body string) apitest.Fault { return apitest.Respond(http.StatusOK, "application/json", body) }
	forbidden := apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "kube-system", nil))
	busy := apitest.Refuse(apierrors.NewTooManyRequests("busy", 0))
	const issuer, keys = `{"issuer":"https://i"}`, `{"keys":[{"kid":"1"}]}`
	for name, test := range map[string]struct {
		namespace, issuer, keys apitest.Fault
		want                    string // how the identity begins, or a part of the error
	}{
		"the namespace":         {namespace("PartialObjectMetadata", "kube-system", "1234"), busy, busy, "namespace 1234"},
		"another kind":          {namespace("Pod", "kube-system", "1234"), busy, busy, "read namespace kube-system"},
		"another namespace":     {namespace("PartialObjectMetadata", "default", "1234"), busy, busy, `the answer is the namespace "default"`},
		"no UID":                {namespace("PartialObjectMetadata", "kube-system", ""), busy, busy, "it has no UID"},
		"a server that is busy": {busy, document(issuer), document(keys), "read namespace kube-system"},
		"the issuer":            {forbidden, document(issuer), document(keys), "issuer "},
		"no issuer":             {forbidden, document(`{}`), document(keys), "names no issuer or no keys"},
		"no keys":               {forbidden, document(issuer), document(`{"keys":[]}`), "names no issuer or no keys"},
		"an issuer it hides":    {forbidden, busy, document(keys), "read the issuer:"},
		"keys it hides":         {forbidden, document(issuer), busy, "read the issuer's keys:"},
	} {
		server, c := answerPlane(t)
		server.On(http.MethodGet, namespacePath, test.namespace)
		server.On(http.MethodGet, issuerPath, test.issuer)
		server.On(http.MethodGet, keysPath, test.keys)
		got, err := c.Identity(t.Context())
		succeeds := strings.HasPrefix(test.want, "namespace ") || strings.HasPrefix(test.want, "issuer ")
		if succeeds && (err != nil || !strings.HasPrefix(got, test.want)) || !succeeds && (got != "" || err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func TestResolveReadsUntilTheWriteIsKnown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		timeout          time.Duration
		knownAt, failsAt int // the number of the read; 0: never
		reads            int
		elapsed          time.Duration
		busy             []int // the numbers of the reads that the server cannot answer now
	}{
		"at once":               {time.Minute, 1, 0, 1, 0, nil},
		"at the third read":     {time.Minute, 3, 0, 3, 750 * time.Millisecond, nil},
		"never":                 {time.Minute, 0, 0, 5, 4 * time.Second, nil},
		"within a request":      {800 * time.Millisecond, 0, 0, 5, 800 * time.Millisecond, nil},
		"without a timeout":     {0, 0, 0, 5, 4 * time.Second, nil},
		"a read that fails":     {time.Minute, 0, 2, 2, 250 * time.Millisecond, nil},
		"known and failed read": {time.Minute, 2, 2, 2, 250 * time.Millisecond, nil},
		"a busy server":         {time.Minute, 3, 0, 3, 750 * time.Millisecond, []int{1, 2}},
		"busy, then it fails":   {time.Minute, 0, 2, 2, 250 * time.Millisecond, []int{1}},
		"busy to the end":       {time.Minute, 0, 0, 5, 4 * time.Second, []int{2, 4, 5}},
		"busy, then missing":    {time.Minute, 0, 0, 5, 4 * time.Second, []int{1, 4}},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := &Client{config: &rest.Config{Timeout: test.timeout}}
			start, reads := time.Now(), 0
			known, err := c.Resolve(t.Context(), func(context.Context) (bool, error) {
				reads++
				switch {
				case reads == test.failsAt:
					return reads == test.knownAt, errors.New("boom")
				case slices.Contains(test.busy, reads) && reads%2 == 0:
					return false, apierrors.NewInternalError(errors.New("etcd"))
				case slices.Contains(test.busy, reads):
					return false, apierrors.NewTooManyRequests("later", 0)
				}
				return reads == test.knownAt, nil
			})
			fails := test.failsAt > 0 || slices.Contains(test.busy, test.reads)
			if known != (test.knownAt > 0) || reads != test.reads || (err != nil) != fails || time.Since(start) != test.elapsed {
				t.Errorf("%s: %v, %v after %d reads and %s", name, known, err, reads, time.Since(start))
			}
		})
	}
}

func TestADeletionIsConfirmedByWhatIsThere(t *testing.T) {
	t.Parallel()
	object := func(uid types.UID) *corev1.Secret { return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{UID: uid}} }
	lost := errors.New("the connection was closed")
	for name, test := range map[string]struct {
		want, found *corev1.Secret
		read        error
		reason      failure.Reason // "": deleted
	}{
		"missing":        {object("1"), object(""), apierrors.NewNotFound(schema.GroupResource{Resource: "secrets"}, "a"), ""},
		"another":        {object("1"), object("2"), nil, ""},
		"the same":       {object("1"), object("1"), nil, failure.Unknown},
		"any UID":        {object(""), object("2"), nil, failure.Unknown},
		"cannot be read": {object("1"), object(""), lost, failure.Unknown},
	} {
		err := confirmDeleted(test.want, test.found, lost, test.read)
		if (err == nil) != (test.reason == "") || err != nil && failure.ReasonOf(err) != test.reason {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
