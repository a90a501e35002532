// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// DepthVariable is the environment variable in which a joinctl that calls another one for a credential counts.
const DepthVariable = "JOINCTL_DEPTH"

// maxDepth is how many joinctl may call each other: a kubeconfig that was made through one that was made through a
// third is odd, more than that goes in circles.
const maxDepth = 3

// nested counts the calls of joinctl by joinctl, where a credential plugin is one, and ends them when they go in circles:
// a kubeconfig may name itself, and each call would start the next.
func nested(plugin *clientcmdapi.ExecConfig, depth string) (*clientcmdapi.ExecConfig, error) {
	if plugin == nil || !isOurs(plugin.Command) {
		return plugin, nil
	}
	calls, _ := strconv.Atoi(depth)
	if calls >= maxDepth {
		return nil, &failure.ConfigError{
			Err:  errors.New("the context's own credential is to come from joinctl, which would call itself without end"),
			Hint: "name another kubeconfig to mint with, by --kubeconfig and --context",
		}
	}
	counted := *plugin
	counted.Env = append(slices.Clip(plugin.Env), clientcmdapi.ExecEnvVar{Name: DepthVariable, Value: strconv.Itoa(calls + 1)})
	return &counted, nil
}

func isOurs(command string) bool {
	return strings.TrimSuffix(filepath.Base(command), ".exe") == "joinctl"
}
