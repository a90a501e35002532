// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/cli"
)

// TestExpiryUsesTheServerClock runs joinctl with a clock that is an hour fast, then an hour slow.
func TestExpiryUsesTheServerClock(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	for skew, says := range map[time.Duration]string{time.Hour: "ahead of the server's", -time.Hour: "behind the server's"} {
		if err := h.deleteTokens(); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		env := &cli.Env{
			In: strings.NewReader(""), Out: &stdout, Err: &stderr, Rand: rand.Reader,
			Now: func() time.Time { return time.Now().Add(skew) },
		}
		code := cli.Main(t.Context(), env, []string{"token", "create", "--ttl", "30m", "--kubeconfig", h.Kubeconfig})
		if code != 0 || !strings.Contains(stderr.String(), "this machine's clock is ") || !strings.Contains(stderr.String(), says) {
			t.Errorf("exit code %d, stderr %s", code, stderr.String())
		}
		expires, err := time.Parse(time.RFC3339, string(h.tokens(t)[0].Data["expiration"]))
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(expires) - 30*time.Minute; off.Abs() > 2*time.Second {
			t.Errorf("with a clock %s off, the expiry is %s off", skew, off)
		}
	}
}
