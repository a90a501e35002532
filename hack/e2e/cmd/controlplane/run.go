// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// run starts a control plane, prints "ready" and the path of its kubeconfig to
// stdout, and stops it when ctx ends. It removes all its files before it returns.
func run(ctx context.Context, o options, stdout io.Writer) (err error) {
	setUpLogging(o.verbose)
	dir, err := openDataDir(o.dataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.remove()) }()
	if o.kubeconfig == "" {
		o.kubeconfig = filepath.Join(dir.path, "kubeconfig")
	}

	err = serve(ctx, o, stdout)
	if ctx.Err() != nil {
		// Errors after an interrupt are expected.
		return nil
	}
	return err
}

// serve runs the control plane in the working directory, which is the data directory.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	// By default klog exits the process, and the files remain.
	klog.OsExit = func(int) {
		fail(errors.New("kube-apiserver: fatal error, see its log (-v)"))
		select {}
	}
	ca, err := writePKI(o.extraSANs)
	if err != nil {
		return fmt.Errorf("create certificates: %w", err)
	}
	etcd, err := startEtcd(o, fail)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	server, url, err := startAPIServer(ctx, o, fail)
	if err != nil {
		etcd.abort()
		return fmt.Errorf("start kube-apiserver: %w", err)
	}
	admin, err := ca.adminConfig(url)
	if err == nil {
		err = prepare(ctx, o, admin)
	}
	if err != nil {
		cause := context.Cause(ctx)
		server.abort()
		etcd.abort()
		return cmp.Or(cause, err)
	}
	defer etcd.stop()
	defer server.stop()
	defer fail(nil)

	removeKubeconfig, err := writeKubeconfig(o.kubeconfig, o.name, admin)
	if err != nil {
		return err
	}
	defer removeKubeconfig()
	fmt.Fprintln(stdout, "ready", o.kubeconfig)
	<-ctx.Done()
	return context.Cause(ctx)
}

// prepare waits for the server, starts the controllers, which run until ctx
// ends, and installs the optional objects.
func prepare(ctx context.Context, o options, admin *rest.Config) error {
	client, err := waitForServer(ctx, admin)
	if err != nil {
		return err
	}
	if err := startControllers(ctx, o, client); err != nil {
		return fmt.Errorf("start controllers: %w", err)
	}
	if o.garbageCollector {
		if err := startGarbageCollector(ctx, client, admin); err != nil {
			return fmt.Errorf("start the garbage collector: %w", err)
		}
	}
	if o.joinable {
		if err := makeJoinable(ctx, client, admin); err != nil {
			return fmt.Errorf("make the control plane joinable: %w", err)
		}
	}
	if o.karmada {
		if err := installClusterAPI(ctx, client, admin); err != nil {
			return fmt.Errorf("install the fake of Karmada's Cluster API: %w", err)
		}
	}
	return waitForServiceAccounts(ctx, client)
}
