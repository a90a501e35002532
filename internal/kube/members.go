// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// KarmadaGroup is the API group that every Karmada control plane serves.
const KarmadaGroup = "cluster.karmada.io"

// Where a Karmada control plane serves its Cluster objects and the cluster proxy
// (karmada pkg/apis/cluster/v1alpha1/types.go, pkg/registry/cluster/storage/proxy.go).
const (
	clustersPath     = "/apis/" + KarmadaGroup + "/v1alpha1/clusters"
	proxySubresource = "/proxy"
)

// A Member is a member cluster of a Karmada control plane, from its Cluster object.
type Member struct {
	Name     string
	Server   string // URL of its API server
	ProxyURL string // the proxy through which the control plane connects to it; "" for none
	Insecure bool   // the control plane does not verify its certificate

	SecretNamespace, SecretName string // of the Secret with the control plane's credential there; "": none, as in pull mode
}

// MemberNames returns the names of the members that match a label selector, in the server's order. The reason is
// Unsupported if the server is not a Karmada control plane. A Forbidden has a hint. Every other error is the API's own.
func (c *Client) MemberNames(ctx context.Context, selector string) ([]string, error) {
	clusters, err := listMetadata(ctx, metav1.ListOptions{LabelSelector: selector}, "ClusterList", "", func(opts *metav1.ListOptions) *rest.Request {
		return c.restClient.Get().AbsPath(clustersPath).VersionedParams(opts, c.parameterCodec)
	})
	return namesOf(clusters), c.explainClusters(err)
}

// explainClusters explains the error of a list of Clusters.
func (c *Client) explainClusters(err error) error {
	if failure.ReasonOf(err) == failure.NotFound {
		return &failure.Error{
			Reason: failure.Unsupported,
			Err:    fmt.Errorf("%s has no members: it is no Karmada control plane (%w)", c.Server().Host, err),
			Hint:   "members are reached through the Karmada control plane that they have joined: is this the right context?",
		}
	}
	return withClustersRight("list", err)
}

// Member reads the Cluster object of a member. A Forbidden has a hint. Every other error is the API's own.
func (c *Client) Member(ctx context.Context, name string) (Member, error) {
	var cluster struct {
		metav1.TypeMeta
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			APIEndpoint                 string `json:"apiEndpoint"`
			ProxyURL                    string `json:"proxyURL"`
			InsecureSkipTLSVerification bool   `json:"insecureSkipTLSVerification"`
			SecretRef                   struct {
				Namespace string `json:"namespace"`
				Name      string `json:"name"`
			} `json:"secretRef"`
		} `json:"spec"`
	}
	err := doJSON(ctx, c.restClient.Get().AbsPath(clustersPath, name).SetHeader("Accept", runtime.ContentTypeJSON), &cluster)
	if err == nil {
		err = verifyKind(cluster.TypeMeta, "Cluster")
	}
	if err == nil && cluster.Metadata.Name != name {
		err = unexpected("the answer is the Cluster %q, and not %q", cluster.Metadata.Name, name)
	}
	server := cluster.Spec.APIEndpoint
	if server != "" && !strings.Contains(server, "://") {
		server = "https://" + server
	}
	spec := cluster.Spec
	return Member{name, server, spec.ProxyURL, spec.InsecureSkipTLSVerification, spec.SecretRef.Namespace, spec.SecretRef.Name}, withClustersRight("get", err)
}

func withClustersRight(verb string, err error) error {
	return failure.WithRequiredRight("the verb "+verb+" on clusters of "+KarmadaGroup+", on the control plane", withAggregatedHint(err))
}

// HasServer reports whether a URL is that of the member's API server.
func (m Member) HasServer(server string) bool { return canonicalURL(m.Server) == canonicalURL(server) }

// Proxies reports whether a URL is that of a member behind the cluster proxy of this control plane.
func (c *Client) Proxies(server string) bool {
	server, _ = StripUserinfo(server)
	own, _ := StripUserinfo(c.server.String())
	return strings.HasPrefix(canonicalURL(server), canonicalURL(own)+clustersPath+"/")
}

// ExplainProxyError says whether the control plane or the member refused a request that went through the cluster proxy,
// and which rights it needs there. It returns every other error unchanged, and every error of a client without a Hub.
func (c *Client) ExplainProxyError(err error) error {
	var answer apierrors.APIStatus
	if c.hub == nil || !errors.As(err, &answer) {
		return err
	}
	status := answer.Status()
	fromHub := status.Details != nil && status.Details.Group == KarmadaGroup
	if broken := c.explainBroken(status, err); broken != nil && !fromHub {
		return broken
	}
	switch {
	case status.Code == http.StatusForbidden:
		return c.explainForbidden(status, fromHub, err)
	case status.Code == http.StatusUnauthorized:
		return &failure.Error{
			Err:  fmt.Errorf("member %s refuses the control plane's own credential: %w", c.member, err),
			Hint: "the member does not accept the token in the Secret that impersonatorSecretRef of Cluster " + c.member + " names: Karmada writes a new one when the member joins again",
		}
	case status.Code == http.StatusNotFound && fromHub:
		return &failure.Error{Err: err, Hint: "kubectl get clusters shows the members of this control plane"}
	case failure.IsProxyFailure(status):
		return &failure.Error{
			Reason: failure.Unreachable,
			Err:    fmt.Errorf("the control plane cannot reach member %s: %w", c.member, err),
			Hint:   "is the member up, and is spec.apiEndpoint of its Cluster right? The control plane connects to it, not this machine",
		}
	}
	return err
}

// explainForbidden says who refused a request, and which rights it needs on both sides.
func (c *Client) explainForbidden(status metav1.Status, fromHub bool, err error) error {
	inMember := "inside the member, for the user of the same name, " + cmp.Or(failure.RequiredRight(err), "the right that the request needs")
	switch {
	case fromHub:
		return &failure.Error{
			Err: fmt.Errorf("the control plane refuses: %w", err),
			Hint: "this needs two things: on the control plane the verbs get and create on clusters/proxy of " + KarmadaGroup +
				", which a ClusterRole can restrict to resourceNames: [" + c.member + "]; and " + inMember,
		}
	case isImpersonation(status):
		return c.explainImpersonation(status, inMember, err)
	}
	return &failure.Error{
		Err:  fmt.Errorf("member %s refuses: %w", c.member, err),
		Hint: "this needs two things: clusters/proxy on the control plane, which is granted; and " + inMember,
	}
}
