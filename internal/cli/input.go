// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/inputfile"
)

// stdin is the argument that stands for standard input.
const stdin = "-"

// byteOrderMark begins files that some editors write; it is not part of the first word.
const byteOrderMark = "\ufeff"

// readLines reads credentials or references, one per line, from a file or from standard input (-). Blank lines, and white
// space around lines, do not count.
func readLines(env *Env, path string) ([]string, error) {
	content, err := readFile(env, path, inputfile.ListLimit)
	if err != nil {
		return nil, fmt.Errorf("read lines: %w", err)
	}
	var lines []string
	scanner := bufio.NewScanner(bytes.NewReader(content))
	for scanner.Scan() {
		if line := strings.TrimSpace(strings.TrimPrefix(scanner.Text(), byteOrderMark)); line != "" {
			lines = append(lines, line)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", inputName(path), err)
	}
	if len(lines) == 0 {
		return nil, emptyError(inputName(path))
	}
	return lines, nil
}

// An emptyError names an input without a line.
type emptyError string

func (e emptyError) Error() string { return string(e) + " is empty" }

// readNames reads names, one per line, as readLines does. A # at the beginning of a line, or after white space, begins a
// comment.
func readNames(env *Env, path string) ([]string, error) {
	lines, err := readLines(env, path)
	var names []string
	for _, line := range lines {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, comment := range []string{" #", "\t#"} {
			line, _, _ = strings.Cut(line, comment)
		}
		names = append(names, strings.TrimSpace(line))
	}
	return names, err
}

// An argsReader returns the words that positional arguments and a file name together.
type argsReader func(env *Env, args []string, file string) ([]string, error)

// readArgs returns the words that positional arguments and --token-file name together: - stands for the lines of standard
// input.
func readArgs(env *Env, args []string, file string) ([]string, error) {
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

// readList is readArgs for commands that do something to each word: an empty list is no mistake beside other words. The error
// is an emptyError if there are none.
func readList(env *Env, args []string, file string) ([]string, error) {
	words, err := readArgs(env, args, file)
	given := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == stdin })
	_, empty := errors.AsType[emptyError](err)
	switch {
	case empty && len(args)-len(given) > 1:
		return nil, errors.New("standard input is named twice")
	case empty && len(given) > 0:
		return given, nil
	}
	return words, err
}

// unlessEmpty returns the error of reading a list, or which input is empty if that is all.
func unlessEmpty(err error) (empty string, other error) {
	if nothing, ok := errors.AsType[emptyError](err); ok {
		return string(nothing), nil
	}
	return "", err
}

// fromStdin reports whether words come from standard input.
func fromStdin(args []string, file string) bool { return file == stdin || slices.Contains(args, stdin) }

// readFile returns the content of a file, or of standard input (-). More than limit bytes are an error.
func readFile(env *Env, path string, limit int64) ([]byte, error) {
	if path == stdin {
		return inputfile.ReadAll(env.In, inputName(path), limit)
	}
	return inputfile.Read(env.stop, path, limit)
}

// inputName names a file for people.
func inputName(path string) string {
	if path == stdin {
		return "standard input"
	}
	return path
}
