// SPDX-License-Identifier: Apache-2.0

package problem

// controllerFindings returns the findings about the controllers that take part in a join.
func controllerFindings() []Problem {
	return []Problem{{
		Code: "JC216", Kind: Finding, Name: "signer",
		Title: "cluster-info is not signed with valid tokens",
		Cause: `
The controller bootstrapsigner of kube-controller-manager signs cluster-info
with each valid token. It is off by default, and misses an update at times:
then a signature is missing or stale, and no cluster can join with that
token. Information means that no token shows whether it runs.`,
		See: `
    kubectl -n kube-public get configmap cluster-info -o yaml
    joinctl doctor --probe`,
		Fix: `
Start kube-controller-manager with
--controllers=*,bootstrapsigner,tokencleaner. If it runs so already, a change
of the Secret of the token makes it look again:

    joinctl token extend ID --ttl 24h`,
	}, {
		Code: "JC217", Kind: Finding, Name: "cleaner",
		Title: "Expired tokens still exist",
		Cause: `
The controller tokencleaner of kube-controller-manager deletes them. It is
off by default, and karmada-operator leaves it off. The server accepts no
expired token.`,
		See: `
    joinctl token list`,
		Fix: `
Start kube-controller-manager with
--controllers=*,bootstrapsigner,tokencleaner, or delete the tokens:

    joinctl token prune`,
	}, {
		Code: "JC218", Kind: Finding, Name: "csr-approver",
		Title: "Certificate requests of joiners are not approved",
		Cause: `
The approver does not run, or fails: agentcsrapproving of
karmada-controller-manager, for kubeadm csrapproving of
kube-controller-manager. Information means that no request shows whether it
runs.`,
		See: `
    kubectl get certificatesigningrequests
    joinctl doctor --probe`,
		Fix: `
Start the controller and read its log. Until then, approve each request by
hand:

    kubectl certificate approve NAME`,
	}, {
		Code: "JC219", Kind: Finding, Name: "csr-signer",
		Title: "Approved certificate requests get no certificate",
		Cause: `
The controller csrsigning of kube-controller-manager does not run, or has no
CA to sign with. Information means that no request shows whether it runs.`,
		See: `
Requests that are Approved, and not Issued:

    kubectl get certificatesigningrequests
    joinctl doctor --probe`,
		Fix: `
Start kube-controller-manager with --cluster-signing-cert-file and
--cluster-signing-key-file, and read its log.`,
	}}
}
