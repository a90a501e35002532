// SPDX-License-Identifier: Apache-2.0

//go:build !envtest

package main

import (
	"context"
	"time"

	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
)

// startGarbageCollector starts the controller that deletes the objects of owners that were deleted. It watches
// everything that the server serves.
func startGarbageCollector(ctx context.Context, client kubernetes.Interface, admin *rest.Config) error {
	const (
		workers = 2
		period  = 5 * time.Second // kube-controller-manager: 30 s
	)
	objects, err := metadata.NewForConfig(admin)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	typed := informers.NewSharedInformerFactory(client, 0)
	factory := informerfactory.NewInformerFactory(typed, metadatainformer.NewSharedInformerFactory(objects, 0))
	started := make(chan struct{})
	collector, err := garbagecollector.NewGarbageCollector(ctx, client, objects, mapper,
		garbagecollector.DefaultIgnoredResources(), factory, started)
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	close(started)
	go collector.Run(ctx, workers, period)
	go collector.Sync(ctx, client.Discovery(), period)
	return nil
}
