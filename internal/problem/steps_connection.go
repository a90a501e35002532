// SPDX-License-Identifier: Apache-2.0

package problem

// connectionSteps returns the steps of check up to TLS.
func connectionSteps() []Problem {
	return []Problem{{
		Code: "JC101", Kind: Step, Name: "arguments",
		Title: "The join command has a malformed value",
		Cause: `
The endpoint, the token, a pin or the name of the member has not the form
that the joiner accepts. Most often a part of the command was lost when it
was copied.`,
		See: `
The cause names the flag and the form that it needs.`,
		Fix: `
Copy the whole command again. On the control plane, this prints it once more
for a token that exists:

    joinctl token command ID`,
	}, {
		Code: "JC102", Kind: Step, Name: "dns",
		Title: "The host name of the endpoint cannot be resolved",
		Cause: `
DNS does not know the name, or the DNS server of the machine that joins
fails. With HTTPS_PROXY it is the name of the proxy.`,
		See: `
On the machine that joins:

    getent hosts HOST`,
		Fix: `
Correct the name or the DNS of this machine, or print a command for an
address that all members resolve:

    joinctl token create --print-register-command --endpoint HOST:PORT`,
	}, {
		Code: "JC103", Kind: Step, Name: "tcp",
		Title: "No TCP connection to the endpoint",
		Cause: `
Nothing listens at the address, no route leads there, a firewall drops the
packets, or the proxy of HTTPS_PROXY refuses the connection.`,
		See: `
The cause has the error of the system, such as connection refused. On the
machine that joins:

    curl -vk https://HOST:PORT/version`,
		Fix: `
Start the API server or correct the port if the connection is refused. Open
the firewall if there is no answer. Name the host in NO_PROXY if the proxy
must not be used.`,
	}, {
		Code: "JC104", Kind: Step, Name: "tls",
		Title: "The endpoint speaks no TLS, or its certificate does not fit",
		Cause: `
The port is not that of an API server, a load balancer has no healthy
server behind it, or the serving certificate is for other names, has
expired or is not valid yet. A wrong clock on the machine that joins looks
like an expired certificate; the cause then says so.`,
		See: `
The names and the dates of the certificate:

    openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -text`,
		Fix: `
Join at an address that the certificate covers, or issue a certificate for
this one. Renew an expired certificate. Have a load balancer pass TLS
through.`,
	}}
}
