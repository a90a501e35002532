// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// How a Secret shows that a revocable token is bound to it, and what it says about the token.
const (
	bindingLabel = "joinctl.io/binds"
	bindingValue = "serviceaccount-token"
	accountKey   = "joinctl.io/serviceaccount"
	audiencesKey = "joinctl.io/audiences"
	expiresKey   = "joinctl.io/expires"
)

// A RevocationSecret is a Secret without content that a token dies with: to delete it is to revoke the token.
type RevocationSecret struct {
	Name      string
	Account   Account
	Audiences []string
	Expires   time.Time // as granted; zero: not known
	Created   time.Time
	secret    *corev1.Secret
}

// IsZero reports whether there is no Secret.
func (b RevocationSecret) IsZero() bool { return b.secret == nil }

// Object returns what a token is to be bound to.
func (b RevocationSecret) Object() Object {
	return Object{Kind: Secret, Name: b.Name, UID: string(b.secret.UID)}
}

// CreateRevocationSecret creates the Secret for one token of a ServiceAccount, under a name that GenerateName gave. The request, once sent,
// is not cancelled with the context. Where its answer is lost, what it may have made is deleted; where that fails too,
// the error has the reason Unknown and names it.
func CreateRevocationSecret(ctx context.Context, c *kube.Client, account Account, name string) (RevocationSecret, error) {
	if err := ctx.Err(); err != nil {
		return RevocationSecret{}, err
	}
	ctx = context.WithoutCancel(ctx)
	secrets := c.Secrets(account.Namespace)
	made, err := secrets.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Labels:      map[string]string{bindingLabel: bindingValue, "app.kubernetes.io/managed-by": "joinctl"},
		Annotations: map[string]string{accountKey: account.Name},
	}}, metav1.CreateOptions{})
	if err == nil {
		return binding(made), nil
	}
	if failure.IsLost(err) {
		if undo := secrets.Delete(ctx, name, metav1.DeleteOptions{}); undo != nil && !apierrors.IsNotFound(undo) {
			return RevocationSecret{}, &failure.Error{
				Reason: failure.Unknown,
				Err:    fmt.Errorf("create secret %s/%s: the answer was lost (%w), and it cannot be deleted: %w", account.Namespace, name, err, undo),
				Hint:   fmt.Sprintf("no token is bound to it; if it is there, joinctl sa revoke %s -n %s removes it", name, account.Namespace),
			}
		}
	}
	return RevocationSecret{}, needing("create", account.Namespace, fmt.Errorf("create secret %s/%s to bind the token to: %w", account.Namespace, name, err))
}

// Record notes on the Secret what was granted.
func (b RevocationSecret) Record(ctx context.Context, c *kube.Client, tok Token) (RevocationSecret, error) {
	secret := b.secret.DeepCopy()
	audiences, _ := json.Marshal(tok.Claims.Audiences) // strings cannot fail
	secret.Annotations[audiencesKey] = string(audiences)
	secret.Annotations[expiresKey] = tok.Expires().UTC().Format(time.RFC3339)
	stored, err := c.Secrets(secret.Namespace).Update(ctx, secret, metav1.UpdateOptions{})
	if err != nil {
		return b, needing("update", secret.Namespace, fmt.Errorf("note on secret %s/%s when its token expires: %w", secret.Namespace, secret.Name, err))
	}
	return binding(stored), nil
}

// Undo deletes the very Secret that CreateRevocationSecret made, and with it the token. It works under a cancelled context too.
func (b RevocationSecret) Undo(ctx context.Context, c *kube.Client) error {
	return c.Secrets(b.Account.Namespace).Undo(ctx, b.secret)
}

// List reads the Secrets of all revocable tokens of a namespace, or of all namespaces for "", and returns them with the
// server's time.
func List(ctx context.Context, c *kube.Client, namespace string) ([]RevocationSecret, time.Time, error) {
	secrets, err := c.Secrets(namespace).All(ctx, metav1.ListOptions{LabelSelector: bindingLabel + "=" + bindingValue})
	if err != nil {
		return nil, time.Time{}, needing("list", namespace, fmt.Errorf("list revocable tokens: %w", err))
	}
	found := make([]RevocationSecret, 0, len(secrets))
	for i := range secrets {
		found = append(found, binding(&secrets[i]))
	}
	now, err := c.ServerTime(ctx)
	return found, now, err
}

// GetRevocationSecret reads the Secret of one revocable token. Another kind of Secret is Invalid.
func GetRevocationSecret(ctx context.Context, c *kube.Client, namespace, name string) (RevocationSecret, error) {
	secret, err := c.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return RevocationSecret{}, needing("get", namespace, fmt.Errorf("read secret %s/%s: %w", namespace, name, err))
	}
	if secret.Labels[bindingLabel] != bindingValue {
		return RevocationSecret{}, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("secret %s/%s is not of a revocable token, and was left as it is", namespace, name)}
	}
	return binding(secret), nil
}

// Revoke deletes the very Secret that was found, and with it the token. The request, once sent, is not cancelled with
// the context. The server may accept the token for about 10 seconds more
// (k8s.io/kubernetes/pkg/kubeapiserver/options/authentication.go).
func (b RevocationSecret) Revoke(ctx context.Context, c *kube.Client) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.Undo(ctx, c); err != nil {
		return needing("delete", b.Account.Namespace, fmt.Errorf("revoke %s/%s: %w", b.Account.Namespace, b.Name, err))
	}
	return nil
}

// binding reads a Secret. What is not readable of it stays empty.
func binding(secret *corev1.Secret) RevocationSecret {
	b := RevocationSecret{
		Name:    secret.Name,
		Account: Account{Namespace: secret.Namespace, Name: secret.Annotations[accountKey]},
		Created: secret.CreationTimestamp.Time,
		secret:  secret,
	}
	_ = json.Unmarshal([]byte(secret.Annotations[audiencesKey]), &b.Audiences)
	b.Expires, _ = time.Parse(time.RFC3339, secret.Annotations[expiresKey])
	return b
}

// GenerateName returns a name for the Secret of a token that nothing has: that of the ServiceAccount, as far as it fits,
// and ten random digits.
func GenerateName(random io.Reader, account Account) (string, error) {
	const most = 200 // of the 253 characters of a Secret's name
	suffix := make([]byte, 5)
	if _, err := io.ReadFull(random, suffix); err != nil {
		return "", fmt.Errorf("draw a name: %w", err)
	}
	stem := strings.TrimRight(account.Name[:min(len(account.Name), most)], ".-")
	return stem + "-token-" + hex.EncodeToString(suffix), nil
}
