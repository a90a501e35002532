// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// A rule says what happens to some requests.
type rule struct {
	method, path string // "*" is any method; the pattern is that of path.Match, and "**" is any path
	only         int    // only the request with this number of those that match; 0: every one
	steps        []step
	matched      int
}

// A step is what the proxy does with a request.
type step struct {
	action   string
	duration time.Duration // of delay
	bytes    int           // of cut
	answer   string        // of answer: raw HTTP
}

// parse reads a file of rules. A line is
//
//	METHOD PATH [#N] STEP; STEP…
//
// and the first rule that matches a request is applied to it. #N matches the Nth of the requests only. The steps are
//
//	apply        send the request to the server; the server's answer is the answer
//	twice        send it twice, as a proxy does that tries again; the second answer is the answer
//	delay D      wait
//	answer NAME  one of Answers is the answer
//	cut N        send the first N bytes of the answer, and close the connection
//	drop         reset the connection without an answer
//
// A request without a rule is applied. Empty lines and lines that begin with # are no rules.
func parse(text string) ([]*rule, error) {
	var rules []*rule
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		one, err := parseRule(line)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", line, err)
		}
		rules = append(rules, one)
	}
	return rules, nil
}

func parseRule(line string) (*rule, error) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return nil, errors.New("must be METHOD PATH [#N] STEP; STEP…")
	}
	out := &rule{method: fields[0], path: fields[1]}
	if _, err := path.Match(out.path, ""); err != nil {
		return nil, err
	}
	rest := fields[2:]
	if number, ok := strings.CutPrefix(rest[0], "#"); ok {
		var err error
		if out.only, err = strconv.Atoi(number); err != nil || out.only < 1 {
			return nil, fmt.Errorf("#%s must be a number from 1", number)
		}
		rest = rest[1:]
	}
	for text := range strings.SplitSeq(strings.Join(rest, " "), ";") {
		one, err := parseStep(strings.Fields(text))
		if err != nil {
			return nil, err
		}
		out.steps = append(out.steps, one)
	}
	return out, out.check()
}

func parseStep(words []string) (step, error) {
	if len(words) == 0 {
		return step{}, errors.New("a step is empty")
	}
	out := step{action: words[0]}
	want, err := 2, error(nil)
	switch out.action {
	case "apply", "twice", "drop":
		want = 1
	case "delay", "cut", "answer":
	default:
		return step{}, fmt.Errorf("unknown step %q", out.action)
	}
	if len(words) != want {
		return step{}, fmt.Errorf("%s has %d words, not %d", out.action, len(words), want)
	}
	switch out.action {
	case "delay":
		out.duration, err = time.ParseDuration(words[1])
	case "cut":
		out.bytes, err = strconv.Atoi(words[1])
	case "answer":
		if out.answer = Answers()[words[1]]; out.answer == "" {
			err = fmt.Errorf("unknown answer %q", words[1])
		}
	}
	return out, err
}

// check reports a rule that sends no answer, or a step without its answer.
func (r *rule) check() error {
	answered := false
	for i, one := range r.steps {
		switch one.action {
		case "apply", "twice", "answer":
			answered = true
		case "cut", "drop":
			if one.action == "cut" && !answered {
				return errors.New("cut needs apply, twice or answer before it")
			}
			if i < len(r.steps)-1 {
				return fmt.Errorf("nothing happens after %s", one.action)
			}
			return nil
		}
	}
	if !answered {
		return errors.New("needs apply, twice, answer or drop")
	}
	return nil
}

// matches reports whether a rule is for a request, and counts it.
func (r *rule) matches(request *http.Request) bool {
	if r.method != "*" && r.method != request.Method {
		return false
	}
	if matched, _ := path.Match(r.path, request.URL.Path); !matched && r.path != "**" {
		return false
	}
	r.matched++
	return r.only == 0 || r.matched == r.only
}
