// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// Paths of the API that the commands of administrators use.
const (
	adminSecrets      = "/api/v1/namespaces/kube-system/secrets"
	adminSecret       = adminSecrets + "/*"
	adminInfo         = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
	adminConfigMaps   = "/api/v1/namespaces/kube-public/configmaps"
	adminRBAC         = "/apis/rbac.authorization.k8s.io/v1"
	adminRoles        = adminRBAC + "/namespaces/kube-public/roles"
	adminRoleBindings = adminRBAC + "/namespaces/kube-public/rolebindings"
	adminClusterRoles = adminRBAC + "/clusterroles"
	adminBindings     = adminRBAC + "/clusterrolebindings"
)

// adminOutput collects stderr.
type adminOutput struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (o *adminOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.Write(p)
}

func (o *adminOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.out.String()
}

// adminSession returns a session for all contexts of a kubeconfig, and its stderr. For one server it means the current
// context.
func adminSession(t *testing.T, servers map[string]*apitest.Server) (*session.Session, *adminOutput) {
	t.Helper()
	stderr := &adminOutput{}
	s := session.New(session.Environment{
		Now: time.Now, Rand: rand.Reader, UserAgent: "joinctl/test",
		Terminal: terminal.New(terminal.Streams{In: strings.NewReader(""), Err: stderr}),
	})
	s.Kubeconfig = apitest.Kubeconfig(t, servers)
	s.RequestTimeout, s.Parallel = 5*time.Second, 4
	s.Selection.All = len(servers) > 1
	return s, stderr
}

// adminHub returns a session for one server.
func adminHub(t *testing.T, server *apitest.Server) *session.Session {
	t.Helper()
	s, _ := adminSession(t, map[string]*apitest.Server{"hub": server})
	return s
}

// adminEndpoint returns the endpoint of a server.
func adminEndpoint(t *testing.T, server *apitest.Server) join.Endpoint {
	t.Helper()
	endpoint, err := join.ParseEndpoint(strings.TrimPrefix(server.URL, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	return endpoint
}

// adminWrites returns the requests that changed something, without those of access reviews and dry runs.
func adminWrites(server *apitest.Server) []string {
	return slices.DeleteFunc(server.Requests(), func(request string) bool {
		return strings.HasPrefix(request, "GET ") || strings.Contains(request, "reviews") || strings.Contains(request, "dryRun")
	})
}

func adminWantWrites(t *testing.T, server *apitest.Server, want ...string) {
	t.Helper()
	if got := adminWrites(server); !slices.Equal(got, want) {
		t.Errorf("the writes are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// adminForbidden returns the error of a server that refuses a request.
func adminForbidden(resource string) apierrors.APIStatus {
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no"))
}

// adminWantFailure checks that exactly one target failed, with a reason and some texts in its error and hint.
func adminWantFailure(t *testing.T, failures *session.Failures, reason failure.Reason, texts ...string) {
	t.Helper()
	all := failures.All()
	if len(all) != 1 {
		t.Fatalf("%d failures, want 1: %v", len(all), failures.Errors())
	}
	err := all[0].Err
	if got := failure.ReasonOf(err); got != reason {
		t.Errorf("the reason of %q is %s, want %s", err, got, reason)
	}
	seen := err.Error()
	for known := (*failure.Error)(nil); errors.As(err, &known); err = known.Err {
		seen += "\n" + known.Hint
	}
	for _, text := range texts {
		if !strings.Contains(seen, text) {
			t.Errorf("the error and its hint do not have %q:\n%s", text, seen)
		}
	}
}

// adminDeny makes a server deny joiners everything while a function says so. The administrator may do everything.
func adminDeny(server *apitest.Server, while func() bool) {
	server.Deny(func(user string, _ *authorizationv1.ResourceAttributes) bool {
		return user != "kubernetes-admin" && while()
	})
}

func adminCheck(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
