// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// options is what the command line asks for.
type options struct {
	kubeconfig         string // absolute; empty means kubeconfig in the data directory
	name               string
	dataDir            string // absolute; empty means a fresh temporary directory
	extraSANs          []string
	anonymousAuth      bool
	bootstrapAuth      bool
	signer             bool
	cleaner            bool
	maxTokenExpiration time.Duration // zero means the server's default: no cap
	karmada            bool
	joinable           bool
	exitWithStdin      bool
	verbose            bool
}

// parseOptions reads the command line. A mistake in it is reported on w and
// returned; a request for help is flag.ErrHelp.
func parseOptions(args []string, w io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("controlplane", flag.ContinueOnError)
	fs.SetOutput(w)
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "write the administrator's kubeconfig to this `file` once everything is ready (default: kubeconfig in the data directory)")
	fs.StringVar(&o.name, "name", "joinctl-e2e", "`name` of the cluster, the context and the user in the kubeconfig")
	fs.StringVar(&o.dataDir, "data-dir", "", "an empty or absent `directory` for keys and data, emptied on exit (default: a temporary one)")
	fs.Func("extra-san", "more host names or addresses for the serving certificate; comma-separated or repeated", func(s string) error {
		o.extraSANs = append(o.extraSANs, strings.Split(s, ",")...)
		return nil
	})
	fs.BoolVar(&o.anonymousAuth, "anonymous-auth", true, "let requests without credentials in as system:anonymous")
	fs.BoolVar(&o.bootstrapAuth, "bootstrap-auth", true, "accept bootstrap tokens as bearer tokens")
	fs.BoolVar(&o.signer, "signer", true, "run the controller that signs cluster-info")
	fs.BoolVar(&o.cleaner, "cleaner", true, "run the controller that deletes expired bootstrap tokens")
	fs.DurationVar(&o.maxTokenExpiration, "max-token-expiration", 0, "longest lifetime of a ServiceAccount token, at least 1h (default: no cap)")
	fs.BoolVar(&o.karmada, "karmada", false, "serve a stand-in for Karmada's Cluster API")
	fs.BoolVar(&o.joinable, "joinable", false, "create cluster-info and the RBAC that karmadactl init creates for joining members")
	fs.BoolVar(&o.exitWithStdin, "exit-with-stdin", false, "stop when standard input ends, so that no orphan outlives its parent")
	fs.BoolVar(&o.verbose, "v", false, "log to standard error")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	var err error
	if fs.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", fs.Arg(0))
	} else {
		o, err = o.absolute()
	}
	if err != nil {
		fmt.Fprintln(w, "controlplane:", err)
	}
	return o, err
}

// absolute is o with absolute paths: the process changes its working directory.
func (o options) absolute() (options, error) {
	for _, p := range []*string{&o.kubeconfig, &o.dataDir} {
		if *p == "" {
			continue
		}
		abs, err := filepath.Abs(*p)
		if err != nil {
			return o, fmt.Errorf("make a path absolute: %w", err)
		}
		*p = abs
	}
	return o, nil
}
