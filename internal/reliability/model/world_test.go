// SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// A world is an API server with a fast clock, and the clients that use it at the same time.
type world struct {
	t          *testing.T
	server     *apitest.Server
	kubeconfig string
	began      time.Time
	clients    []*client
	faults     []fault
	oneIn      int // requests meet a fault

	offset atomic.Int64 // of the clock of this world, in nanoseconds
	faulty atomic.Int64 // requests that met a fault
	late   atomic.Bool  // a request is applied after it was answered

	mu  sync.Mutex // guards the others, and both clocks together
	ids []string   // of tokens that clients were told of
}

// A fault is what happens to a request.
type fault struct {
	name string
	apitest.Fault
	writes bool // it is for writes only
}

// lateBy is how long after its answer a request is applied at most.
const lateBy = 150 * time.Millisecond

func allFaults(s *apitest.Server) []fault {
	broken := errors.New("etcd has no leader")
	secrets := corev1.Resource("secrets")
	internal := apitest.Refuse(apierrors.NewInternalError(broken))
	out := []fault{
		{"500 before", internal, false},
		{"500 after", internal.AfterApply(), false},
		{"504 after", apitest.Refuse(apierrors.NewTimeoutError("etcd is slow", 0)).AfterApply(), false},
		{"503", apitest.Refuse(apierrors.NewServiceUnavailable("no backend")), false},
		{"429", apitest.Refuse(apierrors.NewTooManyRequests("busy", 0)), false},
		{"409", apitest.Refuse(apierrors.NewConflict(secrets, "x", broken)), true},
		{"request lost", apitest.LoseRequest(), false},
		{"answer lost", apitest.LoseAnswer(), false},
		{"applied late", s.ApplyLate(lateBy), true},
		{"sent twice", s.Twice(), false},
		{"slow", apitest.Delay(20 * time.Millisecond), false},
		{"slow answer", apitest.Delay(20 * time.Millisecond).AfterApply(), false},
	}
	for _, name := range []string{"web page", "empty", "no kind", "bad JSON", "bad protobuf", "cut", "bad chunk", "bad gzip", "Pod", "failed Status"} {
		out = append(out, fault{name, s.Hostile()[name], false})
	}
	return out
}

// newWorld returns a world with so many clients. Its random numbers depend on the seed alone.
func newWorld(t *testing.T, seed uint64, clients int) *world {
	t.Helper()
	w := &world{t: t, server: apitest.New(t), began: time.Now(), oneIn: 12}
	w.kubeconfig = apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": w.server})
	w.faults = allFaults(w.server)
	for i := range clients {
		w.clients = append(w.clients, newClient(w, seed, i))
	}
	w.disturb()
	return w
}

// disturb gives some requests a fault, which the client draws that sends the request.
func (w *world) disturb() {
	var drawn sync.Map // faults by request
	w.server.On("", "", apitest.Fault{
		Before: func(answer http.ResponseWriter, r *http.Request) bool {
			c := w.sender(r)
			one, met := c.draw(r.Method != http.MethodGet)
			if !met {
				return false
			}
			w.faulty.Add(1)
			if one.name == "applied late" {
				w.late.Store(true)
			}
			drawn.Store(r, one)
			return one.Before != nil && one.Before(answer, r)
		},
		After: func(answer http.ResponseWriter, r *http.Request) bool {
			one, met := drawn.LoadAndDelete(r)
			return met && one.(fault).After != nil && one.(fault).After(answer, r)
		},
	})
}

// sender returns the client that sent a request: each impersonates a user of its own.
func (w *world) sender(r *http.Request) *client {
	i := slices.IndexFunc(w.clients, func(c *client) bool { return c.user == r.Header.Get("Impersonate-User") })
	return w.clients[i]
}

// advance moves the clock on. The clients see that first: what the server says is never later than what they think.
func (w *world) advance(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.server.Clock(time.Duration(w.offset.Add(int64(by))))
}

// now is the server's time, and may be a little ahead.
func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }

// seconds is the server's time.
func (w *world) seconds() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now().Unix()
}

// remember keeps the IDs of tokens that a client was told of, so that all clients use them.
func (w *world) remember(ids ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if !slices.Contains(w.ids, id) {
			w.ids = append(w.ids, id)
		}
	}
}

// pick returns the ID of a token that some client was told of, mostly of a recent one.
func (w *world) pick(random *rand.Rand) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ids) == 0 || random.IntN(6) == 0 {
		id, _, _ := strings.Cut(givenTokens()[random.IntN(2)], ".")
		return id
	}
	recent := w.ids[max(0, len(w.ids)-6):]
	return recent[random.IntN(len(recent))]
}

// run lets all clients run so many operations each, and returns the whole history, with the tokens of the server at its end.
func (w *world) run(operations int) *history {
	var done sync.WaitGroup
	for _, c := range w.clients {
		done.Go(func() {
			for range operations {
				w.advance(time.Duration(c.random.IntN(int(3 * time.Minute))))
				c.run()
			}
		})
	}
	done.Wait()
	if w.late.Load() {
		time.Sleep(2 * lateBy)
	}
	h := &history{faulty: int(w.faulty.Load())}
	for _, c := range w.clients {
		h.operations = append(h.operations, c.done...)
	}
	h.operations = append(h.operations, w.end())
	return h
}

// end is a reading of all tokens on the server after all operations.
func (w *world) end() *operation {
	var all []known
	names := map[string]string{}
	for _, secret := range w.server.Secrets(metav1.NamespaceSystem) {
		tok, spec, err := token.Decode(&secret)
		if err != nil {
			w.t.Fatalf("%s: %v", secret.Name, err)
		}
		all, names[tok.ID] = append(all, known{tok.ID, tok.Secret(), spec.Expires.Unix(), spec.Expires.Unix()}), spec.For
	}
	at, now := time.Since(w.began).Nanoseconds(), w.seconds()
	op := &operation{args: []string{"the tokens of the server at the end"}, called: at, returned: at + 1, from: now, to: now}
	op.listAll(all, names)
	return op
}
