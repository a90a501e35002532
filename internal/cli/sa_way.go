// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// rootCA is the ConfigMap in which a cluster publishes its certificate authority in every namespace, and the key of it
// (k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go).
const rootCA, rootCAKey = "kube-root-ca.crt", "ca.crt"

// A way is how whoever a kubeconfig is handed to connects.
type way struct {
	entry  kube.ContextEntry
	client *kube.Client // over the same way; its credential is of no account
}

// way returns how to connect to what a target is: as the kubeconfig does, to a member's own API endpoint, or to the
// control plane that passes requests on to the member.
func (h *handover) way(ctx context.Context, target fleet.Target, c *kube.Client) (way, error) {
	entry, err := target.Entry()
	if err != nil || target.Member == "" {
		return way{entry, c}, err
	}
	entry.ClusterName = h.conn.called(target)
	if h.viaHub {
		entry.Cluster.Server = c.Server().String()
		return way{entry, c}, nil
	}
	member, err := c.Hub().Member(ctx, target.Member)
	switch {
	case err != nil:
		return way{}, fmt.Errorf("read Cluster %s: %w", target.Member, err)
	case member.Server == "":
		return way{}, &failure.Error{
			Reason: failure.Unsupported,
			Err:    fmt.Errorf("cluster %s has no spec.apiEndpoint to point at", target.Member),
			Hint:   "--via-hub points at the control plane instead",
		}
	case member.Insecure && !h.allowInsecure:
		return way{}, &failure.ConfigError{
			Err:  fmt.Errorf("the control plane does not verify member %s: whoever stands in between would get the token", target.Member),
			Hint: "correct insecureSkipTLSVerification of the Cluster, or say --allow-insecure",
		}
	}
	var ca []byte
	if !member.Insecure {
		if ca, err = authorityOf(ctx, target, c, entry.Namespace); err != nil {
			return way{}, err
		}
	}
	entry.Cluster = clientcmdapi.Cluster{Server: member.Server, ProxyURL: member.ProxyURL, InsecureSkipTLSVerify: member.Insecure}
	direct, err := c.Direct(member, ca)
	return way{entry, direct}, err
}

// authorityOf returns the certificate authority that a member publishes, read through the control plane. It never comes
// over an unverified connection.
func authorityOf(ctx context.Context, target fleet.Target, c *kube.Client, namespace string) ([]byte, error) {
	if c.Insecure() {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified, so no certificate authority can be taken from it", c.Server().Redacted()),
			Hint: "give the context a certificate authority, or say --via-hub",
		}
	}
	published, err := c.ConfigMap(ctx, namespace, rootCA)
	if err == nil && published.Data[rootCAKey] == "" {
		err = &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("it has no %s", rootCAKey)}
	}
	if err != nil {
		err = fmt.Errorf("read the certificate authority of member %s from ConfigMap %s/%s: %w", target.Member, namespace, rootCA, err)
		if failure.ReasonOf(err) == failure.NotFound {
			return nil, &failure.Error{Err: err, Hint: "every namespace of a cluster has one: is there such a namespace in the member? --via-hub does without it"}
		}
		right := fmt.Sprintf("the verb get on configmaps in namespace %s, which a Role can restrict to resourceNames: [%s]", namespace, rootCA)
		return nil, c.ExplainProxyError(failure.WithRequiredRight(right, err))
	}
	return []byte(published.Data[rootCAKey]), nil
}

// tolerate decides whether a kubeconfig for a member is handed over although it could not be tried: this machine need not
// reach the member, but it does reach the control plane.
func (h *handover) tolerate(target fleet.Target, g granted, err error) error {
	server := g.way.client.Server().Redacted()
	switch {
	case failure.ReasonOf(err) == failure.Interrupted:
		return err
	case h.viaHub && failure.ReasonOf(err) == failure.Forbidden:
		return &failure.Error{
			Err:  fmt.Errorf("try the kubeconfig for member %s: %w", target.Member, err),
			Hint: fmt.Sprintf("serviceaccount %s of the control plane needs the verbs get and create on clusters/proxy there, and inside the member rights for the user system:serviceaccount:%s:%s", g.account, g.account.Namespace, g.account.Name),
		}
	case h.viaHub:
		return fmt.Errorf("try the kubeconfig for member %s: %w", target.Member, err)
	case failure.IsUntrusted(err):
		return &failure.Error{
			Err:  fmt.Errorf("try the kubeconfig for member %s at %s: %w", target.Member, server, err),
			Hint: "the certificate there is for other names, or of another authority than the member publishes: correct spec.apiEndpoint of the Cluster, or say --via-hub",
		}
	case failure.IsTransport(err) || errors.Is(err, context.DeadlineExceeded):
		h.env.warn("%s cannot be reached from this machine, so that the kubeconfig for member %s was not tried", server, target.Member)
	}
	return nil
}
