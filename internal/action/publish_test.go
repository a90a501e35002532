// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/session"
)

const consumerPath = "/api/v1/namespaces/apps/secrets"

func isTest(content []byte) bool { return bytes.HasPrefix(content, []byte("test")) }

func testContent(value string) publish.Content {
	return publish.Content{Data: map[string][]byte{"token": []byte(value)}}
}

// openSecret opens the Secret apps/join for a session that means one context.
func openSecret(t *testing.T, s *session.Session, p Publication) (Destination, error) {
	t.Helper()
	p.Secret = publish.SecretRef{Namespace: "apps", Name: "join"}
	targets, err := s.Targets()
	check(t, err)
	var own *kube.Client
	if p.Context == "" {
		own, err = s.Client(targets[0])
		check(t, err)
		t.Cleanup(own.Close)
	}
	d, closing, err := p.OpenSecret(t.Context(), s, targets[0], own)
	t.Cleanup(closing)
	return d, err
}

func TestASecretIsPublishedInAnotherContextOfTheKubeconfig(t *testing.T) {
	t.Parallel()
	hub, other := apitest.New(t), apitest.New(t)
	s, _ := newSession(t, servers{"hub": hub, "other": other}, inContext("hub"))
	d, err := openSecret(t, s, Publication{Context: "other"})
	check(t, err)
	check(t, d.Check(t.Context(), testContent("x")))
	change, err := d.Write(t.Context(), testContent("test"), None)
	check(t, err)
	if change.Change != publish.Created || change.Where != "secret apps/join in context other" || change.Secret != "apps/join" {
		t.Errorf("changed %+v", change)
	}
	wantRequests(t, hub)
	wantRequests(t, other, "GET "+consumerPath+"/join", "POST "+consumerPath+"?dryRun=All", "POST "+consumerPath)
}

func TestASecretOfAContextThatDoesNotExistIsAMistakeInTheCommandLine(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)})
	if _, err := openSecret(t, s, Publication{Context: "nowhere"}); !failure.IsConfig(err) {
		t.Errorf("%v", err)
	}
}

func TestASecretThatCannotBeWrittenIsNoticedBefore(t *testing.T) {
	t.Parallel()
	foreign := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "join"}}
	t.Run("of somebody else", func(t *testing.T) {
		t.Parallel()
		server := apitest.New(t)
		server.Put(foreign)
		s, _ := newSession(t, servers{"hub": server})
		_, err := openSecret(t, s, Publication{})
		wantError(t, err, failure.Conflict, "apps/join", "joinctl did not make it")
		d, err := openSecret(t, s, Publication{Adopt: true})
		check(t, err)
		change, err := d.Write(t.Context(), testContent("test"), Client)
		if check(t, err); change.Change != publish.Updated || len(change.Keys) != 1 || count(server, http.MethodPut) != 0 {
			t.Errorf("would change %+v", change)
		}
	})
	t.Run("no namespace", func(t *testing.T) {
		t.Parallel()
		server := apitest.New(t)
		server.On(http.MethodPost, consumerPath, apitest.Refuse(apierrors.NewNotFound(corev1.Resource("namespaces"), "apps")))
		s, _ := newSession(t, servers{"hub": server})
		d, err := openSecret(t, s, Publication{})
		check(t, err)
		wantError(t, d.Check(t.Context(), testContent("x")), failure.NotFound, `namespaces "apps" not found`, "in context hub")
	})
	t.Run("no right to read", func(t *testing.T) {
		t.Parallel()
		server := apitest.New(t)
		server.On(http.MethodGet, consumerPath+"/join", apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "join", nil)))
		s, _ := newSession(t, servers{"hub": server})
		_, err := openSecret(t, s, Publication{})
		wantError(t, err, failure.Forbidden, "apps/join", "in context hub")
	})
}

func TestAWriteWithALostAnswerThatCannotBeResolvedIsUnknown(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	d, err := openSecret(t, s, Publication{})
	check(t, err)
	server.On(http.MethodPost, consumerPath, apitest.LoseAnswer())
	server.On(http.MethodGet, consumerPath+"/join", apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "join", nil)))
	_, err = d.Write(t.Context(), testContent("test"), None)
	wantError(t, err, failure.Unknown, "may have been written")
}

func TestAFileIsWrittenOnlyOnChangeAndOnlyIfItIsOwn(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)})
	path := filepath.Join(t.TempDir(), "token")
	write := func(p Publication, value string, want publish.Change) {
		t.Helper()
		p.File = path
		d, err := p.OpenFile(t.Context(), s, isTest)
		check(t, err)
		change, err := d.Write(t.Context(), testContent(value), None)
		if check(t, err); change.Change != want || change.File != path {
			t.Errorf("changed %+v, want %s", change, want)
		}
	}
	write(Publication{}, "test 1", publish.Created)
	info, err := os.Stat(path)
	check(t, err)
	write(Publication{}, "test 1", publish.Unchanged)
	if again, err := os.Stat(path); err != nil || !os.SameFile(info, again) || again.Mode().Perm() != 0o600 {
		t.Errorf("the file was written again, or has mode %s: %v", again.Mode(), err)
	}
	check(t, os.Chmod(path, 0o644))
	write(Publication{}, "test 1", publish.Updated)
	check(t, os.WriteFile(path, []byte("of somebody"), 0o600))
	_, err = (&Publication{File: path}).OpenFile(t.Context(), s, isTest)
	wantError(t, err, failure.Conflict, "--to-file", "joinctl did not write it")
	if !failure.IsConfig(err) {
		t.Error("this is not exit code 2")
	}
	write(Publication{Adopt: true}, "test 2", publish.Updated)
}

func TestAFileThatCannotBeWrittenOrIsReadIsNoticedBefore(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.New(t)})
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "no", "dir"): "no such file or directory",
		t.TempDir():                             "not a regular file",
		s.Kubeconfig:                            "which joinctl reads",
	} {
		_, err := (&Publication{File: path}).OpenFile(t.Context(), s, isTest)
		if wantError(t, err, failure.Invalid, "--to-file", want); !failure.IsConfig(err) {
			t.Error("this is not exit code 2")
		}
	}
}
