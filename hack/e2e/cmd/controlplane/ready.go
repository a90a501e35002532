// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	pollInterval = 20 * time.Millisecond
	readyTimeout = time.Minute
)

// waitForServer waits until the server is ready and has created its default
// namespaces and ClusterRoles, and returns a client.
func waitForServer(ctx context.Context, admin *rest.Config) (kubernetes.Interface, error) {
	client, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return nil, err
	}
	for _, step := range []struct {
		description string
		try         func(context.Context) error
	}{
		{"/readyz", func(ctx context.Context) error {
			return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		}},
		{"ClusterRole system:node-bootstrapper", func(ctx context.Context) error {
			_, err := client.RbacV1().ClusterRoles().Get(ctx, "system:node-bootstrapper", metav1.GetOptions{})
			return err
		}},
		{"namespace kube-system", namespaceExists(client, metav1.NamespaceSystem)},
		{"namespace kube-public", namespaceExists(client, metav1.NamespacePublic)},
		{"namespace default", namespaceExists(client, metav1.NamespaceDefault)},
	} {
		if err := eventually(ctx, step.description, step.try); err != nil {
			return nil, err
		}
	}
	return client, nil
}

func namespaceExists(client kubernetes.Interface, name string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := client.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
		return err
	}
}

// waitForServiceAccounts waits for the default ServiceAccounts in the default
// namespaces.
func waitForServiceAccounts(ctx context.Context, client kubernetes.Interface) error {
	for _, namespace := range []string{metav1.NamespaceDefault, metav1.NamespaceSystem, metav1.NamespacePublic} {
		err := eventually(ctx, "the default ServiceAccount of "+namespace, func(ctx context.Context) error {
			_, err := client.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eventually repeats try until it succeeds. After a minute, or if ctx ends, it
// returns an error with the description and the last failure.
func eventually(ctx context.Context, description string, try func(context.Context) error) error {
	var lastErr error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, readyTimeout, true, func(ctx context.Context) (bool, error) {
		lastErr = try(ctx)
		return lastErr == nil, nil
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w (last: %w)", description, err, lastErr)
	}
	return nil
}
