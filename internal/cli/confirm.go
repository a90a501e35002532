// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
)

// agrees asks a question on the terminal. Where there is none, the answer is no, with a word about --yes.
func (env *Env) agrees(question string) bool {
	if !env.InTTY {
		env.say("without a terminal to ask on, this needs --yes")
		return false
	}
	_, _ = fmt.Fprintf(env.Err, "joinctl: %s [y/N] ", question)
	answer, _ := bufio.NewReader(env.In).ReadString('\n')
	return slices.Contains([]string{"y", "yes"}, strings.ToLower(strings.TrimSpace(answer)))
}
