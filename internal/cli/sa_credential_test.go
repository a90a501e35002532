// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
)

func TestWithoutADirectoryForCachesACallerGetsATokenAndAWarning(t *testing.T) {
	server := apitest.New(t)
	server.Put(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "robot"}})
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	var out bytes.Buffer
	code, stderr := adminRun(t, &out, "", "sa", "credential", "robot", "--kubeconfig", kubeconfig)
	if code != ExitOK || !strings.Contains(out.String(), "ExecCredential") {
		t.Errorf("exits %d and prints %q", code, &out)
	}
	if want := "warning: the token is not cached: the environment names no directory for caches; name one with --cache-dir"; !strings.Contains(stderr, want) {
		t.Errorf("got %q, want %q", stderr, want)
	}
}
