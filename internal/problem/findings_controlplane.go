// SPDX-License-Identifier: Apache-2.0

package problem

// controlPlaneFindings returns the findings about the user and the control plane as a whole.
func controlPlaneFindings() []Problem {
	return []Problem{{
		Code: "JC201", Kind: Finding, Name: "identity",
		Title: "Who you are, and what an operator of tokens may do",
		Cause: `
Information: the user and the groups as which the server knows you, and the
rights to create, list and delete Secrets in kube-system. A warning means
that the server refuses to answer.`,
		See: `
    kubectl auth whoami
    kubectl auth can-i --list -n kube-system`,
		Fix: `
Use a context with more rights, or get the missing ones granted:

    joinctl doctor --context NAME`,
	}, {
		Code: "JC202", Kind: Finding, Name: "kind",
		Title: "For which joiner the control plane was judged",
		Cause: `
Information: doctor names the program for which it judged the control plane.
A warning means that this program cannot join here: karmadactl register needs
a server with cluster.karmada.io, and kubeadm join one without it.`,
		See: `
    kubectl api-versions | grep cluster.karmada.io`,
		Fix: `
Use the context of the Karmada control plane, not that of its host or of a
member, or name the other joiner:

    joinctl doctor --joiner kubeadm`,
	}, {
		Code: "JC203", Kind: Finding, Name: "aggregated-api",
		Title: "karmada-aggregated-apiserver does not answer",
		Cause: `
The control plane has an APIService for cluster.karmada.io, and nothing
answers behind it. No cluster can join, and no member is reached.`,
		See: `
    kubectl get apiservices v1alpha1.cluster.karmada.io -o yaml`,
		Fix: `
Start karmada-aggregated-apiserver in the host cluster. The Service that the
APIService names must lead to its Pods, and its certificate must be valid.
The logs of its Pods say more:

    kubectl -n karmada-system logs deployment/karmada-aggregated-apiserver`,
	}}
}

// otherFindings returns the findings about the clock, the probe, and what doctor may not examine.
func otherFindings() []Problem {
	return []Problem{{
		Code: "JC226", Kind: Finding, Name: "clock",
		Title: "The clock of this machine differs from that of the server",
		Cause: `
It differs by more than 30 seconds. Tokens and certificates can seem expired,
or not valid yet.`,
		See: `
The finding says which clock is behind, and by how much:

    date -u`,
		Fix: `
Set the wrong clock, for example by NTP:

    timedatectl set-ntp true`,
	}, {
		Code: "JC227", Kind: Finding, Name: "bootstrap-auth",
		Title: "Whether kube-apiserver accepts bootstrap tokens",
		Cause: `
Information. Nothing in the API shows whether kube-apiserver runs with
--enable-bootstrap-token-auth: only the use of a token does.`,
		See: `
    joinctl doctor --probe`,
		Fix: `
Run the probe. If it reports JC111, start kube-apiserver with
--enable-bootstrap-token-auth.`,
	}, {
		Code: "JC228", Kind: Finding, Name: "probe",
		Title: "The result of a join that doctor tried",
		Cause: `
Information: every step works up to the certificate. A warning means that
you may not create the token that the probe needs. A step that fails is
reported as probe-STEP, with the code of the step.`,
		See: `
    kubectl auth can-i create secrets -n kube-system`,
		Fix: `
Use a context that may create and delete Secrets in kube-system:

    joinctl doctor --probe --context NAME`,
	}, {
		Code: "JC229", Kind: Finding, Name: "access",
		Title: "doctor may not ask for the rights of joiners",
		Cause: `
You may not create subjectaccessreviews, so nobody knows whether joiners
have their rights.`,
		See: `
    kubectl auth can-i create subjectaccessreviews.authorization.k8s.io`,
		Fix: `
Get this right, for example by the ClusterRole system:auth-delegator, or use
another context.`,
	}, {
		Code: "JC230", Kind: Finding, Name: "tokens",
		Title: "doctor may not list bootstrap tokens",
		Cause: `
You may not list Secrets in kube-system, so nobody knows whether a token is
wrong, or whether the signer and the cleaner run.`,
		See: `
    kubectl auth can-i list secrets -n kube-system`,
		Fix: `
Get this right, or use another context.`,
	}, {
		Code: "JC231", Kind: Finding, Name: "groups",
		Title: "doctor may not read roles and bindings",
		Cause: `
You may not list bindings or read roles, so nobody knows whether the groups
of bootstrap tokens have too many rights.`,
		See: `
    kubectl auth can-i list clusterrolebindings
    kubectl auth can-i get clusterroles`,
		Fix: `
Get these rights, or use another context.`,
	}, {
		Code: "JC232", Kind: Finding, Name: "certificate-requests",
		Title: "doctor may not read the objects that grant approval",
		Cause: `
Certificate requests wait, and you may not read what doctor needs to judge
them, so nobody knows whether their approver runs.`,
		See: `
    kubectl get certificatesigningrequests
    kubectl auth can-i get clusterroles`,
		Fix: `
Get this right, or use another context.`,
	}}
}
