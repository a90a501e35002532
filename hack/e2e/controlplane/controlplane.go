// SPDX-License-Identifier: Apache-2.0

// Package controlplane starts the built controlplane program for tests.
package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
)

// ControlPlane is a running control plane process.
type ControlPlane struct {
	Kubeconfig string // path of the administrator's kubeconfig
	Host       string // address of the API server, host:port
	CAData     []byte // certificate of the cluster CA, PEM
	Dir        string // data directory, with ca.crt and ca.key

	cmd    *exec.Cmd
	stdin  io.Closer // closing it stops the process
	stderr *bytes.Buffer
	stop   func() error
}

// Start runs binary, the built controlplane program, with args, waits up to a
// minute until it is ready, and stops it when the test ends. The test fails if
// the control plane does not start or stop properly. Start sets the data
// directory; args may include --kubeconfig.
func Start(t testing.TB, binary string, args ...string) *ControlPlane {
	t.Helper()
	cp, err := StartProcess(binary, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cp.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cp
}

// StartProcess is Start without a test: the caller calls Stop. The error
// includes the program's stderr.
func StartProcess(binary string, args ...string) (*ControlPlane, error) {
	root, err := os.MkdirTemp("", "joinctl-e2e-")
	if err != nil {
		return nil, fmt.Errorf("create a directory for the control plane: %w", err)
	}
	cp := &ControlPlane{Dir: filepath.Join(root, "data"), stderr: new(bytes.Buffer)}
	cp.stop = sync.OnceValue(func() error {
		return errors.Join(cp.terminate(), cp.checkRemoved(), os.RemoveAll(root))
	})
	args = append([]string{"--exit-with-stdin", "--data-dir", cp.Dir}, args...)
	if err := cp.start(exec.Command(binary, args...)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(root))
	}
	return cp, nil
}

// Stop terminates the control plane and waits until it exits. It returns an
// error if that takes more than 20 s or if files remain. Later calls return the
// same result.
func (cp *ControlPlane) Stop() error { return cp.stop() }

// start starts cmd and returns when it prints its ready line.
func (cp *ControlPlane) start(cmd *exec.Cmd) error {
	cp.cmd = cmd
	cmd.Stderr = cp.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start the control plane: %w", err)
	}
	cp.stdin = stdin
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start the control plane: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the control plane: %w", err)
	}
	timeout := time.AfterFunc(startTimeout, func() { // SIGTERM first, so that it ends the programs that it started
		_ = cmd.Process.Signal(syscall.SIGTERM)
		time.Sleep(stopTimeout)
		_ = cmd.Process.Kill()
	})
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	timeout.Stop()
	path, ready := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "ready ")
	if !ready {
		if err := cp.terminate(); err != nil {
			return err
		}
		return fmt.Errorf("control plane was not ready within %s: %s", startTimeout, bytes.TrimSpace(cp.stderr.Bytes()))
	}
	cp.Kubeconfig = path
	config, err := cp.ClientConfig()
	if err != nil {
		return errors.Join(err, cp.terminate())
	}
	cp.CAData = config.CAData
	cp.Host = strings.TrimPrefix(config.Host, "https://")
	return nil
}

// terminate sends SIGTERM, kills the process if it does not exit within 20 s,
// and waits for it.
func (cp *ControlPlane) terminate() error {
	if err := cp.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the control plane: %w", err)
	}
	timeout := time.AfterFunc(stopTimeout, func() { _ = cp.cmd.Process.Kill() })
	defer timeout.Stop()
	defer cp.stdin.Close()
	if err := cp.cmd.Wait(); err != nil {
		return fmt.Errorf("control plane: %w: %s", err, bytes.TrimSpace(cp.stderr.Bytes()))
	}
	return nil
}

// checkRemoved returns an error if a file that the process should remove still exists.
func (cp *ControlPlane) checkRemoved() error {
	for _, path := range []string{cp.Kubeconfig, cp.Dir} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("control plane left %s behind", path)
		}
	}
	return nil
}

// ClientConfig reads the kubeconfig and returns the administrator's client
// configuration, without client-side throttling.
func (cp *ControlPlane) ClientConfig() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", cp.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read the control plane's kubeconfig: %w", err)
	}
	config.QPS = -1
	return config, nil
}

// Clientset returns a client with the administrator's credentials.
func (cp *ControlPlane) Clientset() (kubernetes.Interface, error) {
	config, err := cp.ClientConfig()
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("create a client for the control plane: %w", err)
	}
	return client, nil
}

// WhoAmI returns the user that a bearer token authenticates as. The error is the API server's: Unauthorized if it rejects
// the token.
func (cp *ControlPlane) WhoAmI(ctx context.Context, bearer string) (authenticationv1.UserInfo, error) {
	admin, err := cp.ClientConfig()
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	config := rest.AnonymousClientConfig(admin)
	config.BearerToken = bearer
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	review, err := client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return authenticationv1.UserInfo{}, err
	}
	return review.Status.UserInfo, nil
}
