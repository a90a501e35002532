// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// A connection is how the operator wants to reach control planes: flags of the same name and meaning as kubectl's.
type connection struct {
	env       *Env
	path      string
	selection fleet.Selection
	listed    string // file with more contexts
	fanOut    fanOut
	overrides clientcmd.ConfigOverrides
	extra     extraValue
	timeout   timeoutValue
	noPrompt  bool // credential plugins of the kubeconfig may not ask anything on the terminal

	located  bool           // arguments name contexts too
	quiet    bool           // the command tells of duplicates itself
	selected []fleet.Target // what the selection means, once it is known
	members  members        // of those, in place of them
}

func (c *connection) register(flags *pflag.FlagSet) {
	info := func(name, usage string) clientcmd.FlagInfo {
		return clientcmd.FlagInfo{LongName: name, Description: usage}
	}
	server := info(clientcmd.FlagAPIServer, "address of the API server, in place of the kubeconfig's")
	server.ShortName = "s"
	insecure := info(clientcmd.FlagInsecure, "do not verify the server's certificate: anyone in between can read and change everything")
	insecure.Default = "false"
	compression := info(clientcmd.FlagDisableCompression, "ask the server not to compress its answers")
	compression.Default = "false"
	c.timeout = timeoutValue(15 * time.Second)
	flags.StringVar(&c.path, "kubeconfig", "", "kubeconfig file (default: the files of KUBECONFIG, else ~/.kube/config)")
	c.selects(flags)
	c.fanOut.register(flags)
	flags.Var(&c.timeout, "request-timeout", "longest time for one request, 0 for no limit; a bare number means seconds")
	flags.Var(&c.extra, "as-user-extra", "extra field KEY=VALUE of the user to impersonate (repeatable)")
	clientcmd.BindOverrideFlags(&c.overrides, flags, clientcmd.ConfigOverrideFlags{
		ClusterOverrideFlags: clientcmd.ClusterOverrideFlags{
			APIServer:             server,
			CertificateAuthority:  info(clientcmd.FlagCAFile, "file with the certificate authority of the server"),
			InsecureSkipTLSVerify: insecure,
			TLSServerName:         info(clientcmd.FlagTLSServerName, "name that the server's certificate has to be for, if not its address"),
			ProxyURL:              info(clientcmd.FlagProxyURL, "proxy to reach the server through"),
			DisableCompression:    compression,
		},
		AuthOverrideFlags: clientcmd.AuthOverrideFlags{
			ClientCertificate: info(clientcmd.FlagCertFile, "file with the client certificate to authenticate with"),
			ClientKey:         info(clientcmd.FlagKeyFile, "file with the key of the client certificate"),
			Token:             info(clientcmd.FlagBearerToken, "bearer token to authenticate to the API server with"),
			Impersonate:       info(clientcmd.FlagImpersonate, "user to impersonate"),
			ImpersonateUID:    info(clientcmd.FlagImpersonateUID, "UID of the user to impersonate"),
			ImpersonateGroups: info(clientcmd.FlagImpersonateGroup, "group of the user to impersonate (repeatable)"),
			Username:          info(clientcmd.FlagUsername, "user name for basic authentication"),
			Password:          info(clientcmd.FlagPassword, "password for basic authentication"),
		},
		ContextOverrideFlags: clientcmd.ContextOverrideFlags{
			ClusterName:  info(clientcmd.FlagClusterName, "cluster of the kubeconfig to use, in place of the context's"),
			AuthInfoName: info(clientcmd.FlagAuthInfoName, "user of the kubeconfig to use, in place of the context's"),
		},
	})
}

// load reads the kubeconfig.
func (c *connection) load() (*kube.Kubeconfig, error) {
	overrides := c.overrides
	overrides.AuthInfo.ImpersonateUserExtra = c.extra
	user := overrides.AuthInfo
	if user.Impersonate == "" && (user.ImpersonateUID != "" || len(user.ImpersonateGroups) > 0 || len(c.extra) > 0) {
		return nil, &failure.ConfigError{Err: errors.New("--as-uid, --as-group and --as-user-extra need --as")}
	}
	return kube.Load(kube.LoadOptions{Path: c.path, Overrides: overrides, RequestTimeout: time.Duration(c.timeout)})
}

// client returns a client for a target.
func (c *connection) client(target fleet.Target) (*kube.Client, error) {
	config, err := c.config(target)
	if err != nil {
		return nil, err
	}
	return kube.New(config, "joinctl/"+buildVersion(c.env), c.env.Now)
}

// admitted returns a client in a run on many targets, when the target has its credential.
func (c *connection) admitted(ctx context.Context, target fleet.Target) (*kube.Client, error) {
	config, err := c.config(target)
	if err != nil {
		return nil, err
	}
	if !c.noPrompt { // a plugin looks first at whether it would call itself: see calledFor
		if err := kube.Login(ctx, config); err != nil {
			return nil, err
		}
	}
	if err := fleet.Admitted(ctx); err != nil {
		return nil, err
	}
	client, err := kube.New(config, "joinctl/"+buildVersion(c.env), c.env.Now)
	if err != nil || target.Member == "" {
		return client, err
	}
	return client.ViaProxy(target.Member)
}

func (c *connection) config(target fleet.Target) (*rest.Config, error) {
	config, err := target.Config()
	if err != nil {
		return nil, err
	}
	if config.ExecProvider, err = nested(config.ExecProvider, c.env.Depth); err != nil {
		return nil, err
	}
	switch {
	case c.noPrompt:
		kube.DisablePrompt(config, "joinctl is a credential plugin here itself")
	case len(c.selected) > 1:
		kube.DisablePrompt(config, "joinctl talks to many control planes at once")
	}
	return config, nil
}

// pass hands on what the server warned of, and that clocks differ.
func (c *connection) pass(target fleet.Target, client *kube.Client) {
	c.passWarnings(target, client)
	if skew := client.Skew(); skew != 0 {
		c.env.warn("this machine's clock is %s off the server's of %s; times here are the server's", skew.Round(time.Second), described(target))
	}
}

func (c *connection) passWarnings(target fleet.Target, client *kube.Client) {
	for _, text := range client.Warnings() {
		c.env.warn("the server of %s says: %s", described(target), text)
	}
}

// described names a target for people.
func described(target fleet.Target) string {
	hub := "context " + join.Quote(target.Context)
	switch target.Context {
	case "":
		hub = "this server"
	case kube.InCluster:
		hub = "this Pod's cluster"
	}
	if target.Member != "" {
		return "member " + target.Member + " of " + hub
	}
	return hub
}

// flags returns the flags with which another command reaches the same target.
func (c *connection) flags(target fleet.Target) string {
	var out strings.Builder
	if c.path != "" {
		out.WriteString(" --kubeconfig " + join.Quote(c.path))
	}
	if target.Context != "" && target.Context != kube.InCluster {
		out.WriteString(" --context " + join.Quote(target.Context))
	}
	if target.Member != "" {
		out.WriteString(" --member " + target.Member)
	}
	return out.String()
}
