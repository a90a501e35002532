// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
)

// Paths of the API, and the Secret of a revocable token of a session with fixedNames.
const (
	defaultSecrets    = "/api/v1/namespaces/default/secrets"
	anyDefaultSecret  = defaultSecrets + "/*"
	robotTokenPath    = "/api/v1/namespaces/default/serviceaccounts/robot/token"
	tokenReviewsPath  = "/apis/authentication.k8s.io/v1/tokenreviews"
	selfReviewsPath   = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	rootCAPath        = "/api/v1/namespaces/default/configmaps/" + rootCAConfigMap
	clustersPath      = "/apis/" + kube.KarmadaGroup + "/v1alpha1/clusters"
	proxyOfM1         = clustersPath + "/m1/proxy"
	robotSecret       = "robot-token-0000000000"
	createSecret      = "POST " + defaultSecrets
	requestRobotToken = "POST " + robotTokenPath
	recordExpiration  = "PUT " + defaultSecrets + "/" + robotSecret
	deleteRobotSecret = "DELETE " + defaultSecrets + "/" + robotSecret
)

// zeros is a source of randomness that many goroutines can read.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// fixedNames makes a session give every Secret the name robotSecret.
func fixedNames(s *session.Session) { s.Rand = zeros{} }

// ofMembers makes a session mean members of the selected contexts.
func ofMembers(names ...string) func(*session.Session) {
	return func(s *session.Session) { s.Members.Names = names }
}

// robot is the ServiceAccount of these tests.
func robot() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "robot"}}
}

// withRobot returns a server that has the ServiceAccount robot.
func withRobot(t *testing.T, options ...func(*apitest.Server)) *apitest.Server {
	t.Helper()
	server := apitest.New(t, options...)
	server.Put(robot())
	return server
}

// withMember returns a control plane and its member m1. Both have the ServiceAccount robot, and the member publishes its
// certificate authority.
func withMember(t *testing.T) (hub, member *apitest.Server) {
	t.Helper()
	hub, member = withRobot(t, apitest.Karmada), withRobot(t)
	hub.AddMember("m1", member)
	member.Put(rootCA(member.CA))
	return hub, member
}

// rootCA is the ConfigMap in which a cluster publishes its certificate authority.
func rootCA(ca []byte) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: rootCAConfigMap},
		Data:       map[string]string{rootCAKey: string(ca)},
	}
}

// setCluster replaces the Cluster m1 of a control plane by one with a spec.
func setCluster(hub *apitest.Server, spec map[string]any) {
	cluster := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": kube.KarmadaGroup + "/v1alpha1", "kind": "Cluster",
		"metadata": map[string]any{"name": "m1"}, "spec": spec,
	}}
	hub.Put(cluster)
}

// editKubeconfig changes the kubeconfig of a session.
func editKubeconfig(t *testing.T, s *session.Session, edit func(*clientcmdapi.Config)) {
	t.Helper()
	config, err := clientcmd.LoadFromFile(s.Kubeconfig)
	check(t, err)
	edit(config)
	check(t, clientcmd.WriteToFile(*config, s.Kubeconfig))
}

// secretNames returns the names of the Secrets of namespace default.
func secretNames(s *apitest.Server) []string {
	var names []string
	for _, secret := range s.Secrets(metav1.NamespaceDefault) {
		names = append(names, secret.Name)
	}
	return names
}

func wantSecrets(t *testing.T, s *apitest.Server, names ...string) {
	t.Helper()
	if got := secretNames(s); !slices.Equal(got, names) {
		t.Errorf("secrets: %q, want %q", got, names)
	}
}

// wantHint fails unless the hint of an error contains texts.
func wantHint(t *testing.T, err error, texts ...string) {
	t.Helper()
	hint := hintOf(err)
	if config, ok := errors.AsType[*failure.ConfigError](err); ok {
		hint = config.Hint
	}
	wantText(t, hint, texts...)
}
