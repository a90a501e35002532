// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// withPlugins returns one target for each command of a credential plugin.
func withPlugins(t *testing.T, commands ...string) []Target {
	t.Helper()
	config := clientcmdapi.NewConfig()
	for i, command := range commands {
		name := fmt.Sprintf("c%d", i)
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + name}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{}
		if command != "" {
			config.AuthInfos[name].Exec = &clientcmdapi.ExecConfig{Command: command, APIVersion: "client.authentication.k8s.io/v1"}
		}
	}
	path := t.TempDir() + "/config"
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	k, err := kube.Load(kube.LoadOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	found, err := Select(k, Selection{All: true})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func reasonsOf[T any](results []Result[Target, T]) (reasons []failure.Reason) {
	for _, result := range results {
		reasons = append(reasons, failure.ReasonOf(result.Err))
	}
	return reasons
}

func TestThePluginOfManyTargetsIsCalledByOneFirst(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "aws", "aws", "", "aws", "gcloud", "aws", "gcloud")
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		started := map[string]time.Duration{}
		start := time.Now()
		results := Each(t.Context(), Runner[Target]{Plugin: Target.Plugin, Parallel: 16, Timeout: 5 * time.Second}, all, func(ctx context.Context, target Target, ready Ready) (string, error) {
			mu.Lock()
			started[target.Context] = elapsed(start)
			mu.Unlock()
			time.Sleep(4 * time.Second) // the user logs in
			if _, err := ready(); err != nil {
				return "", err
			}
			time.Sleep(500 * time.Millisecond)
			return target.Context, nil
		})
		late := 4 * time.Second
		if want := map[string]time.Duration{"c0": 0, "c1": late, "c2": 0, "c3": late, "c4": 0, "c5": late, "c6": late}; !reflect.DeepEqual(started, want) {
			t.Errorf("started at %v, want %v", started, want)
		}
		for i, result := range results {
			if result.Err != nil || result.Value != all[i].Context {
				t.Errorf("%+v: waiting for another target's login must not count as a target's own time", result)
			}
		}
	})
}

func TestAFailingPluginIsTriedByOneTargetAfterTheOther(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "aws", "aws", "aws", "aws")
	synctest.Test(t, func(t *testing.T) {
		var under, most atomic.Int32
		results := Each(t.Context(), Runner[Target]{Plugin: Target.Plugin, Parallel: 16, Timeout: time.Minute}, all, func(ctx context.Context, target Target, _ Ready) (string, error) {
			if n := under.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer under.Add(-1)
			time.Sleep(time.Second)
			return "", &failure.Error{Reason: failure.CredentialPlugin, Err: errors.New("exit code 7")}
		})
		if got := reasonsOf(results); most.Load() != 1 || !slices.Equal(got, slices.Repeat([]failure.Reason{failure.CredentialPlugin}, 4)) {
			t.Errorf("%d at once, %v", most.Load(), got)
		}
	})
}

func TestAHungPluginFailsItsTargetAndNotTheRun(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "hangs", "good", "", "hangs")
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		start := time.Now()
		sent := atomic.Bool{}
		results := Each(t.Context(), Runner[Target]{Plugin: Target.Plugin, Parallel: 2, Timeout: time.Minute, Grace: time.Hour}, all, func(ctx context.Context, target Target, ready Ready) (string, error) {
			if target.Plugin() == "hangs" {
				<-hung
			}
			if _, err := ready(); err != nil {
				return "", err
			}
			sent.Store(sent.Load() || target.Plugin() == "hangs")
			return "done", nil
		})
		if got, want := reasonsOf(results), []failure.Reason{failure.CredentialPlugin, "", "", failure.CredentialPlugin}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if elapsed(start) != 2*time.Minute {
			t.Errorf("after %s", elapsed(start))
		}
		close(hung)
		synctest.Wait()
		if sent.Load() {
			t.Error("an abandoned target sent a request when its plugin returned")
		}
	})
}

func TestAnInterruptDoesNotWaitForALogin(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "browser", "browser")
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		defer close(hung)
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, interrupt)
		start := time.Now()
		results := Each(ctx, Runner[Target]{Plugin: Target.Plugin, Parallel: 2, Timeout: time.Minute, Grace: time.Hour}, all, func(context.Context, Target, Ready) (string, error) {
			<-hung
			return "", nil
		})
		if got := reasonsOf(results); !slices.Equal(got, []failure.Reason{failure.Interrupted, failure.Interrupted}) || elapsed(start) != time.Second {
			t.Errorf("got %v after %s", got, elapsed(start))
		}
	})
}

func TestMaxFailuresStartsNoMoreTargets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		started := atomic.Int32{}
		results := Each(t.Context(), Runner[Target]{Parallel: 2, Timeout: time.Minute, MaxFailures: 3}, targets(20), func(_ context.Context, target Target, _ Ready) (string, error) {
			started.Add(1)
			time.Sleep(time.Second)
			return "", errors.New("no")
		})
		if n := started.Load(); n != 4 { // the fourth was in progress when the third failed
			t.Errorf("%d targets are started", n)
		}
		for i, result := range results {
			if reason := failure.ReasonOf(result.Err); i >= 4 && (reason != failure.Interrupted || !strings.Contains(result.Err.Error(), "others had failed")) {
				t.Errorf("target %d: %v", i, result.Err)
			}
		}
	})
}

func TestTheDeadlineOfTheWholeRunEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		hung := make(chan struct{})
		defer close(hung)
		start := time.Now()
		results := Each(ctx, Runner[Target]{Parallel: 1, Timeout: time.Minute, Grace: 10 * time.Second}, targets(4), func(_ context.Context, target Target, _ Ready) (string, error) {
			if target.Context == "c0" {
				time.Sleep(time.Minute)
				return "done", nil
			}
			<-hung
			return "", nil
		})
		want := []failure.Reason{"", failure.Timeout, failure.Timeout, failure.Timeout}
		if got := reasonsOf(results); !slices.Equal(got, want) || elapsed(start) != 100*time.Second {
			t.Errorf("got %v after %s", got, elapsed(start))
		}
		if text := results[3].Err.Error(); !strings.Contains(text, "not started: the time for the whole command was over") {
			t.Errorf("the last error is %q", text)
		}
	})
}

func TestProgressIsReportedForRunsLongerThanASecond(t *testing.T) {
	t.Parallel()
	watched := func(t *testing.T, each time.Duration) (seen []Progress) {
		synctest.Test(t, func(t *testing.T) {
			r := Runner[Target]{Parallel: 2, Timeout: time.Minute, Now: time.Now, Name: func(t Target) string { return t.Context }, Watch: func(p Progress) { seen = append(seen, p) }}
			Each(t.Context(), r, targets(3), func(_ context.Context, target Target, _ Ready) (string, error) {
				time.Sleep(each)
				if target.Context == "c1" {
					return "", errors.New("no")
				}
				return "", nil
			})
		})
		return seen
	}
	if seen := watched(t, 400*time.Millisecond); seen != nil {
		t.Errorf("a short run is reported: %+v", seen)
	}
	seen := watched(t, 900*time.Millisecond)
	want := []Progress{
		{Done: 2, Failed: 1, Left: 1, Slowest: "c2", For: 100 * time.Millisecond},
		{Done: 2, Failed: 1, Left: 1, Slowest: "c2", For: 600 * time.Millisecond},
		{Done: 3, Failed: 1, Over: true},
	}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("got %+v, want %+v", seen, want)
	}
}
