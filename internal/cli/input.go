// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
)

// stdin is the argument that stands for standard input.
const stdin = "-"

// readLines reads credentials, references or names, one per line, from a file or from standard input (-). Blank lines and
// white space around lines do not count.
func readLines(env *Env, path string) ([]string, error) {
	from, name := env.In, "standard input"
	if path != stdin {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read lines: %w", err)
		}
		defer func() { _ = file.Close() }()
		from, name = file, path
	}
	var lines []string
	scanner := bufio.NewScanner(from)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" {
			lines = append(lines, line)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(lines) == 0 {
		return nil, fmt.Errorf("%s is empty", name)
	}
	return lines, nil
}

// given returns what positional arguments and --token-file name together: words, with - replaced by the lines of
// standard input.
func given(env *Env, args []string, file string) ([]string, error) {
	if file != "" {
		if len(args) > 0 {
			return nil, errors.New("--token-file goes without arguments")
		}
		args = []string{stdin}
	} else {
		file = stdin
	}
	var words []string
	for _, arg := range args {
		if arg != stdin {
			words = append(words, arg)
			continue
		}
		lines, err := readLines(env, file)
		if err != nil {
			return nil, err
		}
		words = append(words, lines...)
	}
	return words, nil
}
