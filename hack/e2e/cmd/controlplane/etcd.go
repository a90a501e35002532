// SPDX-License-Identifier: Apache-2.0

//go:build !envtest

package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// startEtcd starts a one-member etcd in the working directory and returns when
// it has a leader.
func startEtcd(o options, _ func(error)) (component, error) {
	client, err := url.Parse(etcdURL)
	if err != nil {
		return component{}, err
	}
	cfg := embed.NewConfig()
	cfg.Dir = "etcd"
	cfg.ListenClientUrls = []url.URL{*client}
	cfg.AdvertiseClientUrls = cfg.ListenClientUrls
	// etcd needs a peer address even without peers.
	cfg.ListenPeerUrls = nil
	cfg.AdvertisePeerUrls = []url.URL{{Scheme: "unix", Host: "peer.sock"}}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.EnableGRPCGateway = false
	cfg.UnsafeNoFsync = true
	cfg.TickMs, cfg.ElectionMs = 10, 100
	if !o.verbose {
		cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	}
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return component{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	select {
	case <-etcd.Server.ReadyNotify():
		return component{stop: func() { stopEtcd(etcd) }, abort: func() {}}, nil
	case err = <-etcd.Err():
	case <-etcd.Server.StopNotify():
		err = fmt.Errorf("stopped before it was ready")
	case <-ctx.Done():
		err = fmt.Errorf("not ready after 30 s")
	}
	stopEtcd(etcd)
	return component{}, err
}

// stopEtcd stops etcd and waits for at most 3 s.
func stopEtcd(etcd *embed.Etcd) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		etcd.Close()
	}()
	select {
	case <-closed:
	case <-time.After(3 * time.Second):
	}
}
