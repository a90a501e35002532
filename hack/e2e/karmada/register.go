// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
)

const (
	systemNamespace  = "karmada-system"
	clusterNamespace = "karmada-cluster"
	serviceName      = "karmada-aggregated-apiserver"
)

// An object is an API object or a part of one.
type object = map[string]any

// register registers the fake with the hub and waits until the hub serves Clusters.
func (k *Karmada) register(ctx context.Context) error {
	_, text, err := net.SplitHostPort(k.server.Listener.Addr().String())
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return err
	}
	for _, o := range []struct {
		path   string
		object object
	}{
		{"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters." + storedGroup, clusterCRD()},
		{"/api/v1/namespaces/" + clusterNamespace, namespace(clusterNamespace)},
		{"/api/v1/namespaces/" + systemNamespace, namespace(systemNamespace)},
		{"/api/v1/namespaces/" + systemNamespace + "/services/" + serviceName, object{
			"apiVersion": "v1", "kind": "Service", "metadata": object{"name": serviceName},
			"spec": object{"type": "ExternalName", "externalName": "localhost"},
		}},
		{"/apis/apiregistration.k8s.io/v1/apiservices/" + version + "." + group, object{
			"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": object{"name": version + "." + group},
			"spec": object{
				"group": group, "version": version, "groupPriorityMinimum": 2000, "versionPriority": 10, "insecureSkipTLSVerify": true,
				"service": object{"namespace": systemNamespace, "name": serviceName, "port": port},
			},
		}},
	} {
		if err := apply(ctx, k.client, o.path, o.object); err != nil {
			return err
		}
	}
	return eventually(ctx, "the hub to serve Clusters", k.clustersServed)
}

// clusterCRD returns the CRD with which the hub stores Cluster objects, see storedGroup.
func clusterCRD() object {
	return object{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": object{"name": "clusters." + storedGroup},
		"spec": object{
			"group": storedGroup, "scope": "Cluster",
			"names": object{"plural": "clusters", "singular": "cluster", "kind": "Cluster", "listKind": "ClusterList"},
			"versions": []object{{
				"name": version, "served": true, "storage": true,
				"schema": object{"openAPIV3Schema": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}
}

// clustersServed returns nil if the hub serves Clusters and its discovery lists them.
func (k *Karmada) clustersServed(ctx context.Context) error {
	if err := k.client.Discovery().RESTClient().Get().AbsPath(clusters).Do(ctx).Error(); err != nil {
		return err
	}
	_, lists, err := k.client.Discovery().ServerGroupsAndResources()
	if err != nil {
		return err
	}
	for _, list := range lists {
		if list.GroupVersion == group+"/"+version && len(list.APIResources) > 0 {
			return nil
		}
	}
	return fmt.Errorf("discovery does not list %s", group)
}

func namespace(name string) object {
	return object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": name}}
}

// apply creates or changes the object at a path by server-side apply.
func apply(ctx context.Context, client kubernetes.Interface, path string, o object) error {
	body, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	err = client.Discovery().RESTClient().Patch(types.ApplyPatchType).AbsPath(path).
		Param("fieldManager", "karmada").Param("force", "true").Body(body).Do(ctx).Error()
	if err != nil {
		return fmt.Errorf("apply %s: %w", path, err)
	}
	return nil
}

// eventually repeats try until it succeeds. If ctx ends, it returns an error with the description and the last failure.
func eventually(ctx context.Context, description string, try func(context.Context) error) error {
	var lastErr error
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		lastErr = try(ctx)
		return lastErr == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w (last: %w)", description, err, lastErr)
	}
	return nil
}
