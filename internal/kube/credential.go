// SPDX-License-Identifier: Apache-2.0

package kube

// execExtension names the part of a cluster that client-go passes to an exec plugin (k8s.io/client-go/tools/clientcmd/api).
const execExtension = "client.authentication.k8s.io/exec"

// CredentialKey identifies the credential that a context's user authenticates with: a hash of all that the kubeconfig says
// about the user. It is the same for users of other names with the same credential.
func (k *Kubeconfig) CredentialKey(context string) string {
	c, user := k.raw.Contexts[context], k.user(context)
	if c == nil || user == nil {
		name := ""
		if c != nil {
			name = c.AuthInfo // that does not exist, or "" for an anonymous user
		}
		return "no user " + name
	}
	parts := []any{user}
	if cluster := k.cluster(context); user.Exec != nil && user.Exec.ProvideClusterInfo && cluster != nil {
		parts = append(parts, cluster.Extensions[execExtension]) // the plugin can pick the control plane by it
	}
	sum, err := hash(parts)
	if err != nil {
		return "context " + context // equals no other
	}
	return sum
}

// HasCredential reports whether a context's user has a credential.
func (k *Kubeconfig) HasCredential(context string) bool { return credentialKind(k.user(context)) != "" }

// ContextFile returns the file that defines a context, as the kubeconfig names it.
func (k *Kubeconfig) ContextFile(context string) string {
	if c := k.raw.Contexts[context]; c != nil && c.LocationOfOrigin != "" {
		return c.LocationOfOrigin
	}
	return "the kubeconfig"
}
