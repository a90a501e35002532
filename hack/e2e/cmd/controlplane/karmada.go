// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// clusterGroup is the API group that identifies a Karmada control plane.
const clusterGroup = "cluster.karmada.io"

// installClusterAPI creates a CRD for Cluster objects without a schema, and
// returns when discovery lists it.
func installClusterAPI(ctx context.Context, client kubernetes.Interface, admin *rest.Config) error {
	extensions, err := apiextensions.NewForConfig(admin)
	if err != nil {
		return err
	}
	if _, err := extensions.CustomResourceDefinitions().Create(ctx, clusterCRD(), metav1.CreateOptions{}); err != nil {
		return err
	}
	return eventually(ctx, "API group "+clusterGroup, func(context.Context) error {
		groups, err := client.Discovery().ServerGroups()
		if err != nil {
			return err
		}
		for _, g := range groups.Groups {
			if g.Name == clusterGroup {
				_, err := client.Discovery().ServerResourcesForGroupVersion(clusterGroup + "/v1alpha1")
				return err
			}
		}
		return fmt.Errorf("discovery does not list the API group")
	})
}

func clusterCRD() *apiextensionsv1.CustomResourceDefinition {
	preserve := true
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "clusters." + clusterGroup},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: clusterGroup,
			Scope: apiextensionsv1.ClusterScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Plural: "clusters", Singular: "cluster", Kind: "Cluster", ListKind: "ClusterList"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1alpha1", Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{
					OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &preserve},
				},
			}},
		},
	}
}
