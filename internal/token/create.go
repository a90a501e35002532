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
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// Create stores the Secret of a token and returns it as stored; dryRun only asks the server whether it would. A token
// ID that exists is a Conflict, and the existing token stays as it is. It sends nothing once ctx has ended, and lets a
// request in flight finish. It resolves a lost answer, and one that is not the Secret that was sent, by reading the Secret;
// the reason is Unknown if that fails, or if the Secret does not exist yet: then it may still be created.
//
// Somebody else can have created the same token at the same time. So a Secret with another content does not resolve a lost
// answer: the reason is Unknown.
func Create(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) (*corev1.Secret, error) {
	return create(ctx, c, secret, dryRun, SameContent)
}

// create is Create. isOurs reports whether a stored Secret can only be the one that was sent.
func create(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool, isOurs func(found, sent *corev1.Secret) bool) (*corev1.Secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, earlier := context.WithoutCancel(ctx), c.Mark()
	created, err := c.Secrets(metav1.NamespaceSystem).Create(ctx, secret, metav1.CreateOptions{DryRun: kube.DryRunOption(dryRun)})
	if err == nil && !IsCopy(created, secret) {
		err = failure.UnexpectedAnswer{Err: errors.New("the answer is the secret of another token")}
	}
	switch {
	case err == nil:
		return created, nil
	case dryRun || !failure.IsLost(err):
		return nil, fmt.Errorf("create secret %s: %w", secret.Name, err)
	}
	klog.V(4).InfoS("the answer was lost: reading the secret to see whether it exists", "name", secret.Name, "err", err)
	isNew := func(found *corev1.Secret) bool { return IsCopy(found, secret) && !earlier(found.CreationTimestamp) }
	return resolveCreate(ctx, c, secret, err, isNew, isOurs)
}

// resolveCreate reads the Secret to learn whether a request with a lost answer created it.
func resolveCreate(ctx context.Context, c *kube.Client, sent *corev1.Secret, createErr error, isNew func(*corev1.Secret) bool, isOurs func(found, sent *corev1.Secret) bool) (*corev1.Secret, error) {
	var found *corev1.Secret
	exists, err := c.Resolve(ctx, func(ctx context.Context) (bool, error) {
		var err error
		found, err = c.Secrets(metav1.NamespaceSystem).Get(ctx, sent.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
	var answered failure.UnexpectedAnswer
	switch {
	case err != nil:
		return nil, failure.Unknownf("create secret %s: the answer was lost (%w), and the secret cannot be read to see whether it exists: %w", sent.Name, createErr, err)
	case !exists:
		return nil, failure.Unknownf("create secret %s: the answer was lost, and the secret does not exist, but may still be created: %w", sent.Name, createErr)
	case isNew(found) && isOurs(found, sent):
		return found, nil
	case isNew(found):
		return nil, failure.Unknownf("create secret %s: the answer was lost, and the secret exists with another content: somebody else created the same token, or changed it: %w", sent.Name, createErr)
	case errors.As(createErr, &answered):
		return nil, failure.Unknownf("create secret %s: a secret with this name exists, and it is not the one that was sent: %w", sent.Name, createErr)
	}
	return nil, fmt.Errorf("create secret %s: another secret with this name exists: %w", sent.Name,
		apierrors.NewAlreadyExists(corev1.Resource("secrets"), sent.Name))
}

// IsCopy reports whether a stored Secret is that of the token which was sent: it has the same type, token ID and token
// secret. A webhook may have changed the rest.
func IsCopy(found, sent *corev1.Secret) bool {
	same := func(key string) bool { return bytes.Equal(found.Data[key], sent.Data[key]) }
	return found.Type == sent.Type && same(bootstrapapi.BootstrapTokenIDKey) && same(bootstrapapi.BootstrapTokenSecretKey)
}

// SameContent reports whether a stored Secret has the very content that was sent.
func SameContent(found, sent *corev1.Secret) bool {
	return found.Type == sent.Type && maps.EqualFunc(found.Data, sent.Data, bytes.Equal)
}

// CreateRandom creates a token that generate returns, such as one by Generate. It generates another one, up to five
// times, while the token ID exists. It returns the token and its Secret as stored; its errors are those of generate and
// Create.
func CreateRandom(ctx context.Context, c *kube.Client, generate func() (Token, error), spec Spec, dryRun bool) (Token, *corev1.Secret, error) {
	return CreateRandomSecret(ctx, c, generate, func(tok Token) *corev1.Secret { return Encode(tok, spec) }, dryRun)
}

// CreateRandomSecret is CreateRandom with a Secret that encode returns for a token.
func CreateRandomSecret(ctx context.Context, c *kube.Client, generate func() (Token, error), encode func(Token) *corev1.Secret, dryRun bool) (Token, *corev1.Secret, error) {
	for range 5 {
		tok, err := generate()
		if err != nil {
			return Token{}, nil, err
		}
		created, err := CreateDrawn(ctx, c, encode(tok), dryRun)
		if !apierrors.IsAlreadyExists(err) || failure.ReasonOf(err) == failure.Unknown {
			return tok, created, err
		}
		klog.V(4).InfoS("the token ID exists: generating another token", "id", tok.ID)
	}
	return Token{}, nil, errors.New("five random token IDs in a row exist already: the source of randomness is broken")
}

// CreateDrawn is Create for a token that was drawn at random. A proxy that sends a request again gets AlreadyExists for the
// token that the first one created: CreateDrawn reads the Secret, and returns it if it is the one that was sent. If the
// Secret cannot be read, the reason is Unknown.
func CreateDrawn(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) (*corev1.Secret, error) {
	created, err := create(ctx, c, secret, dryRun, IsCopy)
	if dryRun || !apierrors.IsAlreadyExists(err) {
		return created, err
	}
	found, readErr := c.Secrets(metav1.NamespaceSystem).Get(context.WithoutCancel(ctx), secret.Name, metav1.GetOptions{})
	switch {
	case readErr == nil && IsCopy(found, secret):
		return found, nil
	case readErr == nil, apierrors.IsNotFound(readErr):
		return nil, err
	}
	return nil, failure.Unknownf("%w, and cannot be read to see whether this request created it: %w", err, readErr)
}
