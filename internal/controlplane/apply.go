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

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// settle is how long an authorizer may take to learn of new roles and bindings; kube-apiserver's takes some 20 ms.
const settle = 5 * time.Second

// DryRun makes sure that every change is allowed, by asking and by a dry run on the server, which knows RBAC's rules
// against escalation. The error names all that is missing.
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
		err := change.store(ctx, c, true)
		if role := roleOf(change.Object); failure.ReasonOf(err) == failure.NotFound && p.creates(role) {
			err = mayBind(ctx, c, role)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mayBind decides about a binding to a role that is planned too, so that the server cannot judge it yet: whoever may
// make the role holds its rights, and so may bind it, unless the role is an exception made for escalators.
func mayBind(ctx context.Context, c *kube.Client, role kube.Object) error {
	escalator, err := c.MayI(ctx, kube.AccessTo("escalate", role))
	if err != nil || !escalator {
		return err
	}
	return rights(ctx, c, []kube.Access{kube.AccessTo("bind", role)})
}

// creates reports whether the plan makes a role.
func (p *Plan) creates(role kube.Object) bool {
	return role != nil && slices.ContainsFunc(p.Changes, func(c Change) bool { return Describe(c.Object) == Describe(role) && !c.Exists() })
}

// roleOf returns the role that a binding is to, without its content; nil for other objects.
func roleOf(obj kube.Object) kube.Object {
	switch binding := obj.(type) {
	case *rbacv1.RoleBinding:
		return &rbacv1.Role{TypeMeta: kind("Role"), ObjectMeta: inPublic(binding.RoleRef.Name)}
	case *rbacv1.ClusterRoleBinding:
		return &rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: clusterWide(binding.RoleRef.Name)}
	}
	return nil
}

// rights fails with Forbidden where this client lacks any of some rights, and names all of those.
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

// Apply makes the changes in their order. Where one fails, or the context ends, those before it are taken back. A
// request that was sent is not cancelled.
func (p *Plan) Apply(ctx context.Context, c *kube.Client) error {
	seen := context.WithoutCancel(ctx)
	for i, change := range p.Changes {
		err := ctx.Err()
		if err == nil {
			err = change.store(seen, c, false)
		}
		if err != nil {
			return errors.Join(err, undo(seen, c, p.Changes[:i]))
		}
	}
	return nil
}

// undo takes changes back, the last one first.
func undo(ctx context.Context, c *kube.Client, done []Change) error {
	var errs []error
	for _, change := range slices.Backward(done) {
		var err error
		if change.Exists() {
			change.before.SetResourceVersion(change.Object.GetResourceVersion())
			err = c.Update(ctx, change.before, false)
		} else {
			err = c.Remove(ctx, change.Object)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("take %s back: %w", Describe(change.Object), err))
		}
	}
	return errors.Join(errs...)
}

// store sends the change to the server.
func (c Change) store(ctx context.Context, client *kube.Client, dryRun bool) error {
	send := client.Create
	if c.Exists() {
		send = client.Update
	}
	if err := send(ctx, c.Object, dryRun); err != nil {
		return fmt.Errorf("%s %s: %w", c.verb(), Describe(c.Object), err)
	}
	return nil
}

// WaitEffective waits until all that the plan was to allow is allowed, up to 5 seconds. It returns the grants that are not.
func (p *Plan) WaitEffective(ctx context.Context, c *kube.Client) ([]Grant, error) {
	ctx, cancel := context.WithTimeout(ctx, settle)
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

// Manifests returns all objects of a joinable Karmada control plane, whether they are there or not. It asks no server.
func Manifests(c *kube.Client, chosen join.Endpoint) ([]kube.Object, error) {
	endpoint, err := EndpointOf(c, chosen)
	if err != nil {
		return nil, err
	}
	info, err := clusterInfo(c, endpoint)
	if err != nil {
		return nil, err
	}
	objects := []kube.Object{info}
	for _, grant := range Grants(join.Karmada) {
		objects = append(objects, grant.Objects...)
	}
	return objects, nil
}
