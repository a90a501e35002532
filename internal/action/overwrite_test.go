// SPDX-License-Identifier: Apache-2.0

package action

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

func TestAFileThatIsReadIsNeverReplaced(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]func(old, path string) error{
		"the file itself":  nil,
		"a symbolic link":  os.Symlink,
		"a hard link":      os.Link,
		"a link to a link": func(old, path string) error { return errorsOf(os.Symlink(old, path+"2"), os.Symlink(path+"2", path)) },
	} {
		for _, read := range []string{"kubeconfig", "key", "input"} {
			t.Run(name+" of the "+read, func(t *testing.T) {
				t.Parallel()
				server := withRobot(t)
				s, _ := newSession(t, servers{"hub": server})
				file := s.Kubeconfig
				switch read {
				case "key":
					config, err := clientcmd.LoadFromFile(file)
					check(t, err)
					file = filepath.Join(t.TempDir(), "token")
					check(t, os.WriteFile(file, []byte("secret"), 0o600))
					for _, user := range config.AuthInfos {
						user.TokenFile = file
					}
					check(t, clientcmd.WriteToFile(*config, s.Kubeconfig))
				case "input":
					file = filepath.Join(t.TempDir(), "contexts")
					check(t, os.WriteFile(file, []byte("hub"), 0o600))
					s.Inputs = []string{file}
				}
				before, out := mustRead(t, file), file
				if link != nil {
					out = filepath.Join(filepath.Dir(file), "link")
					check(t, link(file, out))
				}
				a, _ := exporting(s)
				a.Out, a.Force = out, true
				_, err := a.Run(t.Context())
				wantError(t, err, failure.Invalid, "--out "+out+": this is the file "+file+", which joinctl reads")
				if !failure.IsConfig(err) || mustRead(t, file) != before {
					t.Error("the file changed, or this is not exit code 2")
				}
				wantRequests(t, server)
			})
		}
	}
}

// errorsOf returns the first error.
func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestAKubeconfigOfSomebodyElseIsReplacedOnlyWithForce(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	a, file := exportingTo(t, s)
	foreign := mustRead(t, s.Kubeconfig)
	check(t, os.WriteFile(file, []byte(foreign), 0o600))
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Invalid, "--out "+file+": this kubeconfig has contexts that joinctl did not write")
	if !failure.IsConfig(err) || mustRead(t, file) != foreign {
		t.Error("the file changed, or this is not exit code 2")
	}
	wantRequests(t, server)
	a.Force = true
	wantFailures(t, mustExport(t, a).Failures, 1)
	a.Force = false // what joinctl wrote needs none
	first := mustRead(t, file)
	wantFailures(t, mustExport(t, a).Failures, 1)
	if mustRead(t, file) == first {
		t.Error("not replaced")
	}
}

func TestAFileInOutDirThatJoinctlDidNotWriteIsReplacedOnlyWithForce(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "m1")
	check(t, os.Mkdir(dir, 0o700))
	file := filepath.Join(dir, "m1.token")
	check(t, os.WriteFile(file, []byte("my notes"), 0o600))
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Invalid, file+" exists, and joinctl did not write it")
	if !failure.IsConfig(err) || mustRead(t, file) != "my notes" {
		t.Error("the file changed, or this is not exit code 2")
	}
	wantStored(t, server)
	a.Force = true
	wantFailures(t, mustCreate(t, a).Failures, 1)
	again, _ := toFiles(t, s, "m1")
	again.OutDir = dir
	wantFailures(t, mustCreate(t, again).Failures, 1)
}

func TestFilesWithOneCredentialAreThoseOfJoinctl(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]bool{
		"":                true,
		firstToken + "\n": true,
		"karmadactl register 10.0.0.1:6443 --token " + firstToken + " --discovery-token-ca-cert-hash sha256:00\n": true,
		"kubeadm join 10.0.0.1:6443 --token " + firstToken + "\n":                                                 true,
		"kubeadm join 10.0.0.1:6443":                                    false,
		"kubeadm join 10.0.0.1:6443 --token " + firstToken + "\nreboot": false,
		"#!/bin/sh\nkubeadm join " + firstToken:                         false,
		"notes":                                                         false,
	} {
		if got := holdsCredential(content); got != want {
			t.Errorf("%q: %v", content, got)
		}
	}
}
