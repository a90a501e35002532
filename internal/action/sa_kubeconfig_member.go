// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// The ConfigMap in which a cluster publishes its certificate authority in every namespace, and its key
// (k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher/publisher.go).
const (
	rootCAConfigMap = "kube-root-ca.crt"
	rootCAKey       = "ca.crt"
)

// endpointOf returns how the user of the kubeconfig connects to a target: as the kubeconfig does, to a member's own API
// endpoint, or to the hub that passes requests on to the member.
func (o *RequestOptions) endpointOf(ctx context.Context, target fleet.Target, c *kube.Client) (endpoint, error) {
	entry, err := target.Entry()
	if err != nil || target.Member == "" {
		return endpoint{entry, c}, err
	}
	entry.ClusterName = o.Session.DisplayName(target)
	if o.viaHub {
		entry.Cluster.Server = c.Server().String()
		return endpoint{entry, c}, nil
	}
	member, err := c.Hub().Member(ctx, target.Member)
	switch {
	case err != nil:
		return endpoint{}, fmt.Errorf("read Cluster %s: %w", target.Member, err)
	case member.Server == "":
		return endpoint{}, &failure.Error{
			Reason: failure.Unsupported,
			Err:    fmt.Errorf("cluster %s has no spec.apiEndpoint to connect to", target.Member),
			Hint:   "--via-hub connects to the control plane instead",
		}
	case member.Insecure && !o.allowInsecure:
		return endpoint{}, &failure.ConfigError{
			Err:  fmt.Errorf("the control plane does not verify member %s: anyone in between would get the token", target.Member),
			Hint: "correct insecureSkipTLSVerification of the Cluster, or say --allow-insecure",
		}
	}
	var ca []byte
	if !member.Insecure {
		if ca, err = publishedCA(ctx, target, c, entry.Namespace); err != nil {
			return endpoint{}, err
		}
	}
	entry.Cluster = clientcmdapi.Cluster{Server: member.Server, ProxyURL: member.ProxyURL, InsecureSkipTLSVerify: member.Insecure}
	direct, err := c.Direct(member, ca)
	return endpoint{entry, direct}, err
}

// publishedCA returns the certificate authority that a member publishes, read through the hub. It never comes over an
// unverified connection.
func publishedCA(ctx context.Context, target fleet.Target, c *kube.Client, namespace string) ([]byte, error) {
	if c.Insecure() {
		return nil, &failure.ConfigError{
			Err:  fmt.Errorf("the connection to %s is not verified, so no certificate authority can be taken from it", c.Server().Redacted()),
			Hint: "give the context a certificate authority, or say --via-hub",
		}
	}
	published, err := c.ConfigMap(ctx, namespace, rootCAConfigMap)
	if err == nil && published.Data[rootCAKey] == "" {
		err = &failure.Error{Reason: failure.NotFound, Err: fmt.Errorf("it has no %s", rootCAKey)}
	}
	if err == nil {
		return []byte(published.Data[rootCAKey]), nil
	}
	err = fmt.Errorf("read the certificate authority of member %s from ConfigMap %s/%s: %w", target.Member, namespace, rootCAConfigMap, err)
	if failure.ReasonOf(err) == failure.NotFound {
		return nil, &failure.Error{Err: err, Hint: "every namespace of a cluster has one: does the member have this namespace? --via-hub does not need it"}
	}
	right := fmt.Sprintf("the verb get on configmaps in namespace %s, which a Role can restrict to resourceNames: [%s]", namespace, rootCAConfigMap)
	return nil, c.ExplainProxyError(failure.WithRequiredRight(right, err))
}

// checkVerified refuses to hand over a connection on which the server is not verified.
func (o *RequestOptions) checkVerified(c *kube.Client) error {
	if !c.Insecure() || o.allowInsecure {
		return nil
	}
	return &failure.ConfigError{
		Err:  fmt.Errorf("the connection to %s is not verified: anyone in between would get the token", c.Server().Redacted()),
		Hint: "give the context a certificate authority, or say --allow-insecure",
	}
}

// verifyError decides what it means that a kubeconfig for a member could not be checked: this machine does not have to reach
// the member, but it does reach the hub. nil says that the kubeconfig is good nevertheless.
func (o *RequestOptions) verifyError(target fleet.Target, end endpoint, issued IssuedToken, err error) error {
	server := end.client.Server().Redacted()
	tried := fmt.Errorf("check the kubeconfig for member %s: %w", target.Member, err)
	switch {
	case failure.ReasonOf(err) == failure.Interrupted:
		return err
	case o.viaHub && failure.ReasonOf(err) == failure.Forbidden && !kube.IsImpersonationRefused(err):
		return &failure.Error{Err: tried, Hint: fmt.Sprintf("serviceaccount %s of the control plane needs the verbs get and create on clusters/proxy there, and inside the member rights for the user system:serviceaccount:%s:%s",
			issued.Account, issued.Account.Namespace, issued.Account.Name)}
	case o.viaHub:
		return end.client.ExplainProxyError(tried)
	case failure.IsUntrusted(err):
		return &failure.Error{
			Err:  fmt.Errorf("check the kubeconfig for member %s at %s: %w", target.Member, server, err),
			Hint: "the certificate there is for other names, or of another authority than the member publishes: correct spec.apiEndpoint of the Cluster, or say --via-hub",
		}
	case failure.IsTransport(err) || errors.Is(err, context.DeadlineExceeded):
		o.Session.Warn(target, fmt.Sprintf("%s cannot be reached from this machine, so the kubeconfig for member %s was not checked", server, target.Member))
	}
	return nil
}
