// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// An InferredJoiner is the joiner of a token whose joiner and groups no flag names.
type InferredJoiner struct {
	Joiner join.Joiner // "": flags name it
	Asked  bool        // the server said which API groups it serves; else it is the default joiner
}

// inferJoiner returns the joiner that a control plane is for, by the API group of Karmada. The request is the one that TimeForExpiry
// would send, and its answer has the server's time too: so it costs no further request. A token that never expires needs no time,
// and nothing is asked.
func (a *TokenCreate) inferJoiner(ctx context.Context, c *kube.Client) (InferredJoiner, error) {
	inferred := InferredJoiner{Joiner: join.Default()}
	if a.Lifetime().NeverEnds() {
		return inferred, nil
	}
	served, answered, err := c.ServesGroup(ctx, kube.KarmadaGroup)
	if err != nil {
		return inferred, fmt.Errorf("ask %s for its time and API groups: %w", c.Server().Host, err)
	}
	if inferred.Asked = answered; answered && !served {
		inferred.Joiner = join.Kubeadm
	}
	klog.V(4).InfoS("inferred the joiner", "server", c.Server().Host, "joiner", inferred.Joiner.String(), "answered", answered)
	return inferred, nil
}
