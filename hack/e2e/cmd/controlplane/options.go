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

// options are the command line flags.
type options struct {
	kubeconfig         string // absolute; empty: the file kubeconfig in the data directory
	name               string
	dataDir            string // absolute; empty: a new temporary directory
	extraSANs          []string
	anonymousAuth      bool
	bootstrapAuth      bool
	signer             bool
	cleaner            bool
	garbageCollector   bool
	jobController      bool
	maxTokenExpiration time.Duration // 0: no maximum, the server's default
	karmada            bool
	joinable           bool
	agentApprover      bool
	csrSigners         bool
	assets             string // absolute; only the build with the tag envtest uses it
	auditPolicy        string // absolute; empty: nothing is recorded
	auditLog           string // absolute
	exitWithStdin      bool
	verbose            bool
}

// parseOptions parses the command line. It prints errors to w and returns them,
// flag.ErrHelp if help was requested.
func parseOptions(args []string, w io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("controlplane", flag.ContinueOnError)
	fs.SetOutput(w)
	fs.StringVar(&o.kubeconfig, "kubeconfig", "", "write the administrator's kubeconfig to this `file` when the control plane is ready (default: kubeconfig in the data directory)")
	fs.StringVar(&o.name, "name", "joinctl-e2e", "`name` of the cluster, the context and the user in the kubeconfig")
	fs.StringVar(&o.dataDir, "data-dir", "", "empty or new `directory` for keys and data, emptied on exit (default: a temporary directory)")
	fs.Func("extra-san", "additional host names or IP addresses for the serving certificate; comma-separated or repeated", func(s string) error {
		o.extraSANs = append(o.extraSANs, strings.Split(s, ",")...)
		return nil
	})
	fs.BoolVar(&o.anonymousAuth, "anonymous-auth", true, "accept requests without credentials as system:anonymous")
	fs.BoolVar(&o.bootstrapAuth, "bootstrap-auth", true, "accept bootstrap tokens as bearer tokens")
	fs.BoolVar(&o.signer, "signer", true, "run the controller that signs cluster-info")
	fs.BoolVar(&o.cleaner, "cleaner", true, "run the controller that deletes expired bootstrap tokens")
	fs.BoolVar(&o.garbageCollector, "garbage-collector", false, "run the controller that deletes the objects of deleted owners; it watches everything")
	fs.BoolVar(&o.jobController, "job-controller", false, "run the controller that creates the Pods of Jobs; nothing runs them")
	fs.DurationVar(&o.maxTokenExpiration, "max-token-expiration", 0, "maximum lifetime of a ServiceAccount token, at least 1h (default: no maximum)")
	fs.BoolVar(&o.karmada, "karmada", false, "serve a fake of Karmada's Cluster API")
	fs.BoolVar(&o.joinable, "joinable", false, "create cluster-info and RBAC for joining members, as karmadactl init does")
	fs.BoolVar(&o.agentApprover, "agent-approver", false, "approve the certificate requests of Karmada's agents, as karmada-controller-manager does")
	fs.BoolVar(&o.csrSigners, "csr-signers", true, "run the controllers that sign approved certificate requests")
	fs.StringVar(&o.assets, "assets", "", "`folder` with kube-apiserver and etcd, as setup-envtest installs them; only a program built with -tags envtest uses it")
	fs.StringVar(&o.auditPolicy, "audit-policy", "", "`file` with the policy by which kube-apiserver records requests in --audit-log")
	fs.StringVar(&o.auditLog, "audit-log", "", "`file` for the audit log of kube-apiserver")
	fs.BoolVar(&o.exitWithStdin, "exit-with-stdin", false, "stop when standard input closes, so that the process does not outlive its parent")
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

// absolute returns o with absolute paths, because the process changes its working directory.
func (o options) absolute() (options, error) {
	for _, p := range []*string{&o.kubeconfig, &o.dataDir, &o.assets, &o.auditPolicy, &o.auditLog} {
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
