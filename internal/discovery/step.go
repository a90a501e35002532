// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/redact"
)

// A Status is the result of a step.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Failed  Status = "failed"  // the join fails here
	Warning Status = "warning" // the join can continue
	Unknown Status = "unknown" // the answer did not come in time
	Skipped Status = "skipped" // not taken, or a member cannot know
)

// The names of steps. They are stable. The descriptions of joiners have further ones.
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
	stepServer         = "server" // the one in cluster-info
	stepAuthentication = "authentication"
	stepCSR            = "csr"
	stepApproval       = "approval"
	stepClock          = "clock"
	stepTimeLeft       = "time-left"
)

// stepNames returns the names of a joiner's steps in order.
func stepNames(joiner join.Joiner) []string {
	d := joiner.Description()
	names := []string{stepArguments, stepDNS, stepTCP, stepTLS, stepClusterInfo, stepKubeconfig, stepSignature, stepPin, stepVerifiedRead}
	if d.FollowsServer {
		names = append(names, stepServer)
	}
	names = append(names, stepAuthentication, stepCSR, stepApproval)
	for _, read := range d.Reads {
		names = append(names, read.Step)
	}
	if step := d.APIGroup.Step; step != "" {
		names = append(names, step)
	}
	return append(names, stepClock, stepTimeLeft)
}

// A Step is one thing that a joiner does or depends on, with its result.
type Step struct {
	Name   string
	Status Status
	Cause  string // the reason for the status; without credentials
	Fix    string // what to do about it; empty: nothing
}

// steps collects the steps by name, in any order.
type steps map[string]Step

func (s steps) ok(name, format string, args ...any) { s.add(name, OK, "", format, args...) }

func (s steps) add(name string, status Status, fix, format string, args ...any) {
	s[name] = Step{name, status, redact.New().Text(failure.Cut(fmt.Sprintf(format, args...))), fix}
}

// passed reports whether steps were taken and did not fail.
func (s steps) passed(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		return s[name].Status != OK && s[name].Status != Warning
	})
}

// inOrder returns all steps of a joiner. Steps that were not taken are skipped because of the first one that failed or is
// unknown.
func (s steps) inOrder(joiner join.Joiner) []Step {
	var out []Step
	because := ""
	for _, name := range stepNames(joiner) {
		step, taken := s[name]
		if !taken {
			step = Step{Name: name, Status: Skipped, Cause: "not tried, since the step " + because}
		}
		switch {
		case because != "":
		case step.Status == Failed:
			because = name + " failed"
		case step.Status == Unknown:
			because = name + " got no answer in time"
		}
		out = append(out, step)
	}
	return out
}
