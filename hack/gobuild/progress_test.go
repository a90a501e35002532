// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestProgressOnATerminalIsOneLine(t *testing.T) {
	var out bytes.Buffer
	start := time.Now()
	p := newProgress(&out, []string{"./cmd/joinctl"}, true, 2, start)
	for second, report := range []func(){
		func() {}, func() {},
		func() { p.report("go: downloading k8s.io/api v0.37.2") },
		func() { p.report("errors") },
		func() { p.expect([]string{"errors", "io"}) },
		func() { p.report("io") },
	} {
		report()
		p.show(start.Add(time.Duration(second) * time.Second))
	}
	p.clear()
	const erase = "\r\x1b[K"
	want := erase + "Downloading modules: 1, 2s" + erase + "Compiled packages: 1, 3s" + erase + "Compiled packages: 1 of 2, 4s" +
		erase + "Linking, 5s" + erase
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestProgressInAFileIsALineEvery30Seconds(t *testing.T) {
	var out bytes.Buffer
	start := time.Now()
	p := newProgress(&out, []string{"./cmd/joinctl"}, false, 2, start)
	for second := range 65 {
		p.show(start.Add(time.Duration(second) * time.Second))
	}
	p.clear()
	if want := "Linking, 30s\nLinking, 1m0s\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestALongBuildSaysHowLongItTakes(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, []string{"./cmd/controlplane", "k8s.io/kubernetes/cmd/kubeadm"}, false, 4, time.Now())
	p.expect(strings.Fields(strings.Repeat("package ", 2240)))
	want := "Compiling controlplane, kubeadm: 2240 packages. This takes about 24 CPU-minutes,\n" +
		"6 minutes on 4 cores. Later runs start in seconds.\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestErrorsOfTheCompilerAreShownWithAHint(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, nil, false, 2, time.Now())
	lines := "# k8s.io/api/core/v1\nwrite /tmp/x: no space left on device\n"
	for line := range strings.Lines(lines) {
		p.report(strings.TrimSuffix(line, "\n"))
	}
	if out.String() != lines {
		t.Errorf("%q", out.String())
	}
	if err := p.explain(errors.New("exit status 1")); !strings.HasPrefix(err.Error(), "exit status 1\nhint: the disk is full") {
		t.Error(err)
	}
}
