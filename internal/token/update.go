// SPDX-License-Identifier: Apache-2.0

package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// Update changes the data of the very Secret that Get or List returned, and returns the Secret as stored; dryRun only asks the
// server whether it would. Everything that change leaves alone stays as it was read. A Secret that somebody has changed or
// replaced since is a Conflict. Update sends nothing once ctx has ended, and lets a request in flight finish. It resolves a
// lost answer, and one without the change, by reading the Secret; the reason is Unknown if that fails, or if the Secret is
// unchanged: then it may still be changed. It reads the Secret after a Conflict too: a request that a proxy sends twice
// conflicts with itself.
func Update(ctx context.Context, c *kube.Client, secret *corev1.Secret, change func(data map[string][]byte), dryRun bool) (*corev1.Secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	sent := secret.DeepCopy() // with its UID and its resourceVersion, the server refuses the change of another Secret
	change(sent.Data)
	updated, err := c.Secrets(metav1.NamespaceSystem).Update(ctx, sent, metav1.UpdateOptions{DryRun: kube.DryRunOption(dryRun)})
	if err == nil && !isChanged(updated, change) {
		err = failure.UnexpectedAnswer{Err: errors.New("the answer is the secret without the change")}
	}
	switch {
	case err == nil:
		return updated, nil
	case !dryRun && apierrors.IsConflict(err):
		return resolveConflict(ctx, c, secret, change, err)
	case dryRun || !failure.IsLost(err):
		return nil, fmt.Errorf("update secret %s: %w", secret.Name, err)
	}
	klog.V(4).InfoS("the answer was lost: reading the secret to see whether it is changed", "name", secret.Name, "err", err)
	return resolveUpdate(ctx, c, secret, change, err)
}

// isChanged reports whether a Secret has a change in its data.
func isChanged(secret *corev1.Secret, change func(map[string][]byte)) bool {
	data := maps.Clone(secret.Data)
	if data == nil {
		return false
	}
	change(data)
	return maps.EqualFunc(data, secret.Data, bytes.Equal)
}

// resolveConflict reads the Secret to learn whether the change is in it already.
func resolveConflict(ctx context.Context, c *kube.Client, read *corev1.Secret, change func(map[string][]byte), updateErr error) (*corev1.Secret, error) {
	found, _, err := reread(ctx, c, read, func(*corev1.Secret) bool { return true })
	switch {
	case err == nil && found.UID == read.UID && isChanged(found, change):
		return found, nil
	case err != nil && !apierrors.IsNotFound(err):
		return nil, failure.Unknownf("update secret %s: a conflict (%w), and the secret cannot be read to see whether it is changed: %w", read.Name, updateErr, err)
	}
	return nil, fmt.Errorf("update secret %s: %w", read.Name, updateErr)
}

// resolveUpdate reads the Secret to learn whether a request with a lost answer changed it. A Secret with another
// resourceVersion and without the change never gets it from that request.
func resolveUpdate(ctx context.Context, c *kube.Client, read *corev1.Secret, change func(map[string][]byte), updateErr error) (*corev1.Secret, error) {
	found, known, err := reread(ctx, c, read, func(now *corev1.Secret) bool {
		return now.UID != read.UID || now.ResourceVersion != read.ResourceVersion
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil, fmt.Errorf("update secret %s: the answer was lost, and the secret is gone: %w", read.Name, err)
	case err != nil:
		return nil, failure.Unknownf("update secret %s: the answer was lost (%w), and the secret cannot be read to see whether it is changed: %w", read.Name, updateErr, err)
	case !known:
		return nil, failure.Unknownf("update secret %s: the answer was lost, and the secret is unchanged, but may still be changed: %w", read.Name, updateErr)
	case found.UID == read.UID && isChanged(found, change):
		return found, nil
	}
	return nil, fmt.Errorf("update secret %s: %w", read.Name,
		apierrors.NewConflict(corev1.Resource("secrets"), read.Name, errors.New("somebody else changed or replaced it")))
}

// reread reads a Secret again until it tells what became of a write.
func reread(ctx context.Context, c *kube.Client, read *corev1.Secret, tells func(now *corev1.Secret) bool) (found *corev1.Secret, known bool, err error) {
	known, err = c.Resolve(ctx, func(ctx context.Context) (bool, error) {
		var err error
		found, err = c.Secrets(metav1.NamespaceSystem).Get(ctx, read.Name, metav1.GetOptions{})
		return err == nil && tells(found), err
	})
	return found, known, err
}
