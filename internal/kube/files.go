// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
)

// An AbsentFile is a file of KUBECONFIG that adds no context, because it does not exist or is empty.
type AbsentFile struct {
	Path   string
	Exists bool // it is empty
}

// String returns the path and what is wrong with the file.
func (f AbsentFile) String() string {
	if f.Exists {
		return f.Path + ", which is empty"
	}
	return f.Path + ", which does not exist"
}

// AbsentFiles returns the files of KUBECONFIG that do not exist or are empty, in the order of KUBECONFIG. client-go passes
// over them. There are none if KUBECONFIG is not set or the kubeconfig has an explicit path.
func (k *Kubeconfig) AbsentFiles() []AbsentFile { return k.absent }

// nothingIn returns the error for a KUBECONFIG with files that have no content.
func nothingIn(absent []AbsentFile) error {
	names := make([]string, len(absent))
	for i, file := range absent {
		names[i] = file.String()
	}
	hint := "correct KUBECONFIG, or name a file with --kubeconfig" + adminHint()
	if len(names) == 0 { // they have no entries
		return &failure.ConfigError{Err: errors.New("no kubeconfig found: the files that KUBECONFIG names have no contexts"), Hint: hint}
	}
	return &failure.ConfigError{Err: fmt.Errorf("no kubeconfig found: KUBECONFIG names %s", strings.Join(names, ", and ")), Hint: hint}
}

// adminHint names the administrators' kubeconfigs that this machine has.
func adminHint() string { return adminHintOf(kubeadmAdmin, karmadaAdmin) }

func adminHintOf(paths ...string) string {
	var flags []string
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			flags = append(flags, "--kubeconfig "+path)
		}
	}
	if len(flags) == 0 {
		return ""
	}
	return ", for example " + strings.Join(flags, " or ")
}
