// SPDX-License-Identifier: Apache-2.0

package problem

// rightsFindings returns the findings about the rights of everybody who takes part in a join.
func rightsFindings() []Problem {
	return []Problem{{
		Code: "JC209", Kind: Finding, Name: "anonymous-read",
		Title: "Anonymous users may not read cluster-info",
		Cause: `
A Role and a RoleBinding in kube-public have to let user system:anonymous get
ConfigMap cluster-info. One of them is missing.`,
		See: `
    kubectl auth can-i get configmap/cluster-info -n kube-public --as system:anonymous --as-group system:unauthenticated`,
		Fix: `
On a Karmada control plane:

    joinctl setup

For kubeadm: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC210", Kind: Finding, Name: "csr-creation",
		Title: "Tokens may not request certificates",
		Cause: `
The group of the tokens is not bound to the ClusterRole
system:node-bootstrapper, or the binding names another group.`,
		See: `
    kubectl get clusterrolebindings -o wide | grep node-bootstrapper`,
		Fix: `
On a Karmada control plane:

    joinctl setup

For kubeadm: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC211", Kind: Finding, Name: "csr-approval",
		Title: "Certificate requests of joiners are not approved automatically",
		Cause: `
The group of the tokens may not create the subresource by which the approver
decides: clusteragent for Karmada, nodeclient for kubeadm.`,
		See: `
    kubectl get certificatesigningrequests`,
		Fix: `
On a Karmada control plane:

    joinctl setup

For kubeadm: kubeadm init phase bootstrap-token. Until then, approve each
request by hand:

    kubectl certificate approve NAME`,
	}, {
		Code: "JC212", Kind: Finding, Name: "csr-rotation",
		Title: "Joined clusters cannot renew their certificates automatically",
		Cause: `
The group of the members may not create the subresource selfclusteragent
(for nodes: selfnodeclient). Clusters join, and lose their connection when
their certificate expires.`,
		See: `
    kubectl get clusterrolebindings -o wide | grep certificate-rotation`,
		Fix: `
On a Karmada control plane:

    joinctl setup

For kubeadm: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC213", Kind: Finding, Name: "agent-rbac",
		Title: "karmadactl register cannot set a member up",
		Cause: `
karmadactl register gives the agent of the member its rights as user
system:karmada:agent:rbac-generator. That user lacks some of the rights that
it grants, or may not create roles and bindings.`,
		See: `
    kubectl get clusterrole,clusterrolebinding system:karmada:agent-rbac-generator -o yaml`,
		Fix: `
Grant the rights. setup shows its plan first:

    joinctl setup`,
	}, {
		Code: "JC214", Kind: Finding, Name: "agent-rbac-power",
		Title: "The rbac-generator may do everything",
		Cause: `
Information: karmadactl init grants user system:karmada:agent:rbac-generator
all rights. Whoever holds a bootstrap token of the group of the joiners can
become this user where requests are approved automatically.`,
		See: `
    kubectl get clusterrole system:karmada:agent-rbac-generator -o yaml`,
		Fix: `
Keep tokens short-lived. To grant fewer rights, delete the ClusterRole and
its binding, and have setup create them with the rules that a join needs:

    joinctl setup`,
	}, {
		Code: "JC215", Kind: Finding, Name: "node-reads",
		Title: "Tokens may not read what kubeadm join reads",
		Cause: `
kubeadm join looks for a node of its name and reads the ConfigMaps
kubeadm-config and kubelet-config in kube-system. A role or a binding is
missing.`,
		See: `
    kubectl get clusterrolebinding kubeadm:get-nodes
    kubectl -n kube-system get role,rolebinding | grep -e kubeadm -e kubelet`,
		Fix: `
On the control plane:

    kubeadm init phase bootstrap-token
    kubeadm init phase upload-config all`,
	}, {
		Code: "JC225", Kind: Finding, Name: "group-rights",
		Title: "Bootstrap tokens have more rights than a join needs",
		Cause: `
A binding grants rights to a group of bootstrap tokens. Whoever has one of
these tokens has the rights too: a token is short, appears on command lines
and is seldom revoked.`,
		See: `
The finding names the binding:

    kubectl get clusterrolebindings,rolebindings -A -o wide | grep system:bootstrappers`,
		Fix: `
Delete the binding. Bind the rights to a ServiceAccount or to the group of
the joined clusters.`,
	}}
}
