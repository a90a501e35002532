// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// RedactURL returns a URL without its user name and password. It returns a placeholder for a text that is no URL, since
// nothing says which part of it is a password.
func RedactURL(address string) string {
	u, err := url.Parse(address)
	switch {
	case (err != nil || u.Host == "") && strings.Contains(address, "@"):
		return "<not a URL>"
	case err != nil || u.User == nil:
		return address
	}
	u.User = url.User("xxxxx")
	return u.String()
}

// checkProxyURL returns an error for a proxy that client-go does not accept, without its user name and password.
func checkProxyURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return nil
	case err != nil:
		return errors.New("proxy-url is no URL such as http://HOST:PORT; a user name and a password in it need %-escapes")
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return errors.New("proxy-url has to begin with http://, https:// or socks5://")
	}
	return nil
}

// checkAddresses checks the server and the proxy of a context, after the overrides of flags.
func (k *Kubeconfig) checkAddresses(context string) error {
	override := &k.options.Overrides
	cluster := k.raw.Clusters[override.Context.Cluster]
	if cluster == nil {
		cluster = k.cluster(cmp.Or(context, k.raw.CurrentContext))
	}
	if cluster == nil {
		cluster = &clientcmdapi.Cluster{}
	}
	if err := checkServer(cmp.Or(override.ClusterInfo.Server, cluster.Server)); err != nil {
		return err
	}
	return checkProxyURL(cmp.Or(override.ClusterInfo.ProxyURL, cluster.ProxyURL))
}

// Credentials returns all credentials in the kubeconfig: tokens, passwords, client keys, secrets of plugins, and user names
// and passwords in URLs. It reads no other file.
func (k *Kubeconfig) Credentials() []string {
	var all []string
	for _, cluster := range k.raw.Clusters {
		all = append(all, Credentials(cluster, nil)...)
	}
	for _, user := range k.raw.AuthInfos {
		all = append(all, Credentials(nil, user)...)
	}
	return all
}

// Credentials returns the credentials in a cluster and a user of a kubeconfig. Both can be nil.
func Credentials(cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) []string {
	var all []string
	if cluster != nil {
		all = append(userinfo(cluster.Server), userinfo(cluster.ProxyURL)...)
	}
	if user == nil {
		return all
	}
	all = append(all, user.Token, user.Password, string(user.ClientKeyData))
	if user.AuthProvider != nil {
		all = append(all, secretSettings(user.AuthProvider.Config)...)
	}
	if user.Exec != nil {
		all = append(all, pluginSecrets(user.Exec)...)
	}
	return all
}

// pluginSecrets returns the credentials in the variables and the arguments of an exec plugin.
func pluginSecrets(plugin *clientcmdapi.ExecConfig) []string {
	settings := map[string]string{}
	for _, variable := range plugin.Env {
		settings[variable.Name] = variable.Value
	}
	for _, arg := range plugin.Args {
		if name, value, ok := strings.Cut(arg, "="); ok {
			settings[name] = value
		}
	}
	return secretSettings(settings)
}

// secretSettings returns the values of the settings that are credentials by their names.
func secretSettings(settings map[string]string) []string {
	var values []string
	for name, value := range settings {
		name = strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
		if slices.ContainsFunc([]string{"secret", "token", "passw", "apikey", "accesskey"}, func(part string) bool { return strings.Contains(name, part) }) {
			values = append(values, value)
		}
	}
	return values
}

// userinfo returns the credentials in a URL: the password, or the user name if there is no password. The text does not have
// to be a URL that can be parsed.
func userinfo(address string) []string {
	end := strings.LastIndex(address, "@")
	if end < 0 {
		return nil
	}
	raw := address[:end]
	if _, rest, ok := strings.Cut(raw, "://"); ok {
		raw = rest
	}
	_, password, ok := strings.Cut(raw, ":")
	if !ok {
		password = raw
	}
	if plain, err := url.PathUnescape(password); err == nil && plain != password {
		return []string{password, plain}
	}
	return []string{password}
}
