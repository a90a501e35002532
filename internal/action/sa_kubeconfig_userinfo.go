// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
)

// stripUserinfo removes the user names and passwords from the URLs of an endpoint, since they are credentials of the caller,
// and warns. It refuses a proxy that does not work without them.
func (o *RequestOptions) stripUserinfo(ctx context.Context, target fleet.Target, end endpoint) (endpoint, error) {
	cluster := &end.entry.Cluster
	var server, proxy bool
	cluster.Server, server = kube.StripUserinfo(cluster.Server)
	cluster.ProxyURL, proxy = kube.StripUserinfo(cluster.ProxyURL)
	var where []string
	if server {
		where = append(where, "server")
	}
	if proxy {
		where = append(where, "proxy-url")
	}
	if len(where) == 0 {
		return end, nil
	}
	stripped, err := end.client.WithoutUserinfo()
	if err != nil {
		return endpoint{}, err
	}
	end.client = stripped
	if proxy {
		if err := checkProxy(ctx, stripped); err != nil {
			return endpoint{}, err
		}
	}
	o.Session.Warn(target, fmt.Sprintf("the user name and password in %s are not copied into the new kubeconfig: they are a credential of yours", strings.Join(where, " and ")))
	return end, nil
}

// checkProxy fails if a proxy does not pass a request on without a user name and a password.
func checkProxy(ctx context.Context, c *kube.Client) error {
	_, err := c.Version(ctx)
	var status apierrors.APIStatus
	refused := errors.As(err, &status) && status.Status().Code == http.StatusProxyAuthRequired
	switch {
	case err == nil || failure.ReasonOf(err) == failure.Interrupted:
		return err
	case !failure.IsTransport(err) && !refused:
		return nil
	}
	return &failure.ConfigError{
		Err:  fmt.Errorf("the proxy of the context does not work without its user name and password, and a kubeconfig for others cannot have them: %w", err),
		Hint: "name a proxy without a password with --proxy-url, or a kubeconfig that uses one",
	}
}
