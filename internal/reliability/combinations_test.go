// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// testCombinations runs commands under one to three random faults. The name of a test is its seed.
func (m *matrix) testCombinations(t *testing.T) {
	t.Parallel()
	for seed := range m.runs(600, 40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			c := commands()[random.IntN(len(commands()))]
			rules := ""
			for range 1 + random.IntN(3) {
				rules += randomRule(random) + "\n"
			}
			m.runUnder(t, c, combined, rules)
		})
	}
}

// randomRule returns a rule for one request of a method, that of the answer could not be true.
func randomRule(random *rand.Rand) string {
	methods, all := []string{"GET", "GET", "POST", "POST", "DELETE", "PUT"}, append(faults(), cuts(1024, 64)...)
	for {
		request := fmt.Sprintf("%s ** #%d", methods[random.IntN(len(methods))], 1+random.IntN(5))
		if f := all[random.IntN(len(all))]; !isPossible(request, f.steps) {
			return request + " " + f.steps
		}
	}
}
