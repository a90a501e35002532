// SPDX-License-Identifier: Apache-2.0

package model

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

// start is the moment at which a hand-made history begins. Its operations are a minute apart, one after another.
const start = 1_800_000_000

// until is a moment so many minutes after the start.
func until(minutes int64) int64 { return start + 60*minutes }

// lifetime is a number of minutes in seconds.
func lifetime(minutes int64) int64 { return 60 * minutes }

// told returns a history of operations that each told one client one thing.
func told(steps ...step) *history {
	h := &history{}
	for i, s := range steps {
		at := int64(i)
		op := &operation{client: "client-0", called: 2 * at, returned: 2*at + 1, from: until(at), to: until(at)}
		s.name = "m1"
		op.add(s)
		if s.lost {
			op.steps[0].lost = true
		}
		h.operations = append(h.operations, op)
	}
	return h
}

func creates(id string, minutes int64, at int64) step {
	return step{verb: created, id: id, life: lifetime(minutes), expires: until(at + minutes)}
}

// lists is a list of tokens with the same expiry.
func lists(at int64, ids ...string) step {
	s := step{verb: listed}
	for _, id := range ids {
		s.list = append(s.list, known{id, "", at, at})
	}
	return s
}

// TestAHistoryThatIsNotTrueIsRejected has histories that differ in one answer: the first one is true, and the second one is not.
func TestAHistoryThatIsNotTrueIsRejected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ good, bad *history }{
		"a deletion does nothing": {
			told(creates("a", 10, 0), step{verb: deleted, id: "a"}, lists(0)),
			told(creates("a", 10, 0), step{verb: deleted, id: "a"}, lists(until(10), "a")),
		},
		"a token that does not exist is deleted": {
			told(creates("a", 10, 0), step{verb: deleted, id: "a"}, step{verb: gone, id: "a"}),
			told(creates("a", 10, 0), step{verb: deleted, id: "a"}, step{verb: deleted, id: "a"}),
		},
		"a creation that failed was applied": {
			told(step{verb: mayCreate, id: "a", life: lifetime(10)}, lists(until(10), "a")),
			told(lists(0), lists(until(10), "a")),
		},
		"a creation that is reported was not applied": {
			told(creates("a", 10, 0), lists(until(10), "a")),
			told(creates("a", 10, 0), lists(0)),
		},
		"a token is created twice": {
			told(creates("a", 10, 0), step{verb: deleted, id: "a"}, creates("a", 10, 2)),
			told(creates("a", 10, 0), creates("a", 10, 1)),
		},
		"a valid token is pruned": {
			told(creates("a", 1, 0), lists(until(1), "a"), step{verb: pruned, id: "a"}),
			told(creates("a", 10, 0), lists(until(10), "a"), step{verb: pruned, id: "a"}),
		},
		"a pruned token is not named": {
			told(creates("a", 1, 0), lists(until(1), "a"), step{verb: pruned, id: "a"}, lists(0)),
			told(creates("a", 1, 0), lists(until(1), "a"), lists(0)),
		},
		"an extension shortens": {
			told(creates("a", 10, 0), step{verb: extended, id: "a", previous: until(10), expires: until(21), life: lifetime(20)}),
			told(creates("a", 10, 0), step{verb: extended, id: "a", previous: until(10), expires: until(3), life: lifetime(2)}),
		},
		"an extension is called unchanged": {
			told(creates("a", 10, 0), step{verb: extended, id: "a", previous: until(10), expires: until(21), life: lifetime(20)}),
			told(creates("a", 10, 0), step{verb: extended, id: "a", previous: until(21), expires: until(21), life: lifetime(20)}),
		},
		"an extension is overwritten": {
			told(creates("a", 10, 0), step{verb: extended, id: "a", previous: until(10), expires: until(21), life: lifetime(20)}, lists(until(21), "a")),
			told(creates("a", 10, 0), step{verb: extended, id: "a", previous: until(10), expires: until(21), life: lifetime(20)}, lists(until(10), "a")),
		},
		"a token is extended after it expired": {
			told(creates("a", 2, 0), step{verb: extended, id: "a", previous: until(2), expires: until(21), life: lifetime(20)}),
			told(creates("a", 1, 0), lists(until(1), "a"), step{verb: extended, id: "a", previous: until(1), expires: until(22), life: lifetime(20)}),
		},
		"ensure creates a token beside a valid one": {
			told(creates("a", 10, 0), step{verb: handedOut, id: "a", expires: until(10), life: lifetime(5)}),
			told(creates("a", 10, 0), step{verb: noneServes, life: lifetime(5)}, creates("b", 10, 2)),
		},
		"ensure hands out a token that ends too early": {
			told(creates("a", 10, 0), step{verb: handedOut, id: "a", expires: until(10), life: lifetime(9)}),
			told(creates("a", 10, 0), step{verb: handedOut, id: "a", expires: until(10), life: lifetime(10)}),
		},
		"ensure hands out a deleted token": {
			told(creates("a", 10, 0), step{verb: handedOut, id: "a", expires: until(10)}, step{verb: deleted, id: "a"}),
			told(creates("a", 10, 0), step{verb: deleted, id: "a"}, step{verb: handedOut, id: "a", expires: until(10)}),
		},
		"another secret": {
			told(step{verb: created, id: "a", secret: "x", expires: until(9), life: lifetime(9)}, step{verb: handedOut, id: "a", secret: "x", expires: until(9)}),
			told(step{verb: created, id: "a", secret: "x", expires: until(9), life: lifetime(9)}, step{verb: handedOut, id: "a", secret: "y", expires: until(9)}),
		},
	} {
		if wrong := test.good.violation(); wrong != "" {
			t.Errorf("%s: the history that is true is rejected:\n%s", name, wrong)
		}
		if wrong := test.bad.violation(); !strings.Contains(wrong, "no order of these steps explains") {
			t.Errorf("%s: the history that is not true is accepted: %s", name, wrong)
		}
	}
}

