// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// programFile is the name of the program's file, unless it is a plugin of kubectl.
const programFile = "joinctl"

// pluginFile returns the name of the file that this program was started as, if that is a plugin of kubectl, else "".
func (env *Env) pluginFile() string {
	file := strings.TrimSuffix(filepath.Base(env.Program), ".exe")
	if !strings.HasPrefix(file, "kubectl-") {
		return ""
	}
	return file
}

// displayName returns what people type to run this program: kubectl join-token for a file kubectl-join_token, by kubectl's rule
// for the names of plugins (k8s.io/kubectl/pkg/cmd/plugin.go), else joinctl.
func (env *Env) displayName() string {
	plugin, ok := strings.CutPrefix(env.pluginFile(), "kubectl-")
	if !ok {
		return programFile
	}
	return "kubectl " + strings.NewReplacer("-", " ", "_", "-").Replace(plugin)
}

// renameCommands makes help name the program as people type it, and returns what does the same with other texts: they name
// commands as joinctl COMMAND. It returns nil if that is right.
func renameCommands(root *cobra.Command, name string) func(string) string {
	if name == programFile {
		return nil
	}
	words := []string{"-"}
	for _, cmd := range root.Commands() {
		words = append(words, regexp.QuoteMeta(cmd.Name())+`\b`)
	}
	command := regexp.MustCompile(`\b` + programFile + ` (` + strings.Join(words, "|") + `)`)
	rename := func(text string) string { return command.ReplaceAllString(text, name+" $1") }
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: name}
	eachSubcommand(root, func(cmd *cobra.Command) {
		cmd.Long, cmd.Example = rename(cmd.Long), rename(cmd.Example)
	})
	return rename
}
