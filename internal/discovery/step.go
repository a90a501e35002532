// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/redact"
)

// A Status is how a step went.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Failed  Status = "failed"  // the join fails here
	Warning Status = "warning" // the join can go on
	Skipped Status = "skipped" // not tried, or not to be known by who joins
)

// The names of steps. They are stable.
const (
	stepArguments      = "arguments"
	stepDNS            = "dns"
	stepTCP            = "tcp"
	stepTLS            = "tls"
	stepClusterInfo    = "cluster-info"
	stepKubeconfig     = "kubeconfig" // the one in cluster-info
	stepSignature      = "signature"
	stepPin            = "pin"
	stepVerifiedRead   = "verified-read"
	stepServer         = "server" // cluster-info's; kubeadm goes on there
	stepAuthentication = "authentication"
	stepCSR            = "csr"
	stepApproval       = "approval"
	stepNodes          = "nodes"
	stepKubeadmConfig  = "kubeadm-config"
	stepKubeletConfig  = "kubelet-config"
	stepClock          = "clock"
	stepTimeLeft       = "time-left"
)

// stepNames returns the names of a joiner's steps in the order in which it takes them.
func stepNames(joiner join.Joiner) []string {
	names := []string{stepArguments, stepDNS, stepTCP, stepTLS, stepClusterInfo, stepKubeconfig, stepSignature, stepPin, stepVerifiedRead}
	if joiner == join.Kubeadm {
		names = append(names, stepServer)
	}
	names = append(names, stepAuthentication, stepCSR, stepApproval)
	if joiner == join.Kubeadm {
		names = append(names, stepNodes, stepKubeadmConfig, stepKubeletConfig)
	}
	return append(names, stepClock, stepTimeLeft)
}

// A Step is one thing that a joiner does or depends on, and how it went.
type Step struct {
	Name   string
	Status Status
	Cause  string // what was found, or why the step was skipped; without credentials
	Remedy string // what to do about it; "" where there is nothing to do
}

// steps collects what is found, in any order.
type steps map[string]Step

func (s steps) ok(name, format string, args ...any) { s.add(name, OK, "", format, args...) }

func (s steps) add(name string, status Status, remedy, format string, args ...any) {
	s[name] = Step{name, status, redact.New().Text(fmt.Sprintf(format, args...)), remedy}
}

// passed reports whether all of some steps were taken and did not fail.
func (s steps) passed(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return s[name].Status != OK && s[name].Status != Warning
	})
}

// inOrder returns every step of a joiner; those that were not reached are skipped for the sake of the first that failed.
func (s steps) inOrder(joiner join.Joiner) []Step {
	var out []Step
	failed := ""
	for _, name := range stepNames(joiner) {
		step, taken := s[name]
		if !taken {
			step = Step{Name: name, Status: Skipped, Cause: "not tried, since the step " + failed + " failed"}
		}
		if step.Status == Failed && failed == "" {
			failed = name
		}
		out = append(out, step)
	}
	return out
}
