// SPDX-License-Identifier: Apache-2.0

package join

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/validate/content"
)

// MaxClusterName is the maximum length of a member cluster's name, in bytes: Karmada adds up to 15 characters for the
// member's namespace on the control plane (karmada pkg/apis/cluster/validation/validation.go).
const MaxClusterName = 48

// A ClusterName is the name of a member cluster on a Karmada control plane.
type ClusterName string

// ParseClusterName checks a name by Karmada's rule: a DNS-1123 label of at most 48 characters. The error does not repeat
// the name, which may be a token by mistake.
func ParseClusterName(s string) (ClusterName, error) {
	if len(s) > MaxClusterName || len(content.IsDNS1123Label(s)) > 0 {
		return "", fmt.Errorf("the name of a member cluster is of a-z, 0-9 and -, begins and ends with a letter or digit, and has at most %d characters", MaxClusterName)
	}
	return ClusterName(s), nil
}
