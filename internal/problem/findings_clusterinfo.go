// SPDX-License-Identifier: Apache-2.0

package problem

// clusterInfoFindings returns the findings about cluster-info and its readers.
func clusterInfoFindings() []Problem {
	return []Problem{{
		Code: "JC204", Kind: Finding, Name: "cluster-info",
		Title: "There is no cluster-info that a joiner can use",
		Cause: `
The ConfigMap kube-public/cluster-info is missing, or its kubeconfig is
malformed. karmada-operator and old releases of Karmada's Helm chart do not
create it. A warning means that you may not read it.`,
		See: `
    kubectl -n kube-public get configmap cluster-info -o yaml`,
		Fix: `
On a Karmada control plane; --force replaces one that cannot be used:

    joinctl setup --endpoint HOST:PORT
    joinctl setup --force --endpoint HOST:PORT

For kubeadm: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC205", Kind: Finding, Name: "cluster-info-ca",
		Title: "The CA in cluster-info does not verify the control plane",
		Cause: `
Another CA signed the serving certificate, or the CA has expired or is not
valid yet. Information means that another CA in cluster-info verifies the
server.`,
		See: `
The pins of the CA in cluster-info and of the CA of the kubeconfig:

    joinctl ca-hash --cluster-info
    joinctl ca-hash`,
		Fix: `
On a Karmada control plane, put the CA of the kubeconfig into cluster-info.
Join commands with pins of an earlier CA no longer work then:

    joinctl setup --force`,
	}, {
		Code: "JC206", Kind: Finding, Name: "cluster-info-server",
		Title: "Members cannot use the server in cluster-info",
		Cause: `
The server is not https, has a path, is a loopback address or the name of a
Service, does not answer, or is not in its serving certificate. kubeadm and
earlier releases of karmadactl continue there. Information means that it
works for some members, or that the joiner does not go there.`,
		See: `
    kubectl -n kube-public get configmap cluster-info -o jsonpath='{.data.kubeconfig}'`,
		Fix: `
On a Karmada control plane, name an address that all members reach and that
the serving certificate covers:

    joinctl setup --force --endpoint HOST:PORT

For kubeadm, set controlPlaneEndpoint, then: kubeadm init phase
bootstrap-token.`,
	}, {
		Code: "JC207", Kind: Finding, Name: "cluster-info-size",
		Title: "cluster-info is nearly full",
		Cause: `
cluster-info has a signature for each valid token, and a ConfigMap holds 1
MiB: about 9,800 signatures. New tokens get none when it is full.`,
		See: `
    joinctl token list -o name | wc -l`,
		Fix: `
Delete tokens that nobody needs, and create them with a shorter --ttl:

    joinctl token prune`,
	}, {
		Code: "JC208", Kind: Finding, Name: "anonymous-auth",
		Title: "The server refuses requests without a credential",
		Cause: `
kube-apiserver runs with --anonymous-auth=false, or its
AuthenticationConfiguration does not let anonymous requests to cluster-info
through. Joiners have no credential at first.`,
		See: `
    curl -k https://HOST:PORT/api/v1/namespaces/kube-public/configmaps/cluster-info`,
		Fix: `
Start kube-apiserver with --anonymous-auth=true, or allow the path of
cluster-info in the field anonymous.conditions of its
AuthenticationConfiguration.`,
	}}
}
