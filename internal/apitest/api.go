// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

func newScheme(t testing.TB) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	kinds := runtime.NewSchemeBuilder(corev1.AddToScheme, authenticationv1.AddToScheme, authorizationv1.AddToScheme,
		certificatesv1.AddToScheme, rbacv1.AddToScheme, metav1.AddMetaToScheme)
	if err := kinds.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	scheme.AddKnownTypeWithName(clusterKind, &unstructured.Unstructured{})
	scheme.AddKnownTypeWithName(listOf(clusterKind), &unstructured.UnstructuredList{})
	return scheme
}

func kindsOf(scheme *runtime.Scheme) map[schema.GroupResource]schema.GroupVersionKind {
	kinds := map[schema.GroupResource]schema.GroupVersionKind{}
	for kind := range scheme.AllKnownTypes() {
		kinds[resourceOf(kind)] = kind
	}
	return kinds
}

func resourceOf(kind schema.GroupVersionKind) schema.GroupResource {
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural.GroupResource()
}

func listOf(kind schema.GroupVersionKind) schema.GroupVersionKind {
	return kind.GroupVersion().WithKind(kind.Kind + "List")
}

// An endpoint answers a request with an object or an error of the API.
type endpoint func(r *http.Request) (runtime.Object, error)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, serve := range map[string]endpoint{
		"GET /apis/{group}":           s.group,
		"GET /apis/{group}/{version}": s.version,
		"POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token": s.requestToken,
		"POST /apis/authentication.k8s.io/v1/tokenreviews":                 s.reviewToken,
		"POST /apis/authentication.k8s.io/v1/selfsubjectreviews":           s.reviewSelf,
		"POST /apis/authorization.k8s.io/v1/subjectaccessreviews":          s.reviewAccess,
		"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews":      s.reviewOwnAccess,
		"/": func(*http.Request) (runtime.Object, error) { return nil, notServed() },
	} {
		mux.Handle(pattern, s.serving(serve))
	}
	for _, prefix := range []string{"/api/v1/", "/apis/{group}/{version}/"} {
		for _, scope := range []string{"", "namespaces/{namespace}/"} {
			mux.Handle(prefix+scope+"{resource}", s.serving(s.collection))
			mux.Handle(prefix+scope+"{resource}/{name}", s.serving(s.object))
		}
	}
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, version.Info{Major: "1", Minor: "37", GitVersion: "v1.37.2"})
	})
	mux.HandleFunc(clustersPath+"/{name}/proxy/", s.proxy)
	return mux
}

func notServed() error {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, "", schema.GroupResource{}, "", "", 0, true)
}

func (s *Server) serving(serve endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		obj, err := serve(r)
		var status apierrors.APIStatus
		switch {
		case errors.As(err, &status):
			refuse(w, status)
		case err != nil:
			refuse(w, apierrors.NewBadRequest(err.Error()))
		default:
			s.answer(w, r, obj)
		}
	}
}

// answer encodes an object in the first form that the client accepts.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, obj runtime.Object) {
	if kinds, _, err := s.scheme.ObjectKinds(obj); err == nil {
		obj.GetObjectKind().SetGroupVersionKind(kinds[0])
	}
	use, _ := runtime.SerializerInfoForMediaType(s.codecs.SupportedMediaTypes(), runtime.ContentTypeJSON)
	_, untyped := obj.(runtime.Unstructured)
	for accepted := range strings.SplitSeq(r.Header.Get("Accept"), ",") {
		mediaType, _, _ := mime.ParseMediaType(accepted)
		if info, ok := runtime.SerializerInfoForMediaType(s.codecs.SupportedMediaTypes(), mediaType); ok && !untyped {
			use = info
			break
		}
	}
	w.Header().Set("Content-Type", use.MediaType)
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
	}
	if err := use.Serializer.Encode(obj, w); err != nil {
		s.t.Errorf("encode the answer to %s %s: %v", r.Method, r.URL.Path, err)
	}
}

func (s *Server) decode(r *http.Request, into runtime.Object) error {
	body, err := io.ReadAll(r.Body)
	if err == nil && len(body) > 0 {
		_, _, err = s.codecs.UniversalDeserializer().Decode(body, nil, into)
	}
	return err
}

func (s *Server) group(r *http.Request) (runtime.Object, error) {
	name := r.PathValue("group")
	if !s.serves(name) {
		return nil, notServed()
	}
	return &metav1.APIGroup{Name: name}, nil
}

func (s *Server) version(r *http.Request) (runtime.Object, error) {
	if !s.serves(r.PathValue("group")) {
		return nil, notServed()
	}
	return &metav1.APIResourceList{GroupVersion: r.PathValue("group") + "/" + r.PathValue("version")}, nil
}

func (s *Server) serves(group string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return group == clusterKind.Group && s.karmada || group != clusterKind.Group && s.scheme.IsGroupRegistered(group)
}

// resolve returns what a path names.
func (s *Server) resolve(r *http.Request) (key, schema.GroupVersionKind, error) {
	resource := schema.GroupResource{Group: r.PathValue("group"), Resource: r.PathValue("resource")}
	kind, ok := s.kinds[resource]
	if !ok || !s.serves(kind.Group) {
		return key{}, kind, notServed()
	}
	return key{resource, r.PathValue("namespace"), r.PathValue("name")}, kind, nil
}

func (s *Server) collection(r *http.Request) (runtime.Object, error) {
	k, kind, err := s.resolve(r)
	switch {
	case err != nil:
		return nil, err
	case r.Method == http.MethodGet:
		return s.list(r, k, kind)
	case r.Method != http.MethodPost:
		return nil, apierrors.NewMethodNotSupported(k.GroupResource, r.Method)
	}
	obj, err := s.read(r, kind)
	if err != nil {
		return nil, err
	}
	return s.create(k, obj, r.URL.Query().Has("dryRun"))
}

func (s *Server) object(r *http.Request) (runtime.Object, error) {
	k, kind, err := s.resolve(r)
	if err != nil {
		return nil, err
	}
	dryRun := r.URL.Query().Has("dryRun")
	switch r.Method {
	case http.MethodGet:
		return s.get(k)
	case http.MethodPut:
		obj, err := s.read(r, kind)
		if err != nil {
			return nil, err
		}
		return s.update(k, obj, dryRun)
	case http.MethodDelete:
		var opts metav1.DeleteOptions
		if err := s.decode(r, &opts); err != nil {
			return nil, err
		}
		return &metav1.Status{Status: metav1.StatusSuccess}, s.remove(k, opts.Preconditions, dryRun)
	}
	return nil, apierrors.NewMethodNotSupported(k.GroupResource, r.Method)
}

// read reads an object of a kind from a request.
func (s *Server) read(r *http.Request, kind schema.GroupVersionKind) (Object, error) {
	obj, err := s.scheme.New(kind)
	if err == nil {
		err = s.decode(r, obj)
	}
	if err != nil {
		return nil, err
	}
	object := obj.(Object)
	object.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{}) // items of a list have none
	return object, nil
}
