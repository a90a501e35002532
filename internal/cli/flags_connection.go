// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/session"
)

// registerConnection adds the flags that say how to reach control planes, and as whom. They have the names and meanings
// of kubectl's.
func registerConnection(persistent *pflag.FlagSet, s *session.Session) {
	flags := newFlagGroup(connectionGroup)
	flags.StringVar(&s.Kubeconfig, "kubeconfig", "", "kubeconfig file (default: the files of KUBECONFIG, else ~/.kube/config)")
	s.RequestTimeout = 15 * time.Second
	timeoutVar(flags, &s.RequestTimeout, "request-timeout", "longest time for one request, 0 for no limit; a bare number means seconds")
	flags.BoolVar(&s.MatchServerVersion, "match-server-version", false, "fail, before anything else, where a server has another major or minor version than joinctl's Kubernetes libraries")
	flags.Var(repeatable{&value{kind: "KEY=VALUE", set: func(text string) error {
		key, field, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return errors.New("must be KEY=VALUE")
		}
		if s.UserExtra == nil {
			s.UserExtra = map[string][]string{}
		}
		s.UserExtra[key] = append(s.UserExtra[key], field)
		return nil
	}}}, "as-user-extra", "extra field KEY=VALUE of the user to impersonate (repeatable)")
	info := func(name, usage string) clientcmd.FlagInfo {
		return clientcmd.FlagInfo{LongName: name, Description: usage}
	}
	server := info(clientcmd.FlagAPIServer, "address of the API server, in place of the kubeconfig's")
	server.ShortName = "s"
	insecure := info(clientcmd.FlagInsecure, "do not verify the server's certificate: anyone in between can read and change everything")
	insecure.Default = "false"
	compression := info(clientcmd.FlagDisableCompression, "ask the server not to compress its answers")
	compression.Default = "false"
	clientcmd.BindOverrideFlags(&s.Overrides, flags, clientcmd.ConfigOverrideFlags{
		ClusterOverrideFlags: clientcmd.ClusterOverrideFlags{
			APIServer:             server,
			CertificateAuthority:  info(clientcmd.FlagCAFile, "file with the certificate authority of the server"),
			InsecureSkipTLSVerify: insecure,
			TLSServerName:         info(clientcmd.FlagTLSServerName, "name that the server's certificate is for, if it is not the address"),
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
	addFlagGroup(persistent, flags)
}

// A runLimit bounds the time for a whole command.
type runLimit struct{ timeout time.Duration }

// registerRun adds the flags that say how many control planes are visited at once, and for how long.
func registerRun(persistent *pflag.FlagSet, s *session.Session) *runLimit {
	flags, run := newFlagGroup(runGroup), &runLimit{}
	s.Parallel = 16
	countVar(flags, &s.Parallel, "parallel", "control planes to talk to at once; fewer where few files may be open")
	timeoutVar(flags, &run.timeout, "timeout", "longest time for the whole command, 0 for no limit; a bare number means seconds")
	countVar(flags, &s.MaxFailures, "max-failures", "start no further control plane when this many have failed")
	addFlagGroup(persistent, flags)
	return run
}

// limit returns a context for the time that the command may take.
func (r *runLimit) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, r.timeout)
}
