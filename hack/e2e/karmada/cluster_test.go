// SPDX-License-Identifier: Apache-2.0

package karmada_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/metadata"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A list has the fields of a ClusterList that the tests check.
type list struct {
	Kind, APIVersion string
	Metadata         metav1.ListMeta
	Items            []struct {
		Kind, APIVersion string
		Metadata         metav1.ObjectMeta
		Spec             struct{ APIEndpoint, SyncMode string }
		Status           struct{ Conditions []metav1.Condition }
	}
}

// names returns the names of the items.
func (l list) names() (names []string) {
	for _, item := range l.Items {
		names = append(names, item.Metadata.Name)
	}
	return names
}

// listClusters lists Clusters in the hub.
func listClusters(t *testing.T, params map[string]string) (l list) {
	t.Helper()
	request := newClient(t, adminConfig(t, hub)).Discovery().RESTClient().Get().AbsPath(clusters)
	for name, value := range params {
		request.Param(name, value)
	}
	raw, err := request.Do(t.Context()).Raw()
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestClustersAreListed(t *testing.T) {
	for i := range 5 {
		fakeKarmada.Join(t, fmt.Sprintf("m%d", i), map[string]string{"odd": fmt.Sprint(i%2 == 1)}, member)
	}
	all := listClusters(t, nil)
	if all.Kind != "ClusterList" || all.APIVersion != "cluster.karmada.io/v1alpha1" || !slices.Equal(all.names(), []string{"m0", "m1", "m2", "m3", "m4"}) {
		t.Errorf("listed %s of %s: %q", all.Kind, all.APIVersion, all.names())
	}
	one := all.Items[0]
	if one.Kind != "Cluster" || one.APIVersion != all.APIVersion || one.Spec.APIEndpoint != "https://"+member.Host || one.Spec.SyncMode != "Push" {
		t.Errorf("listed %+v", one)
	}
	if one.Status.Conditions[0].Type != "Ready" || one.Status.Conditions[0].Status != metav1.ConditionTrue {
		t.Errorf("listed %+v", one.Status)
	}
	if odd := listClusters(t, map[string]string{"labelSelector": "odd=true"}).names(); !slices.Equal(odd, []string{"m1", "m3"}) {
		t.Errorf("selected %q", odd)
	}
	var chunks []list
	for next := ""; len(chunks) == 0 || next != ""; next = chunks[len(chunks)-1].Metadata.Continue {
		chunks = append(chunks, listClusters(t, map[string]string{"limit": "2", "continue": next}))
	}
	if len(chunks) != 3 || !slices.Equal(chunks[2].names(), []string{"m4"}) {
		t.Errorf("chunks: %+v", chunks)
	}
}

func TestClustersAreListedAsMetadataOnly(t *testing.T) {
	fakeKarmada.Join(t, "m1", map[string]string{"a": "b"}, member)
	m, err := metadata.NewForConfig(adminConfig(t, hub))
	if err != nil {
		t.Fatal(err)
	}
	found, err := m.Resource(schema.GroupVersionResource{Group: "cluster.karmada.io", Version: "v1alpha1", Resource: "clusters"}).List(t.Context(), metav1.ListOptions{LabelSelector: "a=b"})
	if err != nil || len(found.Items) != 1 || found.Items[0].Name != "m1" {
		t.Errorf("in protobuf: %+v, %v", found, err)
	}
	raw, err := newClient(t, adminConfig(t, hub)).Discovery().RESTClient().Get().AbsPath(clusters).
		SetHeader("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1").Do(t.Context()).Raw()
	var l list
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil || l.Kind != "PartialObjectMetadataList" || !slices.Equal(l.names(), []string{"m1"}) || l.Items[0].Spec.APIEndpoint != "" {
		t.Errorf("in JSON: %s, %v", raw, err)
	}
}

func TestUnknownClusterIsNotFound(t *testing.T) {
	rest := newClient(t, adminConfig(t, hub)).Discovery().RESTClient()
	for _, path := range []string{clusters + "/nobody", clusters + "/nobody/proxy/api"} {
		err := rest.Get().AbsPath(path).Do(t.Context()).Error()
		expectStatus(t, err, 404, `clusters.cluster.karmada.io "nobody" not found`)
	}
}

func TestDiscoveryListsClusters(t *testing.T) {
	resources, err := newClient(t, adminConfig(t, hub)).Discovery().ServerResourcesForGroupVersion("cluster.karmada.io/v1alpha1")
	if err != nil || len(resources.APIResources) != 2 {
		t.Errorf("%+v, %v", resources, err)
	}
	fakeKarmada.Join(t, "m1", nil, member)
	cmd := program.Command(t, hub.Kubeconfig, "get", "clusters", "-o", "name")
	cmd.Path = program.Binary("kubectl")
	if out := program.Execute(t, cmd).OK(t); out != "cluster.cluster.karmada.io/m1" {
		t.Errorf("kubectl lists %q", out)
	}
}

func TestWatchIsNotSupported(t *testing.T) {
	err := newClient(t, adminConfig(t, hub)).Discovery().RESTClient().Get().AbsPath(clusters).Param("watch", "true").Do(t.Context()).Error()
	expectStatus(t, err, 405, "watch is not supported")
}
