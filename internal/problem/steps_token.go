// SPDX-License-Identifier: Apache-2.0

package problem

// tokenSteps returns the steps of check that send the token, and those about time.
func tokenSteps() []Problem {
	return []Problem{{
		Code: "JC111", Kind: Step, Name: "authentication",
		Title: "The server does not accept the token",
		Cause: `
The server answers 401 and gives no reason. The token has expired or was
deleted, lacks the usage authentication, has a group that does not begin with
system:bootstrappers:, or kube-apiserver runs without
--enable-bootstrap-token-auth.`,
		See: `
On the control plane, the status of the token with its reason:

    joinctl token list -o wide
    joinctl doctor --probe`,
		Fix: `
Create a new token, or start kube-apiserver with
--enable-bootstrap-token-auth if no token is accepted:

    joinctl token create --print-register-command`,
	}, {
		Code: "JC112", Kind: Step, Name: "csr",
		Title: "The token may not request a certificate",
		Cause: `
The groups of the token have no right to create and to read
certificatesigningrequests: the ClusterRoleBinding to
system:node-bootstrapper is missing, or the token is not in the group to
which it is bound.`,
		See: `
On the control plane (csr-creation), and the groups of the token:

    joinctl doctor
    joinctl token list -o wide`,
		Fix: `
On a Karmada control plane:

    joinctl setup

For kubeadm: kubeadm init phase bootstrap-token. Create the token in the
default group if it has other ones.`,
	}, {
		Code: "JC113", Kind: Step, Name: "approval",
		Title: "The certificate request is not approved automatically",
		Cause: `
The groups of the token lack the right to create the subresource by which
the approver decides: clusteragent for Karmada, nodeclient for kubeadm.`,
		See: `
While a cluster joins, its request stays Pending:

    kubectl get certificatesigningrequests`,
		Fix: `
Grant the right, or approve each request by hand while the joiner waits:

    joinctl setup
    kubectl certificate approve NAME`,
	}, {
		Code: "JC114", Kind: Step, Name: "nodes",
		Title: "The token may not read nodes",
		Cause: `
kubeadm join looks for a node of its name. The ClusterRoleBinding
kubeadm:get-nodes is missing, or the token is not in its group.`,
		See: `
On the control plane (node-reads):

    joinctl doctor --joiner kubeadm`,
		Fix: `
On the control plane: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC115", Kind: Step, Name: "kubeadm-config",
		Title: "The token may not read ConfigMap kubeadm-config, or there is none",
		Cause: `
kubeadm join reads kube-system/kubeadm-config. The ConfigMap, its Role or its
RoleBinding is missing, or kubeadm did not install this cluster.`,
		See: `
On the control plane:

    kubectl -n kube-system get configmap,role,rolebinding | grep kubeadm`,
		Fix: `
On the control plane: kubeadm init phase upload-config all.`,
	}, {
		Code: "JC116", Kind: Step, Name: "kubelet-config",
		Title: "The token may not read ConfigMap kubelet-config, or there is none",
		Cause: `
kubeadm join reads kube-system/kubelet-config. The ConfigMap, its Role or its
RoleBinding is missing.`,
		See: `
On the control plane:

    kubectl -n kube-system get configmap,role,rolebinding | grep kubelet`,
		Fix: `
On the control plane: kubeadm init phase upload-config all.`,
	}, {
		Code: "JC117", Kind: Step, Name: "karmada-api",
		Title: "The server does not answer for the API group of Karmada",
		Cause: `
karmadactl register creates a Cluster of cluster.karmada.io. 503:
karmada-aggregated-apiserver does not run, or the control plane does not
reach it. A warning means that the group is missing: this is no Karmada
control plane.`,
		See: `
On the control plane:

    kubectl get apiservices v1alpha1.cluster.karmada.io`,
		Fix: `
Start karmada-aggregated-apiserver and read its logs in the host cluster.
Use the endpoint of the Karmada control plane, not that of its host.`,
	}, {
		Code: "JC118", Kind: Step, Name: "clock",
		Title: "The clock of the machine that joins is wrong",
		Cause: `
It differs from the clock of the server by more than 30 seconds. Tokens and
certificates can seem expired, or not valid yet.`,
		See: `
The cause says which clock is behind, and by how much:

    date -u`,
		Fix: `
Set the clock, for example by NTP:

    timedatectl set-ntp true`,
	}, {
		Code: "JC119", Kind: Step, Name: "time-left",
		Title: "A member cannot know when its token expires",
		Cause: `
A token cannot read its own Secret. This step never fails.`,
		See: `
On the control plane:

    joinctl token list`,
		Fix: `
Nothing is wrong. A token that expires too soon can be extended:

    joinctl token extend ID --ttl 2h`,
	}}
}
