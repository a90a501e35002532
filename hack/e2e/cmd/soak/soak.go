// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A soak is a control plane with many tokens.
type soak struct {
	bin, kubeconfig string
	log             string // the audit log of the control plane
	config          *rest.Config
	tokens          int
}

// clusterName returns the name of the cluster that a token is for.
func clusterName(number int) string { return fmt.Sprintf("c%05d", number) }

// create creates the tokens. Those with an even number have expired.
func (s *soak) create(ctx context.Context) error {
	config := rest.CopyConfig(s.config)
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	const writers = 16
	errs := make([]error, writers)
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for number := writer; number < s.tokens && errs[writer] == nil; number += writers {
				_, errs[writer] = client.CoreV1().Secrets("kube-system").Create(ctx, tokenSecret(number), metav1.CreateOptions{})
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func tokenSecret(number int) *corev1.Secret {
	id, expires := fmt.Sprintf("t%05d", number), time.Now().Add(24*time.Hour)
	if number%2 == 0 {
		expires = time.Now().Add(-24 * time.Hour)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name:   "bootstrap-token-" + id,
			Labels: map[string]string{"joinctl.io/for": clusterName(number), "app.kubernetes.io/managed-by": "joinctl"},
		},
		Type: corev1.SecretTypeBootstrapToken,
		StringData: map[string]string{
			"token-id": id, "token-secret": "0123456789abcdef", "expiration": expires.UTC().Format(time.RFC3339),
			"usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true",
			"auth-extra-groups": "system:bootstrappers:karmada:default-cluster-token", "description": "a token of the soak",
		},
	}
}

// count returns how many tokens exist.
func (s *soak) count(ctx context.Context) (int, error) {
	client, err := kubernetes.NewForConfig(s.config)
	if err != nil {
		return 0, err
	}
	list, err := client.CoreV1().Secrets("kube-system").List(ctx, metav1.ListOptions{FieldSelector: "type=bootstrap.kubernetes.io/token"})
	if err != nil {
		return 0, err
	}
	return len(list.Items), nil
}

// A step is a command line with its measurements.
type step struct {
	program, line string
	durations     []time.Duration
	peak          float64 // most memory of all runs, in MiB
	requests      int     // of the last run
}

func (s *step) String() string {
	slices.Sort(s.durations)
	median := s.durations[len(s.durations)/2].Seconds()
	line, _, _ := strings.Cut(s.line, " --field-selector")
	return fmt.Sprintf("  %-40s %7.2f s  %6.1f MB  %5d requests", s.program+" "+line, median, s.peak, s.requests)
}

// measure runs a step once.
func (s *soak) measure(ctx context.Context, step *step) error {
	before, err := s.requests(step.program)
	if err != nil {
		return err
	}
	args := append([]string{filepath.Join(s.bin, step.program)}, strings.Fields(step.line)...)
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "peak"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig)
	begin := time.Now()
	out, err := cmd.Output()
	step.durations = append(step.durations, time.Since(begin))
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", step.program, step.line, err, out)
	}
	kib, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return err
	}
	step.peak = max(step.peak, kib/1024)
	after, err := s.requests(step.program)
	step.requests = after - before
	return err
}

// requests returns how many requests a program has sent so far, by the audit log.
func (s *soak) requests(program string) (int, error) {
	log, err := os.ReadFile(s.log)
	return bytes.Count(log, []byte(`"userAgent":"`+program)), err
}
