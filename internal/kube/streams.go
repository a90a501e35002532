// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/inputfile"
)

// streams reads the pipes and devices that a kubeconfig or flags name in place of certificates, keys and tokens. client-go
// opens such a file more than once, and waits for it without end. Its methods can be called from many goroutines.
type streams struct {
	stop <-chan struct{}

	mu   sync.Mutex
	read map[string]stream // by path: a pipe has its content only once
}

type stream struct {
	content []byte
	err     error
}

// load returns the content of a pipe or a device. It returns false for a regular file, and for a path that cannot be
// opened: client-go reads the file, or says why it cannot. A regular file that is too large is an error.
func (s *streams) load(path string) (content []byte, isStream bool, err error) {
	if path == "" {
		return nil, false, nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil || info.IsDir():
		return nil, false, nil //nolint:nilerr // client-go says so
	case info.Mode().IsRegular():
		return nil, false, inputfile.CheckSize(path, info, inputfile.SmallLimit)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	got, ok := s.read[path]
	if !ok {
		got.content, got.err = inputfile.Read(s.stop, path, inputfile.SmallLimit)
		if got.err == nil && len(got.content) == 0 {
			got.err = &fs.PathError{Op: "read", Path: path, Err: errors.New("it is empty")}
		}
		if s.read == nil {
			s.read = map[string]stream{}
		}
		s.read[path] = got
	}
	return got.content, true, got.err
}

// inline replaces the pipes and devices that a cluster and a user name by their content. Both can be nil.
func (s *streams) inline(cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	if cluster != nil {
		if err := s.inlineOne(&cluster.CertificateAuthority, &cluster.CertificateAuthorityData); err != nil {
			return err
		}
	}
	if user == nil {
		return nil
	}
	if err := s.inlineOne(&user.ClientCertificate, &user.ClientCertificateData); err != nil {
		return err
	}
	if err := s.inlineOne(&user.ClientKey, &user.ClientKeyData); err != nil {
		return err
	}
	token := []byte(user.Token)
	err := s.inlineOne(&user.TokenFile, &token)
	user.Token = string(token)
	return err
}

// inlineOne replaces a file by its content, unless there is content, which takes precedence.
func (s *streams) inlineOne(path *string, content *[]byte) error {
	got, isStream, err := s.load(*path)
	if err != nil || !isStream {
		return err
	}
	*path = ""
	if len(*content) == 0 {
		*content = got
	}
	return nil
}
