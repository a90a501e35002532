// SPDX-License-Identifier: Apache-2.0

package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An operation is one run of joinctl, and what it told its user.
type operation struct {
	client           string
	task             task
	args             []string
	code             int
	stdout, stderr   string
	called, returned int64 // since the start, in nanoseconds
	from, to         int64 // the server's clock
	lost             bool  // a write met a fault
	steps            []step
	ids              []string // of tokens that the user was told of
	wrong            string   // what no user can understand; "": nothing
}

// A document is what joinctl prints, of all its commands.
type document struct {
	Items []struct {
		ID, Name, Token, For, Expires, PreviousExpires, Replaces, Status string
		Created                                                          *bool
	}
	Failures []struct{ Reason, Message string }
}

// add adds a step of this operation.
func (o *operation) add(s step) {
	s.from, s.to, s.lost, s.by = o.from, o.to, o.lost, o
	o.steps = append(o.steps, s)
	if s.id != "" {
		o.ids = append(o.ids, s.id)
	}
}

func life(d time.Duration) int64 { return int64(d / time.Second) }

// read makes steps of what an operation printed.
func (o *operation) read() {
	var doc document
	if o.stdout != "" {
		if err := json.Unmarshal([]byte(o.stdout), &doc); err != nil {
			o.wrong = fmt.Sprintf("stdout cannot be read: %v", err)
			return
		}
	}
	switch done := len(doc.Failures) == 0; {
	case o.stdout == "" || done == (o.code == 0):
	case o.task.command == "rotate" && done: // the old token failed after the new one was printed
		doc.Failures = append(doc.Failures, struct{ Reason, Message string }{"", o.stderr})
	default:
		o.wrong = fmt.Sprintf("it exits %d with %d failures", o.code, len(doc.Failures))
	}
	if o.task.command == "list" && o.code == 0 {
		o.readList(doc)
		return
	}
	for _, item := range doc.Items {
		secret := ""
		if item.Token != "" {
			_, secret, _ = strings.Cut(item.Token, ".")
		}
		s := step{id: item.ID, name: cmp.Or(item.For, o.task.name), secret: secret, expires: unix(item.Expires), life: life(o.task.ttl)}
		switch o.task.command {
		case "create":
			s.verb = created
			o.add(s)
		case "ensure":
			if s.verb = created; !*item.Created {
				s.verb, s.life = handedOut, life(o.task.minTTL)
			} else {
				o.add(step{verb: noneServes, name: s.name, life: life(o.task.minTTL)})
			}
			o.add(s)
		case "rotate":
			o.readRotated(s, item.Replaces, len(doc.Failures) == 0)
		case "extend":
			s.verb, s.previous = extended, unix(item.PreviousExpires)
			o.add(s)
		case "delete":
			o.add(step{verb: deleted, id: item.ID, name: s.name})
		case "prune":
			o.add(step{verb: pruned, id: item.ID, name: s.name})
		}
	}
	for _, found := range goneText.FindAllStringSubmatch(o.stderr, -1) {
		o.add(step{verb: gone, id: found[1], name: o.task.name})
	}
	for _, failure := range doc.Failures {
		o.readFailure(failure.Reason, failure.Message)
	}
}

// unix returns a time in seconds; 0: none.
func unix(text string) int64 {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0
	}
	return at.Unix()
}

func (o *operation) readList(doc document) {
	var all []known
	names := map[string]string{}
	for _, item := range doc.Items {
		at := unix(item.Expires)
		all, names[item.ID] = append(all, known{item.ID, "", at, at}), item.For
		o.ids = append(o.ids, item.ID)
	}
	o.listAll(all, names)
}

// listAll adds a step for each cluster with all of its tokens.
func (o *operation) listAll(all []known, names map[string]string) {
	for _, name := range append(clusters(), "") {
		s := step{verb: listed, name: name}
		for _, one := range all {
			if names[one.id] == name {
				s.list = s.list.with(one)
			}
		}
		o.add(s)
	}
}

var shortenedText = regexp.MustCompile(`the old token \w+ expires at (\S+), was (\S+)`)

// readRotated adds the steps of a rotation that created a token.
func (o *operation) readRotated(s step, old string, done bool) {
	s.verb = created
	o.add(s)
	o.add(step{verb: exists, id: old, name: s.name})
	switch text := shortenedText.FindStringSubmatch(o.stderr); {
	case !done:
	case o.task.old == "delete":
		o.add(step{verb: deleted, id: old, name: s.name})
		o.steps[len(o.steps)-1].lost = true // one that is gone already is deleted
	case text != nil:
		o.add(step{verb: shortened, id: old, name: s.name, expires: unix(text[1]), previous: unix(text[2]), life: 120})
	}
}

var (
	mayExistText = regexp.MustCompile(`token (\w{6}) (may exist|.*was created by this request)`)
	expiredText  = regexp.MustCompile(`token (\w{6}) expired at (\S+) and is not extended`)
	laterText    = regexp.MustCompile(`token (\w{6}) expires at (\S+), and would expire earlier`)
	oldText      = regexp.MustCompile(`old token (\w{6}) may be`)
	goneText     = regexp.MustCompile(`already gone from context hub: token (\w{6})\b`)
	idText       = regexp.MustCompile(`token "?(?:bootstrap-token-)?(\w{6})\b`)
)

// readFailure adds the step of a failure that says something about a token. Any other failure says that nothing was changed.
func (o *operation) readFailure(reason, message string) {
	id := o.task.id
	if found := idText.FindStringSubmatch(message); found != nil && id == "" {
		id = found[1]
	}
	s := step{id: id, name: o.task.name, life: life(o.task.ttl)}
	mayExist, old := mayExistText.FindStringSubmatch(message), oldText.FindStringSubmatch(message)
	switch {
	case mayExist != nil:
		s.verb, s.id, s.secret = mayCreate, mayExist[1], o.task.secret
	case old != nil && o.task.old == "delete":
		s.verb, s.id = mayDelete, old[1]
	case old != nil:
		s.verb, s.id, s.life = mayShorten, old[1], 120
	case reason == "Unknown" && o.task.command == "extend":
		s.verb = mayExtend
	case reason == "Unknown" && (o.task.command == "delete" || o.task.command == "prune"):
		s.verb = mayDelete
	case reason == "Unknown":
		o.wrong = "an unknown outcome names no token: " + message
		return
	case reason == "NotFound" && o.task.command == "delete" && id != "":
		s.verb = gone
	default:
		o.readRefusal(s, message)
		return
	}
	if s.id == "" {
		o.wrong = "an unknown outcome names no token: " + message
		return
	}
	o.add(s)
}

// readRefusal adds the step of an extension that was refused, with its reason.
func (o *operation) readRefusal(s step, message string) {
	if text := expiredText.FindStringSubmatch(message); text != nil {
		s.verb, s.id, s.expires, s.life = expired, text[1], unix(text[2]), 0
		o.add(s)
	}
	if text := laterText.FindStringSubmatch(message); text != nil {
		s.verb, s.id, s.expires = expiresLater, text[1], unix(text[2])
		o.add(s)
	}
}

// isOpen reports whether a step can take effect after its operation returned.
func (s step) isOpen() bool {
	return slices.Contains([]verb{mayCreate, mayExtend, mayShorten, mayDelete}, s.verb)
}
