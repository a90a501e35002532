// SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/joinctl/joinctl/internal/cli"
)

// The clusters that tokens are for, and the tokens that are created with an ID of the operator's choice.
func clusters() []string { return []string{"m1", "m2"} }

func givenTokens() []string {
	return []string{"given1.0123456789abcdef", "given2.0123456789abcdef"}
}

// requestTimeout is that of every request: a busy machine alone loses no answer.
const requestTimeout = 15 * time.Second

// A client runs one operation after another.
type client struct {
	world  *world
	user   string
	skew   time.Duration // of its clock
	random *rand.Rand    // what it does
	draws  io.Reader     // the tokens that it creates
	done   []*operation

	mu     sync.Mutex // guards the others
	chance *rand.Rand // which of its requests meet a fault
	lost   bool       // a write of this operation met a fault
}

func newClient(w *world, seed uint64, i int) *client {
	var key [32]byte
	copy(key[:], fmt.Sprint(seed, " ", i))
	c := &client{
		world: w, user: fmt.Sprintf("client-%d", i), draws: rand.NewChaCha8(key),
		random: rand.New(rand.NewPCG(seed, uint64(2*i))), chance: rand.New(rand.NewPCG(seed, uint64(2*i+1))),
	}
	if i%4 == 3 {
		c.skew = time.Duration(c.random.IntN(1200)-600) * time.Second
	}
	return c
}

// draw returns the fault that the next request of this client meets.
func (c *client) draw(write bool) (fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	met, one := c.chance.IntN(c.world.oneIn) == 0, c.world.faults[c.chance.IntN(len(c.world.faults))]
	if met = met && (write || !one.writes); met && write {
		c.lost = true
	}
	return one, met
}

// A task is what a client does in one operation.
type task struct {
	command string
	ref     []string      // what names a token
	name    string        // the cluster; "": none, or not known
	id      string        // of the token; "": not known before
	secret  string        // of the token to create
	ttl     time.Duration // 0: as long as the old token
	minTTL  time.Duration
	old     string // what becomes of the old token
}

// choose draws the next task.
func (c *client) choose() task {
	r := c.random
	out := task{ttl: time.Duration(4+r.IntN(30)) * time.Minute}
	name := clusters()[r.IntN(len(clusters()))]
	out.id = c.world.pick(r)
	out.ref = []string{out.id}
	if byName := r.IntN(3) == 0; byName {
		out.ref, out.id, out.name = []string{"--for", name}, "", name
	}
	switch n := r.IntN(100); {
	case n < 10:
		out.command, out.name, out.ref, out.id = "create", name, []string{"--for", name}, ""
	case n < 13:
		out.command, out.name, out.ref, out.id = "create", "", nil, ""
	case n < 21:
		given := givenTokens()[r.IntN(2)]
		out.command, out.name, out.ref = "create", "", []string{given}
		out.id, out.secret, _ = strings.Cut(given, ".")
	case n < 41:
		out.command, out.name, out.ref, out.id = "ensure", name, []string{"--for", name}, ""
		out.minTTL = out.ttl / time.Duration(2+r.IntN(4))
	case n < 54:
		out.command, out.old = "rotate", []string{"keep", "delete", "expire-in=2m"}[r.IntN(3)]
		if r.IntN(3) == 0 {
			out.ttl = 0
		}
	case n < 72:
		out.command = "extend"
	case n < 80:
		out.command, out.name, out.ref, out.id = "prune", "", nil, ""
	case n < 92:
		out.command = "delete"
	default:
		out.command, out.name, out.ref, out.id = "list", "", nil, ""
	}
	return out
}

// args returns the command line of a task.
func (t task) args() []string {
	args := append([]string{"token", t.command}, t.ref...)
	switch t.command {
	case "create", "ensure", "extend", "rotate":
		if t.ttl > 0 {
			args = append(args, "--ttl", t.ttl.String())
		}
	case "prune", "delete":
		args = append(args, "--yes")
	}
	if t.minTTL > 0 {
		args = append(args, "--min-ttl", t.minTTL.String())
	}
	if t.old != "" {
		args = append(args, "--yes", "--old", t.old)
	}
	return append(args, "-o", "json")
}

// run runs one operation and keeps what the client was told.
func (c *client) run() {
	one := c.choose()
	c.mu.Lock()
	c.lost = false
	c.mu.Unlock()
	w := c.world
	op := &operation{client: c.user, task: one, args: one.args(), from: w.seconds()}
	args := append(one.args(), "--kubeconfig", w.kubeconfig, "--as", c.user, "--request-timeout", requestTimeout.String())
	var stdout, stderr bytes.Buffer
	began := time.Now()
	op.called = began.Sub(w.began).Nanoseconds()
	op.code = cli.Main(w.t.Context(), &cli.Env{
		In: strings.NewReader(""), Out: &stdout, Err: &stderr, Rand: c.draws,
		Now: func() time.Time { return w.now().Add(c.skew) },
	}, args)
	op.returned, op.to = time.Since(w.began).Nanoseconds(), w.seconds()+1
	op.stdout, op.stderr = stdout.String(), stderr.String()
	c.mu.Lock()
	op.lost = c.lost || time.Since(began) > requestTimeout
	c.mu.Unlock()
	op.read()
	w.remember(op.ids...)
	c.done = append(c.done, op)
}
