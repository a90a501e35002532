// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// manifest returns an API object with managedFields.
func manifest() *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: "a", ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "somebody"}}},
		Data:       map[string][]byte{"key": []byte("value")},
	}
}

func TestObjectPrintsAnAPIObjectAsKubectlDoes(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{
		"yaml":                       lines("apiVersion: v1", "data:", "  key: dmFsdWU=", "kind: Secret", "metadata:", "  name: a"),
		"jsonpath={.data.key}":       "dmFsdWU=",
		"go-template={{.data.key}}":  "dmFsdWU=",
		"jsonpath={.metadata.*}":     "a",
		"jsonpath={..managedFields}": "",
	} {
		var out bytes.Buffer
		if err := Object(&out, format(t, o), manifest()); err != nil || out.String() != want {
			t.Errorf("-o %s: got %q, %v; want %q", o, out.String(), err, want)
		}
	}
}

func TestManagedFieldsArePrintedOnlyOnRequest(t *testing.T) {
	t.Parallel()
	for _, o := range []string{"json", "yaml", "kyaml", "jsonpath={.metadata}"} {
		for _, show := range []bool{false, true} {
			f := format(t, o)
			f.ShowManaged = show
			var out bytes.Buffer
			if err := Object(&out, f, manifest()); err != nil || strings.Contains(out.String(), "somebody") != show {
				t.Errorf("-o %s, ShowManaged %v: got %s, %v", o, show, out.String(), err)
			}
		}
	}
}

func TestObjectWritesNothingIfRenderingFails(t *testing.T) {
	t.Parallel()
	for _, o := range []string{"jsonpath={.kind}{.none}", "go-template={{.kind}}{{.none}}"} {
		f := format(t, o)
		f.AllowMissingKeys = false
		var out bytes.Buffer
		if err := Object(&out, f, manifest()); err == nil || out.Len() > 0 || strings.Contains(err.Error(), "dmFsdWU=") {
			t.Errorf("-o %s: got %v, and it writes %q", o, err, out.String())
		}
	}
}
