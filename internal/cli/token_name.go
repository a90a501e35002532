// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/redact"
)

// refuseTokenNames makes a command refuse a bootstrap token where a flag takes a file or a host, before the command uses
// the name: a name server, a proxy or a directory would show the credential to others.
func refuseTokenNames(c *cobra.Command) {
	parse := c.Args
	if parse == nil {
		return
	}
	c.Args = func(cmd *cobra.Command, args []string) error {
		var err error
		cmd.Flags().Visit(func(f *pflag.Flag) {
			if err == nil {
				err = checkTokenName(f)
			}
		})
		if err != nil {
			return err
		}
		return parse(cmd, args)
	}
}

// checkTokenName returns an error if a flag takes a file or a host, and its value has the form of a bootstrap token.
func checkTokenName(f *pflag.Flag) error {
	hosts := []string{clientcmd.FlagAPIServer, clientcmd.FlagTLSServerName, clientcmd.FlagProxyURL}
	value := f.Value.String()
	switch {
	case isFile(f.Name):
		for _, name := range fileNames(f) {
			if err := checkFileName(name); err != nil {
				return fmt.Errorf("--%s: %w", f.Name, err)
			}
		}
	case slices.Contains(hosts, f.Name) && isTokenHost(value):
		return fmt.Errorf("--%s: the host has the form of a bootstrap token, so nothing connects to it", f.Name)
	}
	return nil
}

// checkFileName returns an error if the name of a file has the form of a bootstrap token. It does not repeat the name.
func checkFileName(name string) error {
	if redact.IsToken(name) {
		return errors.New("the value has the form of a bootstrap token, so it is never used as a name: write ./ before the name of a file in this directory")
	}
	return nil
}

// isTokenHost reports whether the host in a URL, a HOST:PORT or a bare HOST has the form of a bootstrap token.
func isTokenHost(address string) bool {
	for _, prefix := range []string{"", "//"} {
		if u, err := url.Parse(prefix + address); err == nil && redact.IsToken(u.Hostname()) {
			return true
		}
	}
	return false
}
