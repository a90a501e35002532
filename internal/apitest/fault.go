// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A Hook runs at a request. It returns true when the request ends there, with the answer that the hook gave.
type Hook func(w http.ResponseWriter, r *http.Request) (handled bool)

// A Fault runs hooks before a request is applied, and after that but before it is answered.
type Fault struct {
	Before, After Hook
	skip, times   int // times 0: always
}

// Times returns the same fault for n requests only.
func (f Fault) Times(n int) Fault {
	f.times = n
	return f
}

// Skip returns the same fault for later requests only: the first n are spared.
func (f Fault) Skip(n int) Fault {
	f.skip = n
	return f
}

// AfterApply returns the same fault at a later time: after the request is applied and before it is answered.
func (f Fault) AfterApply() Fault {
	f.Before, f.After = nil, f.Before
	return f
}

// A rule is a fault with the requests that it is for.
type rule struct {
	method, path string
	Fault
	matched int
}

// applies counts the requests that a rule matches.
func (r *rule) applies(request *http.Request) bool {
	inPath, _ := path.Match(r.path, request.URL.Path)
	if r.path != "" && !inPath || r.method != "" && r.method != request.Method {
		return false
	}
	r.matched++
	return r.matched > r.skip && (r.times == 0 || r.matched <= r.skip+r.times)
}

// On adds a fault to all requests of a method to a path. The pattern is that of path.Match; "" matches every method or
// path. Faults run in the order in which they were added, until one of them ends the request.
func (s *Server) On(method, pattern string, fault Fault) {
	s.t.Helper()
	if _, err := path.Match(pattern, ""); err != nil {
		s.t.Fatalf("%s: %v", pattern, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, &rule{method: method, path: pattern, Fault: fault})
}

// Refuse answers with an error in place of applying the request.
func Refuse(err apierrors.APIStatus) Fault {
	return Fault{Before: func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, err)
		return true
	}}
}

// LoseRequest closes the connection in place of applying the request.
func LoseRequest() Fault {
	return Fault{Before: func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }}
}

// LoseAnswer applies the request and closes the connection in place of an answer. net/http sends a GET again when it
// used the connection before.
func LoseAnswer() Fault { return LoseRequest().AfterApply() }

// Hang applies nothing until a channel is closed or the client gives up. nil is never closed.
func Hang(release <-chan struct{}) Fault {
	return Fault{Before: func(_ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-release:
			return false
		case <-r.Context().Done():
			return true
		}
	}}
}

// Delay applies the request after a time.
func Delay(d time.Duration) Fault {
	return Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		release := make(chan struct{})
		defer time.AfterFunc(d, func() { close(release) }).Stop()
		return Hang(release).Before(w, r)
	}}
}

// Do calls a function before the request is applied.
func Do(do func(*http.Request)) Fault {
	return Fault{Before: func(_ http.ResponseWriter, r *http.Request) bool {
		do(r)
		return false
	}}
}

func refuse(w http.ResponseWriter, err apierrors.APIStatus) {
	status := err.Status()
	status.APIVersion, status.Kind = "v1", "Status"
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(status.Details.RetryAfterSeconds)))
	}
	writeJSON(w, int(status.Code), status)
}

func writeJSON(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}
