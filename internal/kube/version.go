// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"encoding/json"
	"fmt"

	apiversion "k8s.io/apimachinery/pkg/version"
)

// Version asks the server for its version, such as v1.37.2. The error is the API's own, or says that the answer is none.
func (c *Client) Version(ctx context.Context) (string, error) {
	answer, err := c.core.Get().AbsPath("/version").Do(ctx).Raw()
	if err != nil {
		return "", err
	}
	var info apiversion.Info
	if err := json.Unmarshal(answer, &info); err != nil {
		return "", fmt.Errorf("read the version of %s: %w", c.server.Host, err)
	}
	return info.GitVersion, nil
}
