// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/cluster-bootstrap/token/jws"
)

// PublishClusterInfo stores kube-public/cluster-info with the server's own URL and CA.
func (s *Server) PublishClusterInfo() {
	s.t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters[""] = &clientcmdapi.Cluster{Server: s.URL, CertificateAuthorityData: s.CA}
	text, err := clientcmd.Write(*config)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Put(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespacePublic, Name: bootstrapapi.ConfigMapClusterInfo},
		Data:       map[string]string{bootstrapapi.KubeConfigKey: string(text)},
	})
}

// Sign signs cluster-info with bootstrap tokens, which need not be stored.
func (s *Server) Sign(tokens ...string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changeClusterInfo(func(info *corev1.ConfigMap) {
		for _, token := range tokens {
			id, secret, _ := strings.Cut(token, ".")
			s.sign(info, id, secret)
		}
	})
}

// signAll signs with all tokens that are stored and with no other, as the bootstrap signer does
// (k8s.io/kubernetes/pkg/controller/bootstrap/bootstrapsigner.go). It needs the lock.
func (s *Server) signAll() {
	s.changeClusterInfo(func(info *corev1.ConfigMap) {
		maps.DeleteFunc(info.Data, func(name, _ string) bool { return strings.HasPrefix(name, bootstrapapi.JWSSignatureKeyPrefix) })
		for _, secret := range s.secrets(metav1.NamespaceSystem) {
			if secret.Type == bootstrapapi.SecretTypeBootstrapToken && string(secret.Data[bootstrapapi.BootstrapTokenUsageSigningKey]) == "true" {
				s.sign(info, string(secret.Data[bootstrapapi.BootstrapTokenIDKey]), string(secret.Data[bootstrapapi.BootstrapTokenSecretKey]))
			}
		}
	})
}

// changeClusterInfo stores cluster-info where it has a kubeconfig and a function changes its data. It needs the lock.
func (s *Server) changeClusterInfo(change func(*corev1.ConfigMap)) {
	k := key{schema.GroupResource{Resource: "configmaps"}, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo}
	stored, ok := s.objects[k].(*corev1.ConfigMap)
	if !ok || stored.Data[bootstrapapi.KubeConfigKey] == "" {
		return
	}
	changed := stored.DeepCopy()
	change(changed)
	if !maps.Equal(changed.Data, stored.Data) {
		s.store(k, changed)
	}
}

func (s *Server) sign(info *corev1.ConfigMap, id, secret string) {
	signature, err := jws.ComputeDetachedSignature(info.Data[bootstrapapi.KubeConfigKey], id, secret)
	if err != nil {
		s.t.Errorf("sign cluster-info with token %s: %v", id, err)
		return
	}
	info.Data[bootstrapapi.JWSSignatureKeyPrefix+id] = signature
}
