// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// list returns the objects of a collection that the selectors select, or a chunk of them: continue is how many came before.
func (s *Server) list(r *http.Request, in key, kind schema.GroupVersionKind) (runtime.Object, error) {
	query := r.URL.Query()
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, err
	}
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var items []runtime.Object
	partial := strings.Contains(r.Header.Get("Accept"), "as=PartialObjectMetadataList")
	if partial {
		kind = metav1.SchemeGroupVersion.WithKind("PartialObjectMetadata")
	}
	for _, k := range slices.SortedFunc(maps.Keys(s.objects), key.compare) {
		obj := s.objects[k]
		if k.GroupResource == in.GroupResource && (in.namespace == "" || in.namespace == k.namespace) &&
			byLabel.Matches(labels.Set(obj.GetLabels())) && byField.Matches(fieldsOf(obj)) {
			items = append(items, clone(obj))
			if partial {
				items[len(items)-1] = meta.AsPartialObjectMetadata(obj)
			}
		}
	}
	return s.page(items, kind, query.Get("continue"), query.Get("limit"))
}

func fieldsOf(obj Object) fields.Set {
	set := fields.Set{"metadata.name": obj.GetName(), "metadata.namespace": obj.GetNamespace()}
	switch obj := obj.(type) {
	case *corev1.Secret:
		set["type"] = string(obj.Type)
	case *certificatesv1.CertificateSigningRequest:
		set["spec.signerName"] = obj.Spec.SignerName
	}
	return set
}

// page needs the lock.
func (s *Server) page(items []runtime.Object, kind schema.GroupVersionKind, from, limit string) (runtime.Object, error) {
	list, err := s.scheme.New(listOf(kind))
	if err != nil {
		return nil, err
	}
	list.GetObjectKind().SetGroupVersionKind(listOf(kind))
	about, err := meta.ListAccessor(list)
	if err != nil {
		return nil, err
	}
	about.SetResourceVersion(strconv.Itoa(s.serial))
	first, _ := strconv.Atoi(from)
	next := len(items)
	if most, _ := strconv.Atoi(limit); most > 0 && first+most < next {
		next = first + most
		about.SetContinue(strconv.Itoa(next))
	}
	return list, meta.SetList(list, items[first:next])
}
