// SPDX-License-Identifier: Apache-2.0

package problem

// serverReasons returns the reasons of failures that the connection or the server gives.
func serverReasons() []Problem {
	return []Problem{{
		Code: "JC301", Kind: Reason, Name: "Unreachable",
		Title: "There is no connection to the API server, or it is not trusted",
		Cause: `
The address is wrong, nothing listens there, a firewall or a proxy is in
between, or the certificate of the server is not one that the kubeconfig
trusts. A server that answers 503 is unreachable too.`,
		See: `
The requests with their errors:

    joinctl token list -v=6
    joinctl contexts`,
		Fix: `
Start the API server, or correct server and certificate-authority in the
kubeconfig. With --tls-server-name, joinctl accepts another name in the
certificate.`,
	}, {
		Code: "JC302", Kind: Reason, Name: "Timeout",
		Title: "No answer came in time",
		Cause: `
The message says what is missing: a TCP connection, a TLS handshake, or the
answer. The server is overloaded, waits for etcd or for a webhook, or a
firewall drops the packets.`,
		See: `
How long each request takes:

    joinctl token list -v=6`,
		Fix: `
Look at the load of the API server and of etcd. Allow more time, or send
fewer requests at once:

    joinctl token list --request-timeout 1m --parallel 4`,
	}, {
		Code: "JC303", Kind: Reason, Name: "TooManyRequests",
		Title: "The server refuses requests for now",
		Cause: `
API Priority and Fairness, or a proxy, answers 429. The request was not
executed.`,
		See: `
    kubectl get flowschemas`,
		Fix: `
Try again when the hint says so, and send fewer requests at once:

    joinctl token list --all-contexts --parallel 4`,
	}, {
		Code: "JC304", Kind: Reason, Name: "Unauthorized",
		Title: "The server does not accept the credential",
		Cause: `
The certificate or the token of the context is wrong, has expired, or is of
another cluster.`,
		See: `
    kubectl auth whoami --context NAME`,
		Fix: `
Log in again, or get a new kubeconfig. For a ServiceAccount, joinctl says
whether its token is still valid:

    joinctl sa inspect - < token`,
	}, {
		Code: "JC305", Kind: Reason, Name: "Forbidden",
		Title: "The user lacks a right",
		Cause: `
RBAC, or an admission plugin, refuses the request. The message has the text
of the server; the hint names the right.`,
		See: `
    kubectl auth can-i --list -n kube-system`,
		Fix: `
Get the right granted, or use another context or identity:

    joinctl token list --context NAME`,
	}, {
		Code: "JC306", Kind: Reason, Name: "NotFound",
		Title: "The object does not exist",
		Cause: `
The name is mistyped, the object was deleted, or it is on another control
plane.`,
		See: `
    joinctl token list --all-contexts
    joinctl sa list --all-contexts`,
		Fix: `
Correct the name, or name the context of the object: CONTEXT/ID.`,
	}, {
		Code: "JC307", Kind: Reason, Name: "Conflict",
		Title: "The object exists already, or has changed",
		Cause: `
Another object has the name, or somebody changed or replaced the object
between the time when joinctl read it and the time when it wrote. joinctl
overwrites and deletes nothing that it does not know.`,
		See: `
    kubectl -n kube-system get secret NAME -o yaml`,
		Fix: `
Look at the object, then run the command again.`,
	}, {
		Code: "JC308", Kind: Reason, Name: "Invalid",
		Title: "The kubeconfig is wrong, or the server rejects the content",
		Cause: `
A context, a file or a credential in the kubeconfig is missing or malformed,
or the server says that a field of the object has a wrong value.`,
		See: `
    joinctl contexts
    kubectl config view`,
		Fix: `
Correct what the message names.`,
	}, {
		Code: "JC310", Kind: Reason, Name: "Unsupported",
		Title: "The server does not support the request",
		Cause: `
The server is too old, is another program than an API server, or answers
with something that does not belong to the request.`,
		See: `
    kubectl version
    joinctl token list -v=6`,
		Fix: `
Correct the address if a proxy or a login page answers. Otherwise upgrade the
server.`,
	}}
}

// otherReasons returns the reasons of failures that are not in the answer of a server.
func otherReasons() []Problem {
	return []Problem{{
		Code: "JC309", Kind: Reason, Name: "CredentialPlugin",
		Title: "The credential plugin of the kubeconfig failed",
		Cause: `
The command of users[].user.exec is not installed, needs a login, or returned
no credential.`,
		See: `
The command of the plugin:

    kubectl config view --minify`,
		Fix: `
Run the command by hand to see why it fails, then log in or install it.`,
	}, {
		Code: "JC311", Kind: Reason, Name: "Interrupted",
		Title: "Not done, because the run was stopped",
		Cause: `
Ctrl-C, SIGTERM, or --max-failures stopped the run before this target.`,
		See: `
The failures with this reason are the targets that joinctl did not visit.`,
		Fix: `
Run the command again for these targets.`,
	}, {
		Code: "JC312", Kind: Reason, Name: "Unknown",
		Title: "The answer was lost: the request may have succeeded",
		Cause: `
The connection broke after a write was sent, and joinctl could not find out
whether the server executed it. The message names the object.`,
		See: `
    joinctl token list
    joinctl sa list`,
		Fix: `
Look whether the object exists. Delete it if nobody has its credential; the
message has the command.`,
	}, {
		Code: "JC313", Kind: Reason, Name: "Internal",
		Title: "Any other error",
		Cause: `
The message says what happened, such as a file that cannot be written or an
internal error of the server (500).`,
		See: `
    joinctl token list -v=6`,
		Fix: `
Correct what the message names. If it is a fault of joinctl, report it with
the version and the message:

    joinctl version`,
	}}
}
