// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

// clientOf returns a client for an in-memory API server.
func clientOf(t *testing.T, server *apitest.Server) *Client {
	t.Helper()
	return connect(t, &rest.Config{Host: server.URL, BearerToken: apitest.AdminToken, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA}})
}

func TestADeletionWithALostAnswerIsFoundWhenTheServerAnswersAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost     apitest.Fault
		forever  bool // the read is forbidden
		replaced bool // another object has the name by then
		reason   failure.Reason
	}{
		"deleted":                 {lost: apitest.LoseAnswer()},
		"deleted, cannot be read": {lost: apitest.LoseAnswer(), forever: true, reason: failure.Unknown},
		"not deleted":             {lost: apitest.LoseRequest(), reason: failure.Unknown},
		"replaced":                {lost: apitest.LoseRequest(), replaced: true},
	} {
		server := apitest.New(t)
		c := clientOf(t, server)
		meta := func(uid types.UID) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "n", Name: "a", UID: uid} }
		server.Put(&corev1.Secret{ObjectMeta: meta("1")}, &corev1.ConfigMap{ObjectMeta: meta("1")})
		server.On(http.MethodDelete, "", test.lost)
		server.On(http.MethodGet, "", apitest.Refuse(apierrors.NewInternalError(errors.New("etcd"))).Times(1))
		uid := types.UID("1")
		if test.replaced {
			uid = "0"
		}
		if test.forever {
			server.On(http.MethodGet, "", apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "a", nil)))
		}
		err := c.Secrets("n").DeleteAndConfirm(t.Context(), "a", *metav1.NewPreconditionDeleteOptions(string(uid)))
		if failure.ReasonOf(err) != test.reason {
			t.Errorf("secret, %s: got %v", name, err)
		}
		server.On(http.MethodGet, "", apitest.Refuse(apierrors.NewInternalError(errors.New("etcd"))).Times(1))
		obj := &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: meta(uid)}
		if err := c.Remove(t.Context(), obj); failure.ReasonOf(err) != test.reason {
			t.Errorf("configmap, %s: got %v", name, err)
		}
	}
}
