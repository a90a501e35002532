// SPDX-License-Identifier: Apache-2.0

package join

import (
	"crypto/x509/pkix"
	"fmt"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/token"
)

// Karmada is karmadactl register: a member cluster joins a Karmada control plane.
const Karmada Joiner = "karmada"

const (
	karmadaGroup     = "cluster.karmada.io"
	karmadaAgents    = "system:karmada:agents"               // the group of all members' agents
	karmadaGenerator = "system:karmada:agent:rbac-generator" // the user as whom karmadactl register sets a member up
)

// karmada describes karmadactl register (karmada pkg/karmadactl/register/register.go).
func karmada() Description {
	const group = "system:bootstrappers:karmada:default-cluster-token"
	request := CertificateRequest{
		Subject:  pkix.Name{CommonName: karmadaGenerator, Organization: []string{karmadaAgents}},
		Signer:   certificatesv1.KubeAPIServerClientSignerName,
		Usages:   []certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageKeyEncipherment, certificatesv1.UsageClientAuth},
		Approval: "clusteragent",

		NamePrefix:        "system:karmada:agent:",
		Approver:          "agentcsrapproving of karmada-controller-manager",
		SigningController: csrSigning,
	}
	return Description{
		Joiner:      Karmada,
		Command:     []string{"karmadactl", "register"},
		Aliases:     [][]string{{"kubectl", "karmada", "register"}, {"kubectl-karmada", "register"}},
		DefaultPort: "443",
		TokenFlags:  []string{flagToken},
		PinList:     true,
		ClusterName: ParseClusterName,
		Flags: slices.Concat(
			[]Flag{{Name: "namespace", Shorthand: "n"}},
			flags("cert-expiration-seconds cluster-namespace cluster-provider cluster-region cluster-zones context discovery-timeout "+
				"feature-gates karmada-agent-image karmada-agent-replicas karmada-context kubeconfig proxy-server-address", false),
			flags("dry-run enable-cert-rotation", true),
			flags("ca-cert-path", false), // of earlier releases
			LoggingFlags(),
		),
		Group:         group,
		Usages:        []string{token.Signing, token.Authentication},
		ChooseCluster: onlyCluster,
		StaysSince:    "1.13.10, 1.14.6, 1.15.3 and 1.16",
		Request:       request,
		APIGroup: APIGroup{
			Name: karmadaGroup, Version: "v1alpha1", Step: "karmada-api", Served: true,
			Mismatch: "it is no Karmada control plane, and karmadactl register will fail",
			Fix:      "is this the context of the host or of a member? For nodes, say --joiner kubeadm",
		},
		Grants: append(commonGrants(group, request.Approval, karmadaAgents, "selfclusteragent"), agentRBAC()),
		SetUp: SetUp{
			Command:     "joinctl setup",
			ClusterInfo: "joinctl setup --endpoint HOST:PORT creates it; karmada-operator does not, nor do old releases of the Helm chart",
			Rights:      "joinctl setup grants it",
			Cleaner:     "the controller tokencleaner of kube-controller-manager deletes them: it is off by default, and karmada-operator leaves it off",
		},
	}
}

// onlyCluster returns the only cluster of a kubeconfig.
func onlyCluster(config *clientcmdapi.Config) (*clientcmdapi.Cluster, error) {
	if len(config.Clusters) == 1 {
		for _, cluster := range config.Clusters {
			return cluster, nil
		}
	}
	return nil, fmt.Errorf("its kubeconfig has %d clusters, and karmadactl wants exactly one", len(config.Clusters))
}

// agentRBAC are the rights of the rbac-generator. karmadactl register grants the member's agent its rights as this user, and
// so needs them itself.
func agentRBAC() Grant {
	return Grant{
		Name:    GrantAgentRBAC,
		Purpose: "karmadactl register gives the member's agent its rights, as user " + karmadaGenerator,
		User:    karmadaGenerator,
		Groups:  []string{karmadaAgents, authenticated},
		Needs:   generatorNeeds(),
		Power: "whoever holds a bootstrap token of the joiners' group can become this user where requests are approved automatically: " +
			"it reads every Secret of the control plane, and creates and deletes roles and bindings",
	}
}
