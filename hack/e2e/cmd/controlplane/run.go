// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// run starts a control plane, prints "ready" and the path of its kubeconfig to
// stdout, and stops it when ctx ends. What it created is gone when it returns.
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
		// Whatever failed did so because it was interrupted.
		return nil
	}
	return err
}

// serve is run inside the data directory, which is the working directory.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	// klog's way to give up would leave our files behind.
	klog.OsExit = func(int) {
		fail(errors.New("kube-apiserver gave up"))
		select {}
	}
	ca, err := writePKI(o.extraSANs)
	if err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	etcd, err := startEtcd(o.verbose)
	if err != nil {
		return fmt.Errorf("start etcd: %w", err)
	}
	server, err := startAPIServer(ctx, o, fail)
	if err != nil {
		return fmt.Errorf("start kube-apiserver: %w", err)
	}
	admin, err := ca.adminConfig(server.url)
	if err != nil {
		return fmt.Errorf("make the administrator's certificate: %w", err)
	}
	if err := prepare(ctx, o, admin); err != nil {
		// Both servers are abandoned to the end of the process: a server that is
		// told to stop while it starts takes that for a fatal error.
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	defer stopEtcd(etcd)
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
// ends, and installs what the options ask for.
func prepare(ctx context.Context, o options, admin *rest.Config) error {
	client, err := waitForServer(ctx, admin)
	if err != nil {
		return err
	}
	if err := startControllers(ctx, o, client); err != nil {
		return fmt.Errorf("start controllers: %w", err)
	}
	if o.joinable {
		if err := makeJoinable(ctx, client, admin); err != nil {
			return fmt.Errorf("make the control plane joinable: %w", err)
		}
	}
	if o.karmada {
		if err := installClusterAPI(ctx, client, admin); err != nil {
			return fmt.Errorf("install the stand-in for Karmada's Cluster API: %w", err)
		}
	}
	return waitForServiceAccounts(ctx, client)
}
