// SPDX-License-Identifier: Apache-2.0

package join

import (
	"crypto/x509/pkix"
	"errors"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/token"
)

// Kubeadm is kubeadm join: a node joins a cluster.
const Kubeadm Joiner = "kubeadm"

const (
	bootstrapTokenPhase = "kubeadm init phase bootstrap-token"
	uploadConfigPhase   = "kubeadm init phase upload-config all"
	kubeadmConfig       = "kubeadm-config"
)

// kubeadm describes kubeadm join (cmd/kubeadm/app/cmd/join.go). Its certificate request is the kubelet's
// (pkg/kubelet/certificate/bootstrap/bootstrap.go).
func kubeadm() Description {
	const group, nodes = "system:bootstrappers:kubeadm:default-node-token", "system:nodes"
	reads := kubeadmReads()
	request := CertificateRequest{
		Subject:  pkix.Name{CommonName: "system:node:joinctl-check", Organization: []string{nodes}},
		Signer:   certificatesv1.KubeAPIServerClientKubeletSignerName,
		Usages:   []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth},
		Approval: "nodeclient",

		NamePrefix:        "system:node:",
		Approver:          "csrapproving of kube-controller-manager",
		SigningController: csrSigning,
	}
	return Description{
		Joiner:      Kubeadm,
		Command:     []string{"kubeadm", "join"},
		TokenFlags:  []string{flagToken, "--discovery-token"},
		BearerFlags: []string{"--tls-bootstrap-token"},
		Flags: slices.Concat(
			flags("apiserver-advertise-address apiserver-bind-port certificate-key config cri-socket discovery-file "+
				"ignore-preflight-errors node-name patches rootfs skip-phases", false),
			flags("control-plane dry-run", true),
			[]Flag{{Name: "experimental-kustomize", Shorthand: "k"}}, // this one and the next are of earlier releases
			flags("experimental-patches feature-gates ignore-checks-errors", false),
			flags("experimental-control-plane skip-preflight-checks", true),
			LoggingFlags(),
		),
		Group:              group,
		Usages:             []string{token.Signing, token.Authentication},
		ChooseCluster:      unnamedOrCurrentCluster,
		InsecureWithoutPin: true,
		FollowsServer:      true,
		Reads:              reads,
		Request:            request,
		APIGroup: APIGroup{
			Name:     karmadaGroup,
			Version:  "v1alpha1",
			Mismatch: "it is a Karmada control plane, and no node joins it with kubeadm",
			Fix:      "members join with karmadactl register: leave --joiner out",
		},
		Grants: append(commonGrants(group, request.Approval, nodes, "selfnodeclient"), nodeReads(group, reads)),
		SetUp: SetUp{
			ConfigMap:   kubeadmConfig,
			Command:     bootstrapTokenPhase,
			ClusterInfo: bootstrapTokenPhase + " creates it",
			Rights:      bootstrapTokenPhase + " and phase upload-config grant it",
			Cleaner:     "the controller tokencleaner of kube-controller-manager deletes them: it is off by default",
		},
	}
}

// kubeadmReads returns what kubeadm join reads before it requests a certificate (cmd/kubeadm/app/util/config/cluster.go):
// it looks for a node of its name, and reads how to configure the kubelet.
func kubeadmReads() []Read {
	config := func(name string) Access {
		return Access{Verb: "get", Resource: "configmaps", Namespace: metav1.NamespaceSystem, Name: name}
	}
	return []Read{
		{Step: "nodes", Access: Access{Verb: "get", Resource: "nodes"}, SetUp: bootstrapTokenPhase},
		{Step: "kubeadm-config", Access: config(kubeadmConfig), SetUp: uploadConfigPhase},
		{Step: "kubelet-config", Access: config("kubelet-config"), SetUp: uploadConfigPhase},
	}
}

// nodeReads is the right to read all of that. kubeadm init grants it (cmd/kubeadm/app/phases/bootstraptoken,
// .../uploadconfig).
func nodeReads(group string, reads []Read) Grant {
	grant := Grant{Name: GrantNodeReads, Purpose: "kubeadm join looks for a node of its name, and reads how to configure the kubelet"}
	for _, read := range reads {
		grant.Needs = append(grant.Needs, read.Access)
	}
	return tokenGrant(grant, group)
}

// unnamedOrCurrentCluster returns a cluster without a name, else the cluster of the current context
// (cmd/kubeadm/app/util/kubeconfig/kubeconfig.go).
func unnamedOrCurrentCluster(config *clientcmdapi.Config) (*clientcmdapi.Cluster, error) {
	if cluster := config.Clusters[""]; cluster != nil {
		return cluster, nil
	}
	if context := config.Contexts[config.CurrentContext]; context != nil && config.Clusters[context.Cluster] != nil {
		return config.Clusters[context.Cluster], nil
	}
	return nil, errors.New("its kubeconfig has neither an unnamed cluster nor a current context")
}
