// SPDX-License-Identifier: Apache-2.0

// Command soak measures the token commands on a control plane with thousands of tokens, half of which have expired: time,
// peak memory and requests, with kubectl and kubeadm for comparison.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

func main() {
	bin := flag.String("bin", "", "folder with the programs to measure")
	tokens := flag.Int("tokens", 8000, "number of tokens in kube-system")
	rounds := flag.Int("rounds", 3, "number of runs of each program that changes nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *bin, *tokens, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// auditPolicy records every request once.
const auditPolicy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n"

func run(ctx context.Context, bin string, tokens, rounds int) (err error) {
	work, err := os.MkdirTemp("", "joinctl-soak-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	policy, log := filepath.Join(work, "policy.yaml"), filepath.Join(work, "audit.log")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	cp, err := controlplane.StartProcess(filepath.Join(bin, "controlplane"), "--name", "hub", "--cleaner=false", "--signer=false",
		"--audit-policy", policy, "--audit-log", log)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := cp.Stop(); err == nil {
			err = stopErr
		}
	}()
	s := &soak{bin: bin, kubeconfig: cp.Kubeconfig, log: log, tokens: tokens}
	if s.config, err = cp.ClientConfig(); err != nil {
		return err
	}
	if err := s.create(ctx); err != nil {
		return err
	}
	return s.measureAll(ctx, rounds)
}

// measureAll measures what changes nothing in rounds, and then what changes something, once.
func (s *soak) measureAll(ctx context.Context, rounds int) error {
	reads := []*step{
		{program: "joinctl", line: "token list"},
		{program: "kubeadm", line: "token list"},
		{program: "kubectl", line: "get secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token"},
		{program: "joinctl", line: "token list -o json"},
		{program: "joinctl", line: "token prune --dry-run"},
		{program: "joinctl", line: "token ensure --for " + clusterName(1)}, // it has a valid token
	}
	for range rounds {
		for _, step := range reads {
			if err := s.measure(ctx, step); err != nil {
				return err
			}
		}
	}
	writes := []*step{{program: "joinctl", line: "token ensure --for another"}, {program: "joinctl", line: "token prune --yes"}}
	for _, step := range writes {
		if err := s.measure(ctx, step); err != nil {
			return err
		}
	}
	fmt.Printf("%d tokens, %d of them expired\n", s.tokens, s.tokens/2)
	for _, step := range append(reads, writes...) {
		fmt.Println(step)
	}
	left, err := s.count(ctx)
	if want := s.tokens - s.tokens/2 + 1; err == nil && left != want {
		err = fmt.Errorf("%d tokens are left, want %d", left, want)
	}
	return err
}
