// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
)

// denyApproval makes a server approve no certificate request of Karmada's agents.
func denyApproval(s *apitest.Server) {
	s.Deny(func(_ string, access *authorizationv1.ResourceAttributes) bool {
		return access.Subresource == "clusteragent"
	})
}

func TestDoctorFindsOutForWhichJoinerAControlPlaneIs(t *testing.T) {
	t.Parallel()
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "kubeadm-config"}}
	const path = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config"
	refuse := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "kubeadm-config", nil)
	for name, test := range map[string]struct {
		server  *apitest.Server
		prepare func(*apitest.Server)
		want    string // in the evidence of check kind
		errors  bool   // doctor reports errors, since the control plane lacks what the joiner needs
	}{
		"Karmada":                  {apitest.New(t, apitest.Karmada, apitest.Joinable), func(*apitest.Server) {}, "judged for karmadactl register", false},
		"Karmada that is down":     {apitest.New(t, apitest.Karmada, apitest.Joinable), (*apitest.Server).StopAggregated, "judged for karmadactl register", true},
		"Karmada without its API":  {apitest.New(t, apitest.Joinable), func(*apitest.Server) {}, "no API group cluster.karmada.io", false},
		"kubeadm":                  {apitest.New(t, apitest.Joinable), func(s *apitest.Server) { denyApproval(s); s.Put(config) }, "judged for kubeadm join", false},
		"kubeadm, no cluster-info": {apitest.New(t), func(s *apitest.Server) { denyApproval(s); s.Put(config) }, "judged for kubeadm join", true},
		"another program":          {apitest.New(t), denyApproval, "for no program that joinctl knows (karmadactl register, kubeadm join)", false},
		"cannot be told": {apitest.New(t), func(s *apitest.Server) {
			denyApproval(s)
			s.On(http.MethodGet, path, apitest.Refuse(refuse))
		}, "no API group cluster.karmada.io", true},
	} {
		test.prepare(test.server)
		found, err := (&Doctor{Session: adminHub(t, test.server), Probe: name == "another program"}).Run(t.Context())
		adminCheck(t, err)
		if f := findingOf(found, "kind"); !strings.Contains(f.Evidence, test.want) {
			t.Errorf("%s: %+v", name, f)
		}
		worst := found.Targets[0].Findings[0]
		if (worst.Severity == controlplane.Error) != test.errors || !found.Targets[0].Complete {
			t.Errorf("%s: %+v", name, found.Targets[0])
		}
		if slices.ContainsFunc(adminWrites(test.server), func(write string) bool { return strings.Contains(write, "secrets") }) {
			t.Errorf("%s: writes %q", name, adminWrites(test.server))
		}
	}
}

func TestALoopbackAddressInClusterInfoIsInformationIfTheWholeControlPlaneIsThere(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada, apitest.Joinable) // its certificate has no other address
	f := findingOf(diagnose(t, &Doctor{Session: adminHub(t, hub)}), "cluster-info-server")
	if f.Severity != controlplane.Info || !strings.Contains(f.Evidence, "a loopback address") {
		t.Errorf("found %+v", f)
	}
}
