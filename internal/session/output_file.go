// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"os"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// CheckOutputFile refuses to write to a file that this run reads, under any name: a kubeconfig, a file that one names, or
// one of Inputs. Every error is a *failure.ConfigError.
func (s *Session) CheckOutputFile(flag, path string) error {
	output, err := os.Stat(path)
	if err != nil {
		return nil // there is nothing to lose
	}
	files := append(kube.KubeconfigFiles(s.Kubeconfig), s.Inputs...)
	if kubeconfig, err := s.Load(); err == nil { // else the command says why
		files = append(files, kubeconfig.References()...)
	}
	seen := map[string]bool{"": true}
	for _, file := range files {
		if seen[file] {
			continue
		}
		seen[file] = true
		if info, err := os.Stat(file); err == nil && os.SameFile(info, output) {
			return &failure.ConfigError{
				Err:  fmt.Errorf("%s %s: this is the file %s, which joinctl reads", flag, path, file),
				Hint: "nothing was done; name another file",
			}
		}
	}
	return nil
}

// CheckForeignKubeconfig refuses to write to a kubeconfig with contexts that joinctl did not write. Every error is a
// *failure.ConfigError.
func CheckForeignKubeconfig(flag, path, hint string) error {
	if !kube.HasForeignContexts(path) {
		return nil
	}
	return &failure.ConfigError{
		Err:  fmt.Errorf("%s %s: this kubeconfig has contexts that joinctl did not write", flag, path),
		Hint: hint,
	}
}

// CheckLogFile refuses to write a log or a profile to a file that this run reads, or to any kubeconfig. Every error is a
// *failure.ConfigError.
func (s *Session) CheckLogFile(flag, path string) error {
	if err := s.CheckOutputFile(flag, path); err != nil {
		return err
	}
	return CheckForeignKubeconfig(flag, path, "nothing was done; name another file")
}
