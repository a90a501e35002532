// SPDX-License-Identifier: Apache-2.0

//go:build !envtest

package main

import (
	"context"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/kubernetes/pkg/controller/job"
)

// startJobController starts the controller that creates the Pods of Jobs.
func startJobController(ctx context.Context, client kubernetes.Interface, factory informers.SharedInformerFactory) error {
	c, err := job.NewController(ctx, client, factory.Core().V1().Pods(), factory.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		return err
	}
	go c.Run(ctx, 1)
	return nil
}
