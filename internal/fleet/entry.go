// SPDX-License-Identifier: Apache-2.0

package fleet

import "github.com/joinctl/joinctl/internal/kube"

// Entry returns what the kubeconfig says about the target. Every error is a *kube.ConfigError.
func (t Target) Entry() (kube.Entry, error) { return t.kubeconfig.Entry(t.Context) }
