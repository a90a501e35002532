// SPDX-License-Identifier: Apache-2.0

package action

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// A consumer reads the published Secret while time passes and runs of TokenEnsure fail.
type consumer struct {
	t      *testing.T
	server *apitest.Server
	random *rand.Rand
	at     time.Duration // since the start
	failed int           // runs
	spared int           // requests until the run is killed: later ones do not arrive; negative: it is not killed

	written map[string]string // the tokens that were published, by the Secret's resourceVersion
}

// A tick is the time between two readings. A run is due after every third of the lifetime of a token, and after a failed run
// at the next tick, as a Job is started again.
const (
	tick     = time.Minute
	lifetime = 90 * tick
)

func (c *consumer) now() time.Time { return time.Now().Add(c.at) }

// look is one reading: there is a token, and it is valid for longer than until the next run is due and fails for 9 ticks.
func (c *consumer) look() {
	c.t.Helper()
	secrets := c.server.Secrets("apps")
	if len(secrets) != 1 {
		c.t.Fatalf("%s: %d secrets are published", c.at, len(secrets))
	}
	id := parse(c.t, string(secrets[0].Data["token"])).ID
	c.written[secrets[0].ResourceVersion] = id
	valid, left := 0, time.Duration(0)
	for _, secret := range c.server.Secrets(metav1.NamespaceSystem) {
		_, spec, err := token.Decode(&secret)
		check(c.t, err)
		if remaining := spec.Expires.Sub(c.now()); remaining > 0 {
			valid++
			if spec.For == "m1" && secret.Name == "bootstrap-token-"+id {
				left = remaining
			}
		}
	}
	if least := lifetime/2 - lifetime/3 - 9*tick; left < least || valid > 2 {
		c.t.Fatalf("%s: the published token is valid for %s, at least %s is promised; %d tokens are valid", c.at, left, least, valid)
	}
}

// clean deletes expired tokens, as the token cleaner does.
func (c *consumer) clean() {
	for _, secret := range c.server.Secrets(metav1.NamespaceSystem) {
		if token.Evaluate(&secret, c.now()).Status == token.Expired {
			c.server.Remove(&secret)
		}
	}
}

// disturb adds a fault to some requests of the next run.
func (c *consumer) disturb() {
	if c.spared = -1; c.random.IntN(6) == 0 {
		c.spared = c.random.IntN(8)
	}
	internal, conflict := apierrors.NewInternalError(errClosedPipe), apierrors.NewConflict(corev1.Resource("secrets"), "join", errClosedPipe)
	faults := []apitest.Fault{
		apitest.Refuse(internal), apitest.Refuse(internal).AfterApply(), apitest.Refuse(conflict), apitest.LoseRequest(), apitest.LoseAnswer(),
	}
	for _, path := range []string{secretsPath, anySecret, consumerPath, consumerPath + "/join"} {
		if c.random.IntN(4) == 0 {
			method := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}[c.random.IntN(4)]
			c.server.On(method, path, faults[c.random.IntN(len(faults))].Skip(c.random.IntN(2)).Times(1))
		}
	}
}

// kill makes requests not arrive once the run is killed.
func (c *consumer) kill(http.ResponseWriter, *http.Request) bool {
	if c.spared == 0 {
		panic(http.ErrAbortHandler)
	}
	c.spared--
	return false
}

// run ensures the token, and reports whether that succeeded.
func (c *consumer) run() bool {
	s, _ := newSession(c.t, servers{"hub": c.server})
	s.Now, s.RequestTimeout = c.now, time.Second // a lost write is resolved in as much
	a := toSecret(ensuringM1(s))
	a.TTL, a.MinTTL = lifetime, lifetime/2
	out, err := a.Run(c.t.Context())
	check(c.t, err)
	if out.Failures.Any() {
		c.failed++
		return false
	}
	if left := out.Tokens[0].Spec.Expires.Sub(c.now()); left < a.MinTTL-time.Second || publishedToken(c.t, c.server) != out.Tokens[0].Token {
		c.t.Fatalf("%s: a token is handed out that is valid for %s, or that is not published", c.at, left)
	}
	return true
}

func TestAConsumerNeverGoesWithoutAValidToken(t *testing.T) {
	t.Parallel()
	ticks := 10_000
	if testing.Short() {
		ticks = 1_500
	}
	c := &consumer{t: t, server: apitest.New(t), random: rand.New(rand.NewPCG(1, 2)), written: map[string]string{}}
	c.server.On("", "", apitest.Fault{Before: c.kill})
	if c.spared = -1; !c.run() {
		t.Fatal("the first run fails")
	}
	due := lifetime / 3
	for range ticks {
		c.at += tick
		c.server.Clock(c.at)
		c.clean()
		if c.at >= due {
			c.disturb()
			if c.run() {
				due = c.at + lifetime/3
			}
		}
		c.look()
	}
	ids := slices.Sorted(maps.Values(c.written))
	if distinct := len(slices.Compact(slices.Clone(ids))); distinct != len(ids) {
		t.Errorf("%d tokens were written %d times", distinct, len(ids))
	}
	if c.failed == 0 || len(c.written) < ticks/100 {
		t.Errorf("%d runs failed, %d tokens were published: this proves nothing", c.failed, len(c.written))
	}
	c.at += lifetime
	c.server.Clock(c.at)
	if c.clean(); len(stored(c.server)) != 0 {
		t.Errorf("tokens are left: %q", stored(c.server))
	}
	t.Logf("%d ticks, %d tokens, %d failed runs", ticks, len(c.written), c.failed)
}
