// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// clusterReady is the condition of a Cluster whose API server answers the control plane
// (karmada pkg/apis/cluster/v1alpha1/types.go).
const clusterReady = "Ready"

// MembersReady returns all members, and whether each is Ready. The errors are those of MemberNames.
func (c *Client) MembersReady(ctx context.Context) (map[string]bool, error) {
	type cluster struct {
		Metadata struct{ Name string }
		Status   struct{ Conditions []metav1.Condition }
	}
	clusters, err := listPages(metav1.ListOptions{}, func(opts metav1.ListOptions) ([]cluster, string, error) {
		var page struct {
			Metadata metav1.ListMeta
			Items    []cluster
		}
		request := c.restClient.Get().AbsPath(clustersPath).SetHeader("Accept", runtime.ContentTypeJSON)
		err := doJSON(ctx, request.VersionedParams(&opts, c.parameterCodec), &page)
		return page.Items, page.Metadata.Continue, err
	})
	if err != nil {
		return nil, c.explainClusters(err)
	}
	ready := map[string]bool{}
	for _, one := range clusters {
		ready[one.Metadata.Name] = false
		for _, condition := range one.Status.Conditions {
			if condition.Type == clusterReady && condition.Status == metav1.ConditionTrue {
				ready[one.Metadata.Name] = true
			}
		}
	}
	return ready, nil
}