// Two ensures at the same time can each find nothing, and create a token each.
func TestTheOrderOfOperationsAtTheSameTimeIsFree(t *testing.T) {
	t.Parallel()
	h := told(step{verb: noneServes, life: lifetime(5)}, creates("a", 10, 1), step{verb: noneServes, life: lifetime(5)}, creates("b", 10, 3))
	if h.violation() == "" {
		t.Error("one after another is accepted")
	}
	for _, op := range h.operations {
		op.called, op.returned = 0, 9
	}
	if wrong := h.violation(); wrong != "" {
		t.Error(wrong)
	}
}

// One of two equal requests is answered as if its client had sent it twice: no client can tell which case it is.
func TestClientsThatDoTheSameInTheSameSecondCanAllBeToldThatTheyDidIt(t *testing.T) {
	t.Parallel()
	for name, both := range map[string]step{
		"creations":  {verb: created, id: "a", secret: "x", expires: until(20), life: lifetime(19)},
		"extensions": {verb: extended, id: "a", previous: until(10), expires: until(20), life: lifetime(19)},
	} {
		before := step{verb: deleted, id: "a", lost: true}
		if both.verb == extended {
			before = creates("a", 10, 0)
		}
		h := told(before, both, both)
		h.operations[2].steps[0].from = until(1) // at the same time as the other one
		if wrong := h.violation(); wrong != "" {
			t.Errorf("%s: %s", name, wrong)
		}
		h.operations[2].steps[0].expires++
		if h.violation() == "" {
			t.Errorf("%s: another second is accepted", name)
		}
	}
}

// Servers that do not do what they answer. Without them, the same clients are told the truth.
func TestTheHistoryOfABrokenServerIsRejected(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	const secrets = "/api/v1/namespaces/kube-system/secrets/*"
	for name, test := range map[string]struct {
		method, path string
		fault        apitest.Fault
		broken       bool
	}{
		"no fault":                 {http.MethodGet, "/version", apitest.Fault{}, false},
		"a DELETE deletes nothing": {http.MethodDelete, secrets, answering(deletion), true},
		"a PUT stores nothing":     {http.MethodPut, secrets, answering(unchanged), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1, concurrent)
			w.oneIn = 1 << 30 // no other fault
			w.server.On(test.method, test.path, test.fault)
			wrong := w.run(each).violation()
			if strings.Contains(wrong, "no order of these steps explains") != test.broken || !test.broken && wrong != "" {
				t.Errorf("rejected because of %q", wrong)
			}
		})
	}
}

// answering is a fault that answers in place of applying a request.
func answering(answer func(http.ResponseWriter, *http.Request)) apitest.Fault {
	return apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		answer(w, r)
		return true
	}}
}

func deletion(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Success"}`)
}

func unchanged(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_, _ = io.Copy(w, r.Body)
}
