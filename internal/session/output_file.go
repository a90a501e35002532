// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"os"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// CheckOutputFiles refuses to write to a file that this run reads, under any name: a kubeconfig, a file that one names, or
// one of Inputs. Every error is a *failure.ConfigError.
func (s *Session) CheckOutputFiles(flag string, paths ...string) error {
	var read []readFile
	for _, path := range paths {
		output, err := os.Stat(path)
		if err != nil {
			continue // there is nothing to lose
		}
		if read == nil {
			read = s.filesRead()
		}
		for _, file := range read {
			if os.SameFile(file.info, output) {
				return &failure.ConfigError{
					Err:  fmt.Errorf("%s %s: this is the file %s, which joinctl reads", flag, path, file.path),
					Hint: "nothing was done; name another file",
				}
			}
		}
	}
	return nil
}

// A readFile is a file that this run reads.
type readFile struct {
	path string
	info os.FileInfo
}

// filesRead returns the files that this run reads and that exist.
func (s *Session) filesRead() []readFile {
	files := append(kube.KubeconfigFiles(s.Kubeconfig), s.Inputs...)
	if kubeconfig, err := s.Load(); err == nil { // else the command says why
		files = append(files, kubeconfig.References()...)
	}
	seen := map[string]bool{"": true}
	read := []readFile{}
	for _, file := range files {
		if seen[file] {
			continue
		}
		seen[file] = true
		if info, err := os.Stat(file); err == nil {
			read = append(read, readFile{file, info})
		}
	}
	return read
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
	if err := s.CheckOutputFiles(flag, path); err != nil {
		return err
	}
	return CheckForeignKubeconfig(flag, path, "nothing was done; name another file")
}
