// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// planned is the joiner for which setup makes a control plane joinable.
const planned = join.Karmada

// A Plan has the changes that make a control plane joinable.
type Plan struct {
	Changes []Change
	denied  []Grant // the grants with missing rights
}

// A Change creates or updates one object.
type Change struct {
	Object  kube.Object // after the change
	Purpose string
	Power   string // why the change is dangerous; empty: it is not

	before kube.Object // nil: it does not exist
}

// Exists reports whether the object already exists.
func (c Change) Exists() bool { return c.before != nil }

func (c Change) verb() string {
	if c.Exists() {
		return "update"
	}
	return "create"
}

// NewPlan plans what is missing. It plans nothing for rights that are granted already, by any object. An empty endpoint
// means the server in cluster-info, or the kubeconfig's server if there is no cluster-info yet. A cluster-info that differs
// is a Conflict unless force is set.
func NewPlan(ctx context.Context, c *kube.Client, endpoint join.Endpoint, force bool) (*Plan, error) {
	if err := mayPlan(ctx, c); err != nil {
		return nil, err
	}
	p := &Plan{}
	if err := p.clusterInfo(ctx, c, endpoint, force); err != nil {
		return nil, err
	}
	for _, grant := range Grants(planned) {
		missing, err := grant.Missing(ctx, c)
		if err != nil {
			return nil, err
		}
		if len(missing) == 0 {
			continue
		}
		p.denied = append(p.denied, grant)
		for _, object := range grant.Objects {
			if err := p.add(ctx, c, Change{Object: object, Purpose: grant.Purpose, Power: grant.Power}); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// mayPlan returns an error that names all rights that planning needs and this client lacks.
func mayPlan(ctx context.Context, c *kube.Client) error {
	return rights(ctx, c, []kube.Access{
		{Verb: "create", Group: "authorization.k8s.io", Resource: "subjectaccessreviews"},
		{Verb: "get", Resource: "configmaps", Namespace: metav1.NamespacePublic, Name: bootstrapapi.ConfigMapClusterInfo},
	})
}

// clusterInfo plans cluster-info.
func (p *Plan) clusterInfo(ctx context.Context, c *kube.Client, chosen join.Endpoint, force bool) error {
	endpoint, err := discovery.EndpointOf(c, chosen)
	if err != nil {
		return err
	}
	want, err := clusterInfo(c, endpoint)
	if err != nil {
		return err
	}
	change := Change{Object: want, Purpose: "it tells joiners how to reach the control plane and which CA to trust: " + endpoint.HostPort()}
	info, err := discovery.Read(ctx, c, planned)
	var differs string
	switch {
	case failure.ReasonOf(err) == failure.NotFound:
		p.Changes = append(p.Changes, change)
		return nil
	case failure.ReasonOf(err) == failure.Invalid:
		differs = err.Error()
	case err != nil:
		return err
	default:
		now, err := c.ServerTime(ctx)
		if err != nil {
			return err
		}
		if differs, err = difference(c, info, chosen, now); err != nil || differs == "" {
			return err
		}
	}
	if !force {
		return &failure.Error{
			Reason: failure.Conflict,
			Err:    fmt.Errorf("cluster-info exists and is another one: %s", differs),
			Hint:   "--force overwrites it, and the bootstrap signer signs the new one with every valid token; without --endpoint its server stays as it is",
		}
	}
	before, err := c.ConfigMap(ctx, metav1.NamespacePublic, bootstrapapi.ConfigMapClusterInfo)
	if err != nil {
		return fmt.Errorf("read cluster-info: %w", err)
	}
	before.TypeMeta = want.TypeMeta
	after := before.DeepCopy()
	if after.Data == nil {
		after.Data = map[string]string{}
	}
	after.Data[bootstrapapi.KubeConfigKey] = want.Data[bootstrapapi.KubeConfigKey] // keeps the signatures until the signer replaces them
	change.Object, change.before = after, before
	change.Purpose = fmt.Sprintf("OVERWRITTEN, since %s; %s", differs, change.Purpose)
	p.Changes = append(p.Changes, change)
	return nil
}

// add plans an object, unless it exists and is complete.
func (p *Plan) add(ctx context.Context, c *kube.Client, change Change) error {
	before := change.Object.DeepCopyObject().(kube.Object)
	err := c.Read(ctx, before)
	if failure.ReasonOf(err) == failure.NotFound {
		p.Changes = append(p.Changes, change)
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", Describe(before), err)
	}
	after, err := reconcile(before, change.Object)
	if err != nil || after == nil {
		return err
	}
	change.Object, change.before = after, before
	p.Changes = append(p.Changes, change)
	return nil
}
