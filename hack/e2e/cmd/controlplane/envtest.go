// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// With the build tag envtest the program runs kube-apiserver and etcd of the folder --assets, and links neither: it
// compiles in a fraction of the time.

var errNotLinked = errors.New("this program is built with the tag envtest and does not have this controller")

// startEtcd starts a one-member etcd in the working directory. kube-apiserver waits until it is ready.
func startEtcd(o options, fail func(error)) (component, error) {
	const peer = "unix://peer.sock" // etcd needs a peer address even without peers
	return startProgram(o, fail, "etcd",
		"--data-dir=etcd", "--listen-client-urls="+etcdURL, "--advertise-client-urls="+etcdURL,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer,
		"--unsafe-no-fsync", "--heartbeat-interval=10", "--election-timeout=100")
}

// startAPIServer starts kube-apiserver on a free port and returns its URL. It returns before the server answers requests.
func startAPIServer(ctx context.Context, o options, fail func(error)) (component, string, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return component{}, "", err
	}
	address := listener.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err = errors.Join(err, listener.Close()); err != nil {
		return component{}, "", err
	}
	server, err := startProgram(o, fail, "kube-apiserver",
		append(apiServerFlags(o), "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+port)...)
	return server, "https://" + address, err
}

// startProgram starts a program of the folder --assets in the working directory. If the program ends, it calls fail with
// the end of the program's log.
func startProgram(o options, fail func(error), name string, args ...string) (component, error) {
	log, err := os.Create(name + ".log")
	if err != nil {
		return component{}, err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(o.assets, name), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if o.verbose {
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	}
	if err := cmd.Start(); err != nil {
		return component{}, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := cmd.Wait()
		fail(fmt.Errorf("%s ended (%s): %s", cmd.Path, errorText(err), endOfFile(log.Name())))
	}()
	kill := func() { // its data is deleted next
		_ = cmd.Process.Kill()
		<-ended
	}
	return component{stop: kill, abort: kill}, nil
}

// errorText returns the text of an error, and that of success for nil.
func errorText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

// endOfFile returns the last three lines of a file, or as much as can be read.
func endOfFile(path string) []byte {
	const lines = 3
	content, _ := os.ReadFile(path)
	all := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
	return bytes.Join(all[max(0, len(all)-lines):], []byte("\n"))
}

func startJobController(context.Context, kubernetes.Interface, informers.SharedInformerFactory) error {
	return fmt.Errorf("job controller: %w", errNotLinked)
}

func startGarbageCollector(context.Context, kubernetes.Interface, *rest.Config) error {
	return fmt.Errorf("garbage collector: %w", errNotLinked)
}
