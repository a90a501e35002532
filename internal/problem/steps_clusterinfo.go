// SPDX-License-Identifier: Apache-2.0

package problem

// clusterInfoSteps returns the steps of check that read and verify cluster-info.
func clusterInfoSteps() []Problem {
	return []Problem{{
		Code: "JC105", Kind: Step, Name: "cluster-info",
		Title: "A joiner cannot read cluster-info",
		Cause: `
A joiner reads the ConfigMap kube-public/cluster-info before it has a
credential. 401: the server refuses anonymous requests. 403: a Role or a
RoleBinding in kube-public is missing. 404: the control plane is not set up
for joining by token. Anything else: a proxy, a load balancer or a web server
answers in place of the API server.`,
		See: `
On the machine that joins:

    curl -k https://HOST:PORT/api/v1/namespaces/kube-public/configmaps/cluster-info`,
		Fix: `
On the control plane, doctor shows which part is missing, and setup creates
it for Karmada:

    joinctl doctor
    joinctl setup --endpoint HOST:PORT

For kubeadm: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC106", Kind: Step, Name: "kubeconfig",
		Title: "The kubeconfig in cluster-info cannot be used",
		Cause: `
It is empty or malformed, has no CA, or has not exactly one cluster. A
warning means that its server is not the endpoint: earlier releases of
karmadactl continue at that server, and kubeadm does always.`,
		See: `
On the control plane:

    kubectl -n kube-public get configmap cluster-info -o jsonpath='{.data.kubeconfig}'`,
		Fix: `
On a Karmada control plane, write it again:

    joinctl setup --force --endpoint HOST:PORT

For kubeadm: kubeadm init phase bootstrap-token.`,
	}, {
		Code: "JC107", Kind: Step, Name: "signature",
		Title: "cluster-info is not signed with the token",
		Cause: `
The token does not exist or has expired, its secret is wrong, it lacks the
usage signing, or the controller bootstrapsigner of kube-controller-manager
does not run. The answer of the server to the token tells these apart, as
far as a member can know; the cause says which it is.`,
		See: `
On the control plane, the usages and the status of each token:

    joinctl token list -o wide
    joinctl doctor`,
		Fix: `
Create a new token if this one does not exist or has expired:

    joinctl token create --print-register-command

If the signer does not run, start kube-controller-manager with
--controllers=*,bootstrapsigner,tokencleaner. A change of the Secret of the
token makes a running signer look again.`,
	}, {
		Code: "JC108", Kind: Step, Name: "pin",
		Title: "The CA in cluster-info does not match the pin",
		Cause: `
The pin is of another control plane or of an earlier CA, or it is another
hash than that of the public key of the CA. Or somebody poses as the control
plane. A warning means that no CA is pinned.`,
		See: `
On the control plane, the pins of the CA that joiners find:

    joinctl ca-hash --cluster-info`,
		Fix: `
Make sure that the endpoint is that of the right control plane. Then use the
pin that the control plane prints, in a new command:

    joinctl token command ID`,
	}, {
		Code: "JC109", Kind: Step, Name: "verified-read",
		Title: "The CA in cluster-info does not verify the endpoint",
		Cause: `
A joiner reads cluster-info a second time, over TLS that the CA in it
verifies. Another CA signed the serving certificate, the CA has expired or
is not valid yet, or the content differs from the first reading, because
several servers answer at this address.`,
		See: `
Compare the CA in cluster-info with the issuer of the serving certificate:

    joinctl doctor
    openssl s_client -connect HOST:PORT -showcerts </dev/null`,
		Fix: `
On a Karmada control plane, put the CA of the kubeconfig into cluster-info:

    joinctl setup --force

With several servers behind one address, give all of them one CA and one
cluster-info.`,
	}, {
		Code: "JC110", Kind: Step, Name: "server",
		Title: "The server in cluster-info cannot be used",
		Cause: `
kubeadm join continues at the server that cluster-info names. Its address is
not https, this machine cannot reach it, or its certificate does not cover
it.`,
		See: `
On the control plane:

    kubectl -n kube-public get configmap cluster-info -o jsonpath='{.data.kubeconfig}'`,
		Fix: `
Set controlPlaneEndpoint of kubeadm to an address that all nodes reach and
that the serving certificate covers, then: kubeadm init phase
bootstrap-token.`,
	}}
}
