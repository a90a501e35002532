// SPDX-License-Identifier: Apache-2.0

//go:build envtest

package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// make test-envtest runs these tests. They need a folder with kube-apiserver and etcd.

func TestTheDemoRunsOnKubebuilderAssets(t *testing.T) {
	assets, dir, log := assets(t), t.TempDir(), filepath.Join(t.TempDir(), "log")
	for _, name := range []string{"kube-apiserver", "etcd"} {
		script(t, dir, name, fmt.Sprintf("echo %s >> '%s'; exec '%s' \"$@\"", name, log, filepath.Join(assets, name)))
	}
	stdout, stderr, err := makeDemo(t, dir)
	if err != nil {
		t.Fatal(err, stderr)
	}
	for _, text := range []string{"all checks passed", `bootstrap token "`, "agent-autoapprove-certificate-rotation created"} {
		if !strings.Contains(stdout, text) {
			t.Errorf("the demo does not print %q:\n%s", text, stdout)
		}
	}
	if started, err := os.ReadFile(log); err != nil || strings.Count(string(started), "\n") != 2 {
		t.Errorf("the demo started %q: %v", started, err)
	}
}

func TestTheDemoShowsWhyAnAssetEnded(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "etcd", "sleep 60")
	script(t, dir, "kube-apiserver", "echo 'unknown flag: --new' >&2; exit 1")
	_, stderr, err := makeDemo(t, dir)
	if want := filepath.Join(dir, "kube-apiserver") + " ended (exit status 1): unknown flag: --new"; err == nil || !strings.Contains(stderr, want) {
		t.Errorf("%v, no %q in %s", err, want, stderr)
	}
}

func TestTheDemoNamesAMissingAsset(t *testing.T) {
	dir := t.TempDir()
	script(t, dir, "kube-apiserver", "")
	_, stderr, err := makeDemo(t, dir)
	if err == nil || !strings.Contains(stderr, "no program "+dir+"/etcd: ") || !strings.Contains(stderr, "setup-envtest") {
		t.Errorf("%v: %s", err, stderr)
	}
}

// assets returns KUBEBUILDER_ASSETS.
func assets(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("KUBEBUILDER_ASSETS")
	if dir == "" {
		t.Fatal("KUBEBUILDER_ASSETS must be a folder with kube-apiserver and etcd")
	}
	return dir
}

// script writes a shell script.
func script(t *testing.T, dir, name, body string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// makeDemo runs make demo on the programs in dir.
func makeDemo(t *testing.T, dir string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "make", "-C", "../../../..", "demo", "KUBEBUILDER_ASSETS="+dir)
	cmd.Env = append(os.Environ(), "KUBEBUILDER_ASSETS="+dir, "MAKEFLAGS=")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}
