// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/joinctl/joinctl/internal/failure"
)

// ServesGroup reports whether the server has an API group, and whether it answered that: it is not known if this user may not ask,
// for example. An aggregated API server need not run, since the server itself answers for the group. The error is Unauthorized, a
// failure to connect, the answer of something else than an API server, or one that the server cannot answer now: a guess in its
// place would differ from what the server says a moment later.
func (c *Client) ServesGroup(ctx context.Context, name string) (served, answered bool, err error) {
	group := &metav1.APIGroup{}
	err = do(ctx, c.restClient.Get().AbsPath("/apis", name).SetHeader("Accept", runtime.ContentTypeJSON), group)
	var status apierrors.APIStatus
	switch {
	case err == nil && group.Name == name:
		return true, true, nil
	case err == nil:
		return false, false, unexpected("the answer is about the API group %q, and not %q", group.Name, name)
	case failure.ReasonOf(err) == failure.NotFound:
		return false, true, nil
	case !errors.As(err, &status) || isTemporary(err) || failure.ReasonOf(err) == failure.Unauthorized:
		return false, false, err
	}
	return false, false, nil
}
