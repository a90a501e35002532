// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"

	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/publish"
)

// A secretDestination is a Secret in a cluster.
type secretDestination struct {
	secret publish.Secret
	client *kube.Client
	where  string // what people call the cluster
	adopt  bool
}

func (d *secretDestination) String() string {
	return fmt.Sprintf("secret %s in %s", d.secret.Ref, d.where)
}

func (d *secretDestination) Read(ctx context.Context) error {
	found, err := publish.Read(ctx, d.client, d.secret.Ref)
	if err != nil {
		return fmt.Errorf("%w (in %s)", err, d.where)
	}
	d.secret = found
	return found.Check(d.adopt)
}

func (d *secretDestination) Value(key string) []byte      { return d.secret.Value(key) }
func (d *secretDestination) Annotation(key string) string { return d.secret.Annotation(key) }

// Check asks the server whether it would write the Secret.
func (d *secretDestination) Check(ctx context.Context, content publish.Content) error {
	if _, err := d.secret.Write(ctx, d.client, content, true); err != nil {
		return fmt.Errorf("%w (in %s; nothing was created)", err, d.where)
	}
	return nil
}

func (d *secretDestination) Write(ctx context.Context, content publish.Content, dryRun DryRun) (PublishedChange, error) {
	out := PublishedChange{Where: d.String(), Secret: d.secret.Ref.String()}
	out.Change, out.Keys = d.secret.Diff(content)
	if dryRun == Client {
		return out, nil
	}
	if _, err := d.secret.Write(ctx, d.client, content, dryRun == Server); err != nil {
		return out, fmt.Errorf("%w (in %s)", err, d.where)
	}
	return out, nil
}
