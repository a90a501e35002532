// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	// usagePrefix begins the keys of all usages, those of other programs too: k0s has usage-controller-join.
	usagePrefix = "usage-"
	// uploadCertsDescription is that of the token by which kubeadm lets its Secret kubeadm-certs expire
	// (k8s.io/kubernetes/cmd/kubeadm/app/phases/copycerts/copycerts.go).
	uploadCertsDescription = "Proxy for managing TTL for the kubeadm-certs secret"
	uploadCertsSecret      = "kubeadm-certs"
)

// Purpose says what a token is for that has no usage known to the server, "" if nothing shows that another program uses
// it. owned are the Secrets that it owns.
func Purpose(secret *corev1.Secret, owned []string) string {
	if len(usages(secret)) > 0 {
		return ""
	}
	return otherPurpose(secret, owned)
}

// otherPurpose is Purpose for any token.
func otherPurpose(secret *corev1.Secret, owned []string) string {
	ofKubeadm := string(secret.Data[bootstrapapi.BootstrapTokenDescriptionKey]) == uploadCertsDescription
	switch foreign := foreignUsages(secret); {
	case ofKubeadm && len(owned) == 0:
		owned = []string{uploadCertsSecret}
		fallthrough
	case ofKubeadm:
		return fmt.Sprintf("of kubeadm init --upload-certs: %s goes when it goes", secretNames(owned))
	case len(owned) > 0:
		return fmt.Sprintf("it owns %s, which goes when it goes", secretNames(owned))
	case len(foreign) > 0:
		return "for the usages of another program: " + strings.Join(foreign, ", ")
	}
	return ""
}

func secretNames(names []string) string { return "secret " + failure.Few(names) }

// foreignUsages returns the usages that the Secret enables and that the server does not know.
func foreignUsages(secret *corev1.Secret) []string {
	var out []string
	for key, value := range secret.Data {
		usage, ok := strings.CutPrefix(key, usagePrefix)
		known := slices.Contains([]string{Signing, Authentication}, strings.TrimPrefix(key, bootstrapapi.BootstrapTokenUsagePrefix))
		if ok && !known && string(value) == "true" {
			out = append(out, usage)
		}
	}
	slices.Sort(out)
	return out
}

// An Inventory has bootstrap tokens, and what only the other Secrets of kube-system tell about them.
type Inventory struct {
	Secrets []corev1.Secret
	Now     time.Time // the server's
	owned   map[types.UID][]string
	partial bool // the other Secrets could not be listed
}

// Health returns the health of one of the Secrets.
func (i Inventory) Health(secret *corev1.Secret) Health {
	return evaluate(secret, i.owned[secret.UID], i.Now)
}

// ReadInventory reads the Secrets that match a label selector, as List does. With no selector it adds the Secrets that have
// the name of a token and another type; of those it reads the metadata alone.
func ReadInventory(ctx context.Context, c *kube.Client, selector string) (Inventory, error) {
	secrets, now, err := List(ctx, c, selector)
	if err != nil {
		return Inventory{}, err
	}
	return CompleteInventory(ctx, c, selector, secrets, now)
}

// CompleteInventory is ReadInventory for the Secrets, and the server's time, that List returned.
func CompleteInventory(ctx context.Context, c *kube.Client, selector string, secrets []corev1.Secret, now time.Time) (Inventory, error) {
	out := Inventory{Secrets: secrets, Now: now}
	if selector != "" && !slices.ContainsFunc(secrets, withoutUsage) {
		return out, nil
	}
	others, err := otherSecrets(ctx, c)
	if err != nil {
		return out, err
	}
	out.owned, out.partial = ownedBy(append(metadataOf(secrets), others...)), others == nil
	for _, other := range others {
		if selector == "" && (Ref{other.Name}).ID() != "" && strings.HasPrefix(other.Name, bootstrapapi.BootstrapTokenSecretPrefix) {
			out.Secrets = append(out.Secrets, corev1.Secret{ObjectMeta: other.ObjectMeta})
		}
	}
	return out, nil
}

// Owned returns the names of the Secrets that the garbage collector deletes with a token, if the token has no usage that
// the server knows. No other token is looked up, and none if the caller may not list Secrets.
func Owned(ctx context.Context, c *kube.Client, secret *corev1.Secret) ([]string, error) {
	if !withoutUsage(*secret) {
		return nil, nil
	}
	others, err := otherSecrets(ctx, c)
	return ownedBy(others)[secret.UID], err
}

func withoutUsage(secret corev1.Secret) bool { return len(usages(&secret)) == 0 }

// otherSecrets reads the metadata of the Secrets that are no bootstrap tokens; nil if the caller may not list them.
func otherSecrets(ctx context.Context, c *kube.Client) ([]metav1.PartialObjectMetadata, error) {
	others, err := c.Secrets(metav1.NamespaceSystem).Metadata(ctx, metav1.ListOptions{
		FieldSelector: "type!=" + string(bootstrapapi.SecretTypeBootstrapToken),
	})
	switch {
	case failure.ReasonOf(err) == failure.Forbidden:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list the other secrets of %s: %w", metav1.NamespaceSystem, err)
	}
	return append([]metav1.PartialObjectMetadata{}, others...), nil
}

func metadataOf(secrets []corev1.Secret) []metav1.PartialObjectMetadata {
	out := make([]metav1.PartialObjectMetadata, len(secrets))
	for i := range secrets {
		out[i].ObjectMeta = secrets[i].ObjectMeta
	}
	return out
}

// ownedBy returns the names of Secrets by their owners.
func ownedBy(secrets []metav1.PartialObjectMetadata) map[types.UID][]string {
	out := map[types.UID][]string{}
	for _, secret := range secrets {
		for _, owner := range secret.OwnerReferences {
			out[owner.UID] = append(out[owner.UID], secret.Name)
		}
	}
	return out
}
