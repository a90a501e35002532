// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
)

// seeded returns so many tokens.
func seeded(count int) (tokens []string) {
	for i := range count {
		tokens = append(tokens, fmt.Sprintf("t%05d.%016d", i, i))
	}
	return tokens
}

// testSignals interrupts runs that create or delete 20 tokens, on a server that takes its time. The name of a test is its seed.
func (m *matrix) testSignals(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted by another one")
	}
	for seed := range m.runs(300, 24) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m.interrupt(t, rand.New(rand.NewPCG(uint64(seed), 2)))
		})
	}
}

// interrupt runs one command and signals it once or twice, the second time later than a repetition of the first.
func (m *matrix) interrupt(t *testing.T, random *rand.Rand) {
	t.Helper()
	tokens := seeded(20)
	ids := strings.Fields(strings.NewReplacer(".", " ").Replace(strings.Join(tokens, " ")))
	every := []command{
		{name: "create", args: "token create --for " + many(20), judge: printed(20)},
		{name: "create --out-dir", args: "token create --for " + many(20) + " --out-dir DIR", judge: printed(20)},
		{name: "delete", args: "token delete " + strings.Join(tokens, " "), has: tokens, judge: gone(ids...)},
		{name: "sa token", args: "sa token robot -n default --revocable", judge: revocable},
	}
	c := every[random.IntN(len(every))]
	w := newWorld(t, c)
	slowest := []time.Duration{20, 200, 4000}[random.IntN(3)] * time.Millisecond
	var late apitest.Fault
	if late = apitest.Delay(slowest); random.IntN(2) == 0 {
		late = late.AfterApply()
	}
	w.server.On([]string{"POST", "DELETE", ""}[random.IntN(3)], "", late)
	first := time.Duration(random.Int64N(int64(2*slowest + 100*time.Millisecond)))
	second := time.Duration(random.IntN(2)) * (1050 + time.Duration(random.IntN(500))) * time.Millisecond

	cmd, stdout, stderr := m.command(t, w)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(first)
	_ = cmd.Process.Signal(os.Interrupt)
	if second > 0 {
		time.AfterFunc(second, func() { _ = cmd.Process.Signal(os.Interrupt) })
	}
	r := finish(t, w, cmd, began, stdout, stderr)
	time.Sleep(50 * time.Millisecond) // the server applies what it has received
	m.judge(t, signals, w.wrong(c, r), r, "joinctl", c.args, "each request takes", slowest, "interrupts after", first, second)
}
