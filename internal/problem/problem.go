// SPDX-License-Identifier: Apache-2.0

// Package problem lists the problems that joinctl reports, each with a stable code and an explanation: the steps of check,
// the findings of doctor and the reasons of failures.
package problem

import (
	"slices"
	"strings"
)

// A Kind says what reports a problem.
type Kind string

// The kinds. The codes of a kind begin with the same digit: JC1 for steps, JC2 for findings, JC3 for reasons.
const (
	Step    Kind = "step"    // a step of check
	Finding Kind = "finding" // a finding of doctor
	Reason  Kind = "reason"  // the reason of a failure, of any command
)

// A Problem is a step, a finding or a reason with its code. Cause, See and Fix are Markdown: lines of at most 76 characters,
// in which commands are indented by four spaces.
type Problem struct {
	Code  string // JC and three digits. It never gets another meaning: see testdata/codes.txt
	Kind  Kind
	Name  string // as documents and tables show it
	Title string // what the problem is, without a full stop
	Cause string // why it happens
	See   string // how an operator sees it
	Fix   string // what to do about it
}

// Home is the address of joinctl, and docs that of the pages of the codes.
const (
	Home = "https://github.com/joinctl/joinctl"
	docs = Home + "/blob/main/docs/codes/"
)

// URL returns the address of the page about a problem.
func (p Problem) URL() string { return docs + p.Code + ".md" }

// All returns all problems in the order of their codes.
func All() []Problem {
	all := slices.Concat(
		connectionSteps(), clusterInfoSteps(), tokenSteps(),
		controlPlaneFindings(), clusterInfoFindings(), rightsFindings(), controllerFindings(), tokenFindings(), otherFindings(),
		serverReasons(), otherReasons(),
	)
	slices.SortFunc(all, func(a, b Problem) int { return strings.Compare(a.Code, b.Code) })
	for i := range all {
		p := &all[i]
		for _, text := range []*string{&p.Cause, &p.See, &p.Fix} {
			*text = strings.TrimPrefix(*text, "\n") // after the opening quote of the literal
		}
	}
	return all
}

// ProbePrefix is in front of the name of a step that doctor's probe took.
const ProbePrefix = "probe-"

// A Catalog finds problems by kind and name.
type Catalog map[key]Problem

type key struct {
	kind Kind
	name string
}

// NewCatalog returns a Catalog of all problems.
func NewCatalog() Catalog {
	c := Catalog{}
	for _, p := range All() {
		c[key{p.Kind, p.Name}] = p
	}
	return c
}

// Of returns the problem of a name, and false if there is none. A finding of doctor's probe is the problem of its step.
func (c Catalog) Of(kind Kind, name string) (Problem, bool) {
	if step, ok := strings.CutPrefix(name, ProbePrefix); ok && kind == Finding {
		kind, name = Step, step
	}
	p, ok := c[key{kind, name}]
	return p, ok
}

// Code returns the code of a name, "" if there is none.
func (c Catalog) Code(kind Kind, name string) string {
	p, _ := c.Of(kind, name)
	return p.Code
}

// Find returns the problems that have a code or a name, in any case of letters. A step and a finding can have one name.
func Find(word string) []Problem {
	name := word
	if len(word) > len(ProbePrefix) && strings.EqualFold(word[:len(ProbePrefix)], ProbePrefix) {
		name = word[len(ProbePrefix):]
	}
	return slices.DeleteFunc(All(), func(p Problem) bool {
		if p.Kind == Step && strings.EqualFold(p.Name, name) {
			return false
		}
		return !strings.EqualFold(p.Code, word) && !strings.EqualFold(p.Name, word)
	})
}
