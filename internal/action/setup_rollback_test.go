// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"net/http"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

func TestSetupRollsBackInReverseOrderIfAChangeFails(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	server.On(http.MethodPost, adminRoleBindings, apitest.Refuse(adminForbidden("rolebindings")).Skip(1))
	result := runSetup(t, setupOf(t, server))
	adminWantFailure(t, result.Failures, failure.Forbidden, "the earlier changes were rolled back: create rolebinding kube-public/"+infoReader)
	if len(result.Plans) > 0 {
		t.Errorf("the plans are %+v", result.Plans)
	}
	adminWantWrites(t, server, append(setupPosts()[:3:3], "DELETE "+adminRoles+"/"+infoReader, "DELETE "+adminInfo)...)
}

func TestSetupRestoresAnObjectThatItChanged(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: approver}, Rules: []rbacv1.PolicyRule{{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods"}}}}
	server.Put(role)
	server.On(http.MethodPost, adminBindings, apitest.Refuse(adminForbidden("clusterrolebindings")).Skip(5))
	setup := setupOf(t, server)
	result := runSetup(t, setup)
	adminWantFailure(t, result.Failures, failure.Forbidden, "rolled back")
	put := "PUT " + adminClusterRoles + "/" + approver
	if got := strings.Count(strings.Join(adminWrites(server), "\n"), put); got != 2 {
		t.Errorf("%d updates, want the change and its rollback: %q", got, adminWrites(server))
	}
	targets, err := setup.Session.Targets()
	adminCheck(t, err)
	client, err := setup.Session.Client(targets[0])
	adminCheck(t, err)
	defer client.Close()
	restored := &rbacv1.ClusterRole{TypeMeta: metav1.TypeMeta{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole"}, ObjectMeta: metav1.ObjectMeta{Name: approver}}
	adminCheck(t, client.Read(t.Context(), restored))
	if len(restored.Rules) != 1 || restored.Rules[0].Resources[0] != "pods" {
		t.Errorf("the rules are %+v", restored.Rules)
	}
}

func TestSetupNamesAChangeThatCannotBeRolledBack(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	server.On(http.MethodPost, adminRoleBindings, apitest.Refuse(adminForbidden("rolebindings")).Skip(1))
	server.On(http.MethodDelete, adminRoles+"/*", apitest.Refuse(adminForbidden("roles")))
	setup := setupOf(t, server)
	result := runSetup(t, setup)
	failures := result.Failures.Errors()
	if len(failures) != 1 {
		t.Fatalf("the failures are %v", failures)
	}
	for _, text := range []string{"create rolebinding", "role kube-public/" + infoReader + " still exists in context hub"} {
		if !strings.Contains(failures[0].Error(), text) {
			t.Errorf("the failure does not have %q: %v", text, failures[0])
		}
	}
	adminWantWrites(t, server, append(setupPosts()[:3:3], "DELETE "+adminRoles+"/"+infoReader, "DELETE "+adminInfo)...)
}

func TestSetupNamesAChangeThatMayExist(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	server.On(http.MethodPost, adminRoleBindings, apitest.LoseAnswer().Skip(1))
	server.On(http.MethodGet, adminRoleBindings+"/*", apitest.Refuse(adminForbidden("rolebindings")).Skip(1))
	setup := setupOf(t, server)
	result := runSetup(t, setup)
	adminWantFailure(t, result.Failures, failure.Unknown,
		"rolebinding kube-public/"+infoReader+" may exist: the earlier changes were rolled back",
		"kubectl delete rolebinding "+infoReader+" --namespace kube-public --kubeconfig "+setup.Session.Kubeconfig+" --context hub")
	adminWantWrites(t, server, append(setupPosts()[:3:3], "DELETE "+adminRoles+"/"+infoReader, "DELETE "+adminInfo)...)
}

func TestSetupNamesAnUpdateThatMayHaveBeenMade(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	server.Put(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: approver}})
	server.On(http.MethodPut, adminClusterRoles+"/*", apitest.LoseAnswer().Skip(1))
	server.On(http.MethodGet, adminClusterRoles+"/"+approver, apitest.Refuse(adminForbidden("clusterroles")).Skip(1))
	result := runSetup(t, setupOf(t, server))
	adminWantFailure(t, result.Failures, failure.Unknown,
		"the change to clusterrole "+approver+" may exist", "kubectl edit clusterrole "+approver+" --kubeconfig ")
}

func TestSetupFindsChangesWithALostOrRepeatedAnswer(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*apitest.Server) apitest.Fault{
		"lost":             func(*apitest.Server) apitest.Fault { return apitest.LoseAnswer().Skip(1) },
		"a web page":       func(s *apitest.Server) apitest.Fault { return s.Hostile()["web page"].Skip(1) },
		"another kind":     func(s *apitest.Server) apitest.Fault { return s.Hostile()["Pod"].Skip(1) },
		"sent twice":       func(s *apitest.Server) apitest.Fault { return s.Twice().Skip(1) },
		"an answer of 204": func(s *apitest.Server) apitest.Fault { return s.Hostile()["no content"].Skip(1) },
	} {
		server := newPlane(t, 0)
		server.Put(&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: approver}})
		server.On(http.MethodPost, adminRoleBindings, fault(server))
		server.On(http.MethodPut, adminClusterRoles+"/*", fault(server))
		result := runSetup(t, setupOf(t, server))
		if result.Failures.Any() || len(result.Plans) != 1 {
			t.Errorf("%s: %v", name, result.Failures.Errors())
		}
	}
}

func TestSetupStopsAndRollsBackIfTheContextEnds(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodPost, adminRoles, apitest.Do(func(r *http.Request) {
		if !r.URL.Query().Has("dryRun") {
			cancel()
		}
	}))
	result, err := setupOf(t, server).Run(ctx)
	adminCheck(t, err)
	adminWantFailure(t, result.Failures, failure.Interrupted, "rolled back")
	adminWantWrites(t, server, append(setupPosts()[:2:2], "DELETE "+adminRoles+"/"+infoReader, "DELETE "+adminInfo)...)
}
