// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"net"
	"net/http"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func configMap() *corev1.ConfigMap {
	return &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "c"}}
}

func TestAnAnswerReplacesTheObjectAndKeepsItsTypeMeta(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, _ *http.Request) {
		stored := configMap()
		stored.UID = "stored"
		answer(w, http.StatusOK, stored)
	}).URL})
	for name, test := range map[string]struct {
		request func(context.Context, Object) error
		uid     string
	}{
		"read":           {c.Read, "stored"},
		"create":         {func(ctx context.Context, obj Object) error { return c.Create(ctx, obj, false) }, "stored"},
		"update":         {func(ctx context.Context, obj Object) error { return c.Update(ctx, obj, false) }, "stored"},
		"create dry run": {func(ctx context.Context, obj Object) error { return c.Create(ctx, obj, true) }, ""},
		"update dry run": {func(ctx context.Context, obj Object) error { return c.Update(ctx, obj, true) }, ""},
	} {
		got := configMap()
		if err := test.request(t.Context(), got); err != nil || string(got.UID) != test.uid || Kind(got) != "ConfigMap" {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestEveryRequestReportsThatItWasNotSent(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: "https://unknown.test", Dial: failingDial(timeoutError{})})
	for name, request := range map[string]func(context.Context) error{
		"create":  func(ctx context.Context) error { return c.Create(ctx, configMap(), false) },
		"version": func(ctx context.Context) error { _, err := c.Version(ctx); return err },
		"review":  func(ctx context.Context) error { _, err := c.WhoAmI(ctx); return err },
		"members": func(ctx context.Context) error { _, err := c.MemberNames(ctx, ""); return err },
	} {
		if err := request(t.Context()); !failure.IsNotSent(err) || failure.IsLost(err) || failure.ReasonOf(err) != failure.Timeout {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnExpiredPageMakesTheListStartAgainInOneRequest(t *testing.T) {
	t.Parallel()
	var queries []string
	c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		queries = append(queries, query.Get("limit")+"/"+query.Get("continue"))
		secret := corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "a", UID: "u"}}
		list := corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}, Items: []corev1.Secret{secret}}
		switch {
		case query.Get("continue") != "":
			refuse(w, apierrors.NewResourceExpired("too old"))
			return
		case query.Get("limit") != "":
			list.Continue = "more"
		default:
			list.Items = slices.Repeat(list.Items, 3)
		}
		answer(w, http.StatusOK, list)
	}).URL})
	secrets, err := c.Secrets("kube-system").All(t.Context(), metav1.ListOptions{})
	if want := []string{"500/", "500/more", "/"}; err != nil || len(secrets) != 3 || !reflect.DeepEqual(queries, want) {
		t.Errorf("got %d secrets, %v after the requests %q", len(secrets), err, queries)
	}
}

func TestCloseClosesTheConnectionsOfDerivedClients(t *testing.T) {
	t.Parallel()
	var connections atomic.Int64
	server, config := serveTLS(t, version)
	config.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		connections.Add(1)
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	c := connect(t, config)
	derived, err := c.WithBearerToken("token")
	if err != nil {
		t.Fatal(err)
	}
	for round, want := range []int64{2, 2, 4} {
		if round == 2 {
			derived.Close()
		}
		for _, client := range []*Client{c, derived} {
			if _, err := client.Version(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := connections.Load(); got != want {
			t.Errorf("round %d: %d connections to %s, want %d", round, got, server.URL, want)
		}
	}
}
