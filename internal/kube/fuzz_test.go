// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// answerSeeds returns objects of every kind that joinctl reads, and of others, in JSON and in protobuf.
func answerSeeds(f *testing.F) (bodies [][]byte) {
	f.Helper()
	scheme := runtime.NewScheme()
	kinds := runtime.NewSchemeBuilder(corev1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme, certificatesv1.AddToScheme,
		rbacv1.AddToScheme, metav1.AddMetaToScheme)
	if err := kinds.AddToScheme(scheme); err != nil {
		f.Fatal(err)
	}
	codecs := serializer.NewCodecFactory(scheme)
	meta, list := metav1.ObjectMeta{Namespace: "ns", Name: "stored", UID: "uid-of-stored"}, metav1.ListMeta{Continue: "next"}
	secret := corev1.Secret{ObjectMeta: meta, Type: "example.com/x", Data: map[string][]byte{"k": []byte("0123456789abcdef")}}
	for _, obj := range []runtime.Object{
		&secret, &corev1.SecretList{ListMeta: list, Items: []corev1.Secret{secret}}, &corev1.SecretList{},
		&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"k": "v"}}, &corev1.Pod{ObjectMeta: meta}, &corev1.PodList{},
		&corev1.ServiceAccountList{Items: []corev1.ServiceAccount{{ObjectMeta: meta}}}, &corev1.Namespace{ObjectMeta: meta},
		&rbacv1.Role{ObjectMeta: meta}, &rbacv1.RoleBindingList{Items: []rbacv1.RoleBinding{{ObjectMeta: meta}}}, &rbacv1.ClusterRoleBindingList{},
		&authenticationv1.TokenRequest{ObjectMeta: meta, Status: authenticationv1.TokenRequestStatus{Token: "a.b.c"}},
		&authenticationv1.TokenReview{}, &authenticationv1.SelfSubjectReview{}, &authorizationv1.SubjectAccessReview{}, &authorizationv1.SelfSubjectAccessReview{},
		&certificatesv1.CertificateSigningRequest{ObjectMeta: meta}, &certificatesv1.CertificateSigningRequestList{},
		&metav1.PartialObjectMetadataList{ListMeta: list, Items: []metav1.PartialObjectMetadata{{ObjectMeta: meta}}},
		&metav1.APIGroup{Name: KarmadaAPI}, &metav1.APIResourceList{GroupVersion: KarmadaAPI}, &metav1.Status{Status: metav1.StatusSuccess},
		&metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonExpired, Code: http.StatusGone, Details: &metav1.StatusDetails{Name: "x", RetryAfterSeconds: 1}},
	} {
		gvks, _, err := scheme.ObjectKinds(obj)
		if err != nil {
			f.Fatal(err)
		}
		obj.GetObjectKind().SetGroupVersionKind(gvks[0])
		for _, info := range codecs.SupportedMediaTypes() {
			var body bytes.Buffer
			if err := info.Serializer.Encode(obj, &body); err != nil {
				f.Fatalf("%T: %v", obj, err)
			}
			bodies = append(bodies, body.Bytes())
		}
	}
	return append(bodies, nil, []byte("{}"), []byte("[1]"), []byte("null"), []byte("<html>"), []byte("k8s\x00"), []byte(`{"major":"1"}`),
		[]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"stored","namespace":"ns","uid":"u","annotations":{"a":null}},"data":{"k":"MDEyMzQ1Njc4OWFiY2RlZg`))
}

// An answerServer gives one answer to every request.
type answerServer struct {
	code        int
	contentType string
	body        []byte
}

// FuzzAnswers gives any answer to every call. None panics, none returns an object that was not asked for, and no error shows
// the body of an answer that cannot be read.
func FuzzAnswers(f *testing.F) {
	codes := []int{200, 201, 202, 400, 403, 404, 409, 410, 422, 429, 500, 503}
	types := []string{runtime.ContentTypeJSON, runtime.ContentTypeProtobuf, "application/yaml", "text/plain", ""}
	for _, body := range answerSeeds(f) {
		for code := range 2 {
			for contentType := range 2 {
				for number := range 3 {
					f.Add(byte(number*7), byte(code*5), byte(contentType), body)
				}
			}
		}
	}
	var now atomic.Pointer[answerServer]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answer := now.Load()
		w.Header().Set("Content-Type", answer.contentType)
		w.WriteHeader(answer.code)
		_, _ = w.Write(answer.body)
	}))
	f.Cleanup(server.Close)
	client, err := New(&rest.Config{Host: server.URL, BearerToken: "b"}, "joinctl/test", time.Now)
	if err != nil {
		f.Fatal(err)
	}
	calls := reads()
	maps.Copy(calls, writes())
	calls["get a Secret"], calls["list Secrets"] = getsItsSecret, listsItsSecrets
	names := slices.Sorted(maps.Keys(calls))
	f.Fuzz(func(t *testing.T, number, code, contentType byte, body []byte) {
		now.Store(&answerServer{codes[int(code)%len(codes)], types[int(contentType)%len(types)], body})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second) // an answer may ask the client to wait
		defer cancel()
		name := names[int(number)%len(names)]
		err := calls[name](ctx, client)
		if err == nil || !strings.Contains(err.Error(), "malformed") && !strings.Contains(err.Error(), "not JSON") {
			return
		}
		const shown = 32 // longer than the name of a kind, which errors show
		for at := 0; at+shown <= len(body); at++ {
			if part := string(body[at : at+shown]); strings.Contains(err.Error(), part) {
				t.Fatalf("%s: the error shows %q of the body: %v", name, part, err)
			}
		}
	})
}

// getsItsSecret panics if another Secret is believed.
func getsItsSecret(ctx context.Context, c *Client) error {
	got, err := c.Secrets("ns").Get(ctx, "stored", metav1.GetOptions{})
	if err == nil && (got.Name != "stored" || got.Namespace != "ns" || got.UID == "") {
		panic(fmt.Sprintf("the Secret %s/%s is believed", got.Namespace, got.Name))
	}
	return err
}

// listsItsSecrets panics if the Secret of another namespace is believed, or one without a name.
func listsItsSecrets(ctx context.Context, c *Client) error {
	got, err := c.Secrets("ns").All(ctx, metav1.ListOptions{})
	for _, one := range got {
		if one.Name == "" || one.Namespace != "ns" || one.UID == "" {
			panic(fmt.Sprintf("the Secret %s/%s is believed", one.Namespace, one.Name))
		}
	}
	return err
}
