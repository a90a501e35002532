// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

func TestARequestIsSentAgainIfTheServerNamesAShortTime(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]int{0: 1, 1: 2, 2: 2, 3: 1} {
		t.Run(http.StatusText(http.StatusTooManyRequests), func(t *testing.T) {
			t.Parallel()
			server, c := answerPlane(t)
			server.On(http.MethodGet, "/api/v1/namespaces/ns/secrets/stored", apitest.Refuse(apierrors.NewTooManyRequests("busy", seconds)).Times(1))
			_, err := c.Secrets("ns").Get(t.Context(), "stored", metav1.GetOptions{})
			if sent := len(server.Requests()); sent != want || (err == nil) != (want == 2) {
				t.Errorf("%d seconds: %d requests, %v", seconds, sent, err)
			}
			if err != nil && failure.ReasonOf(err) != failure.TooManyRequests {
				t.Errorf("%d seconds: %v", seconds, err)
			}
		})
	}
}

func TestForeignContextsAreThoseThatJoinctlDidNotWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const contexts = "apiVersion: v1\nkind: Config\ncontexts:\n- name: a\n  context: {cluster: a}\n"
	for name, test := range map[string]struct {
		content string
		foreign bool
	}{
		"contexts":   {contexts, true},
		"ours":       {WrittenMark + "\n" + contexts, false},
		"no context": {"apiVersion: v1\nkind: Config\n", false},
		"no YAML":    {"\t{", false},
		"empty":      {"", false},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if HasForeignContexts(path) != test.foreign {
			t.Errorf("%s: foreign: %v", name, !test.foreign)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		if HasForeignContexts(path) {
			t.Errorf("%s is foreign", path)
		}
	}
}
