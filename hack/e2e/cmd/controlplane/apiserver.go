// SPDX-License-Identifier: Apache-2.0

//go:build !envtest

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// startAPIServer starts kube-apiserver on a free port and returns its URL. It returns before the
// server answers requests. If the server stops with an error, it calls fail.
func startAPIServer(ctx context.Context, o options, fail func(error)) (component, string, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return component{}, "", err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	opts, err := completeAPIServer(ctx, o, listener)
	if err != nil {
		cancel()
		_ = listener.Close()
		return component{}, "", err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := app.Run(ctx, opts); err != nil {
			fail(fmt.Errorf("kube-apiserver: %w", err))
		}
	}()
	stop := func() {
		cancel()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
		}
	}
	// Stopping a server during its start is a fatal error, and the process ends soon.
	return component{stop: stop, abort: func() {}}, "https://" + listener.Addr().String(), nil
}

// completeAPIServer converts the options to kube-apiserver options for a server on listener.
func completeAPIServer(ctx context.Context, o options, listener net.Listener) (apiserver.CompletedOptions, error) {
	var none apiserver.CompletedOptions
	s := apiserver.NewServerRunOptions()
	fs := pflag.NewFlagSet("kube-apiserver", pflag.ContinueOnError)
	for _, set := range s.Flags().FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(apiServerFlags(o)); err != nil {
		return none, err
	}
	s.SecureServing.Listener = listener
	// Otherwise the server looks for a non-loopback address.
	s.SecureServing.ExternalAddress = net.IPv4(127, 0, 0, 1)
	if err := s.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return none, err
	}
	completed, err := s.Complete(ctx)
	if err != nil {
		return none, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}
