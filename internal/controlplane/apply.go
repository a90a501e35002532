// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// propagationTime is how long an authorizer may take to see new roles and bindings; that of kube-apiserver takes some 20 ms.
const propagationTime = 5 * time.Second

// DryRun checks that every change is allowed: it asks for the rights, and sends every change as a dry run, since only the
// server knows RBAC's rules against escalation. The error names all that is missing.
func (p *Plan) DryRun(ctx context.Context, c *kube.Client) error {
	var needed []kube.Access
	for _, change := range p.Changes {
		needed = append(needed, kube.AccessTo(change.verb(), change.Object))
	}
	if err := rights(ctx, c, needed); err != nil {
		return err
	}
	var errs []error
	for _, change := range p.Changes {
		err := change.send(ctx, c, true)
		if role := roleOf(change.Object); failure.ReasonOf(err) == failure.NotFound && p.creates(role) {
			err = mayBind(ctx, c, role)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mayBind checks a binding to a role of the same plan, which the server cannot check yet. Whoever may create the role has
// its rights, and so may bind it, except if the right to escalate allows to create it.
func mayBind(ctx context.Context, c *kube.Client, role kube.Object) error {
	escalator, err := c.MayI(ctx, kube.AccessTo("escalate", role))
	if err != nil || !escalator {
		return err
	}
	return rights(ctx, c, []kube.Access{kube.AccessTo("bind", role)})
}

// creates reports whether the plan creates a role.
func (p *Plan) creates(role kube.Object) bool {
	return role != nil && slices.ContainsFunc(p.Changes, func(c Change) bool { return Describe(c.Object) == Describe(role) && !c.Exists() })
}

// roleOf returns the role of a binding, without its rules; nil for other objects.
func roleOf(obj kube.Object) kube.Object {
	switch binding := obj.(type) {
	case *rbacv1.RoleBinding:
		return &rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: inPublic(binding.RoleRef.Name)}
	case *rbacv1.ClusterRoleBinding:
		return &rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(binding.RoleRef.Name)}
	}
	return nil
}

// rights returns a Forbidden that names all rights that this client lacks, nil if it lacks none.
func rights(ctx context.Context, c *kube.Client, needed []kube.Access) error {
	var missing []string
	for _, access := range needed {
		allowed, err := c.MayI(ctx, access)
		if err != nil {
			return fmt.Errorf("ask whether you may %s: %w", access, err)
		}
		if text := access.String(); !allowed && !slices.Contains(missing, text) {
			missing = append(missing, text)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &failure.Error{Reason: failure.Forbidden, Err: fmt.Errorf("you may not %s", strings.Join(missing, ", nor "))}
}

// Apply makes the change. It does not cancel the request when the context ends. The error says what failed, with the reason
// of the API. It resolves a lost answer, and a Conflict, which a proxy that sends a request again gets, by reading the object;
// the reason is Unknown if that leaves open whether the change was made.
func (c Change) Apply(ctx context.Context, client *kube.Client) error {
	ctx = context.WithoutCancel(ctx)
	return c.resolve(ctx, client, c.Object, c.send(ctx, client, false))
}

// Undo reverts a change that Apply made: it deletes a new object by its UID, and writes an updated one back as it was unless
// somebody else has changed it since. It does not cancel the request when the context ends.
func (c Change) Undo(ctx context.Context, client *kube.Client) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	if c.Exists() {
		c.before.SetResourceVersion(c.Object.GetResourceVersion())
		err = c.resolve(ctx, client, c.before, client.Update(ctx, c.before, false))
	} else {
		err = client.Remove(ctx, c.Object)
	}
	if err != nil {
		return fmt.Errorf("roll back %s: %w", Describe(c.Object), err)
	}
	return nil
}

func (c Change) send(ctx context.Context, client *kube.Client, dryRun bool) error {
	send := client.Create
	if c.Exists() {
		send = client.Update
	}
	if err := send(ctx, c.Object, dryRun); err != nil {
		return fmt.Errorf("%s %s: %w", c.verb(), Describe(c.Object), err)
	}
	return nil
}

// WaitEffective waits up to 5 seconds until the server grants all planned rights. It returns the grants that are missing then.
func (p *Plan) WaitEffective(ctx context.Context, c *kube.Client) ([]Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, propagationTime)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		var denied []Grant
		for _, grant := range p.denied {
			missing, err := grant.Missing(ctx, c)
			if err != nil && ctx.Err() == nil {
				return p.denied, err
			}
			if err != nil || len(missing) > 0 {
				denied = append(denied, grant)
			}
		}
		if p.denied = denied; len(denied) == 0 {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return denied, nil
		case <-time.After(pause):
		}
	}
}

// Manifests returns all objects that make a control plane joinable, whether they exist or not. It sends no request.
func Manifests(c *kube.Client, chosen join.Endpoint) ([]kube.Object, error) {
	endpoint, err := discovery.EndpointOf(c, chosen)
	if err != nil {
		return nil, err
	}
	info, err := clusterInfo(c, endpoint)
	if err != nil {
		return nil, err
	}
	objects := []kube.Object{info}
	for _, grant := range Grants(planned) {
		objects = append(objects, grant.Objects...)
	}
	return objects, nil
}
