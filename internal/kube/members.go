// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// KarmadaGroup is the API group by which a Karmada control plane is known.
const KarmadaGroup = "cluster.karmada.io"

// Where a Karmada control plane serves its member clusters, and passes requests on to one of them
// (karmada pkg/apis/cluster/v1alpha1/types.go, pkg/registry/cluster/storage/proxy.go).
const (
	clusters = "/apis/" + KarmadaGroup + "/v1alpha1/clusters"
	proxied  = "/proxy"
)

// A Member is a cluster that has joined a Karmada control plane, as its Cluster object describes it.
type Member struct {
	Name     string
	Server   string // URL of its API server
	ProxyURL string // through which the control plane reaches it; "" for none
	Insecure bool   // the control plane does not verify its certificate
}

// MemberNames returns the names of the members that a label selector selects, sorted as the server sorts them. A server
// that is no Karmada control plane is Unsupported, and a Forbidden has a hint; every other error is the API's own.
func (c *Client) MemberNames(ctx context.Context, selector string) ([]string, error) {
	const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1," + runtime.ContentTypeJSON
	found, err := inChunks(metav1.ListOptions{LabelSelector: selector}, func(opts metav1.ListOptions) ([]metav1.PartialObjectMetadata, string, error) {
		page := &metav1.PartialObjectMetadataList{}
		err := decoded(c.core.Get().AbsPath(clusters).SetHeader("Accept", metadataOnly).VersionedParams(&opts, c.codec).Do(ctx), page)
		return page.Items, page.Continue, err
	})
	if failure.ReasonOf(err) == failure.NotFound {
		return nil, &failure.Error{
			Reason: failure.Unsupported,
			Err:    fmt.Errorf("%s has no members: it is no Karmada control plane (%w)", c.Server().Host, err),
			Hint:   "members are reached through the Karmada control plane that they have joined: is this the right context?",
		}
	}
	names := make([]string, len(found))
	for i := range found {
		names[i] = found[i].Name
	}
	return names, needingClusters("list", err)
}

func needingClusters(verb string, err error) error {
	return failure.WithRequiredRight("the verb "+verb+" on clusters of "+KarmadaGroup+", on the control plane", err)
}

// Member reads the Cluster object of one member. A Forbidden has a hint; every other error is the API's own.
func (c *Client) Member(ctx context.Context, name string) (Member, error) {
	var cluster struct {
		Spec struct {
			APIEndpoint                 string `json:"apiEndpoint"`
			ProxyURL                    string `json:"proxyURL"`
			InsecureSkipTLSVerification bool   `json:"insecureSkipTLSVerification"`
		} `json:"spec"`
	}
	err := needingClusters("get", decoded(c.core.Get().AbsPath(clusters, name).SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx), &cluster))
	server := cluster.Spec.APIEndpoint
	if server != "" && !strings.Contains(server, "://") {
		server = "https://" + server
	}
	return Member{name, server, cluster.Spec.ProxyURL, cluster.Spec.InsecureSkipTLSVerification}, err
}

// HasServer reports whether a URL is that of the member's API server.
func (m Member) HasServer(server string) bool { return canonical(m.Server) == canonical(server) }

// Proxies reports whether a URL leads through this control plane to a member.
func (c *Client) Proxies(server string) bool {
	return strings.HasPrefix(canonical(server), canonical(c.server.String())+clusters+"/")
}

// decoded reads an answer in JSON of a kind that client-go is not told about.
func decoded(result rest.Result, into any) error {
	body, err := result.Raw()
	if err != nil {
		return result.Error() // it reads the Status in the body
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// ViaProxy returns a client for a member cluster that goes through this control plane. The credential is this client's:
// the control plane knows its bearer, and impersonates the same user and groups in the member.
func (c *Client) ViaProxy(member string) (*Client, error) {
	config := rest.CopyConfig(c.config)
	config.Host = strings.TrimSuffix(c.server.String(), "/") + clusters + "/" + url.PathEscape(member) + proxied
	through, err := c.derive(config)
	if err != nil {
		return nil, err
	}
	through.hub, through.member = c, member
	return through, nil
}

// Hub returns the client of the control plane that this one goes through, nil where it goes through none.
func (c *Client) Hub() *Client { return c.hub }

// Direct returns a client without a credential for a member's own API server, whose certificate is verified with
// certificate authorities (PEM) unless the control plane does not verify it either.
func (c *Client) Direct(member Member, ca []byte) (*Client, error) {
	config := &rest.Config{
		Host: member.Server, Timeout: c.config.Timeout,
		TLSClientConfig: rest.TLSClientConfig{Insecure: member.Insecure, CAData: ca},
	}
	if member.ProxyURL != "" {
		through, err := url.Parse(member.ProxyURL)
		if err != nil {
			return nil, &failure.ConfigError{Err: fmt.Errorf("the proxy of member %s: %w", member.Name, err)}
		}
		config.Proxy = http.ProxyURL(through)
	}
	return New(config, c.config.UserAgent, c.clock.now)
}
