// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"

	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"
)

// connectionFiles are the flags with files that make a connection. The kubeconfig can name such files too.
func connectionFiles() []string {
	return []string{"kubeconfig", clientcmd.FlagCAFile, clientcmd.FlagCertFile, clientcmd.FlagKeyFile}
}

// inputFiles are the flags with files that a command reads by itself.
func inputFiles() []string {
	return []string{"contexts-file", "for-file", "token-file", "audit-log", kubercFlag}
}

// outputFiles are the flags with files or directories that a command writes.
func outputFiles() []string {
	return []string{"out", "out-dir", "to-file", "cache-dir", "profile-output", "log-file", "log-dir", "report"}
}

// isFile reports whether the value of a flag is the name of a file or of a directory.
func isFile(flag string) bool {
	return slices.Contains(slices.Concat(connectionFiles(), inputFiles(), outputFiles()), flag)
}

// fileNames returns the values of a flag: one, or several where it can be repeated.
func fileNames(f *pflag.Flag) []string {
	if repeated, ok := f.Value.(pflag.SliceValue); ok {
		return repeated.GetSlice()
	}
	return []string{f.Value.String()}
}
