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

// An object is one of the API, or a part of it.
type object = map[string]any

// register tells the hub about the stand-in, and waits until it serves what the stand-in does.
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
		{"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/clusters." + storedGroup, definition()},
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
	return eventually(ctx, "the hub to serve Clusters", k.served)
}

// definition is where the hub stores Cluster objects: see storedGroup.
func definition() object {
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

// served is nil when the hub serves Clusters, and its discovery says so.
func (k *Karmada) served(ctx context.Context) error {
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

// apply makes an object at a path be as given, whether it exists or not.
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

// eventually repeats try until it succeeds or ctx ends.
func eventually(ctx context.Context, what string, try func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		last = try(ctx)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w (last: %w)", what, err, last)
	}
	return nil
}
