// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"strings"
)

const (
	prompt       = "$ " // begins a command
	continuation = "> " // begins a further line of a command, as in a shell
)

// Step is a command of a transcript, and its output as the page shows it.
type Step struct {
	Command string // may have several lines
	Output  string // stdout and stderr
	Line    int    // line of the command in the page
	Shown   string // the lines of the command, as the page shows them
}

// Steps parses a block of the language Console. It returns an error if the block does not begin with a command.
func (b Block) Steps() ([]Step, error) {
	var steps []Step
	inCommand := false
	number := b.Line - 1
	for line := range strings.Lines(b.Text) {
		number++
		if command, ok := strings.CutPrefix(line, prompt); ok {
			steps = append(steps, Step{Command: command, Shown: line, Line: number})
			inCommand = true
			continue
		}
		if len(steps) == 0 {
			return nil, fmt.Errorf("line %d: a transcript begins with a command after %q", number, prompt)
		}
		step := &steps[len(steps)-1]
		more, continued := strings.CutPrefix(line, continuation)
		if inCommand = inCommand && (continued || strings.HasSuffix(step.Command, "\\\n")); inCommand {
			step.Command += more
			step.Shown += line
			continue
		}
		step.Output += line
	}
	if len(steps) == 0 {
		return nil, fmt.Errorf("line %d: the transcript is empty", b.Line)
	}
	return steps, nil
}
