// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// load writes and loads a kubeconfig with contexts of the given names, each at https://NAME:6443.
func load(t *testing.T, current string, overrides clientcmd.ConfigOverrides, names ...string) *kube.Kubeconfig {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.CurrentContext = current
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: "t"}
	for _, name := range names {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + name + ":6443"}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: "admin"}
	}
	return loadConfig(t, config, overrides)
}

// loadConfig writes a kubeconfig and loads it with the values of flags.
func loadConfig(t *testing.T, config *clientcmdapi.Config, overrides clientcmd.ConfigOverrides) *kube.Kubeconfig {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := kube.Load(kube.LoadOptions{Path: path, Overrides: overrides})
	if err != nil {
		t.Fatal(err)
	}
	return kubeconfig
}

func TestNoSelectionIsTheCurrentContextAndNeverAll(t *testing.T) {
	t.Parallel()
	kubeconfig := load(t, "b", clientcmd.ConfigOverrides{}, "a", "b", "c")
	for name, want := range map[string]string{"": "b", "b": "b", "c": "c"} {
		selection := Selection{Contexts: []string{name}}
		found, err := Select(kubeconfig, selection)
		if err != nil || len(found) != 1 || found[0].Context != want {
			t.Errorf("%+v: got %v, %v", selection, found, err)
			continue
		}
		if config, err := found[0].Config(); err != nil || config.Host != "https://"+want+":6443" {
			t.Errorf("%+v: connects to %v, %v", selection, config, err)
		}
	}
}

func TestAnUnknownContextIsAConfigErrorThatNamesTheKnownOnes(t *testing.T) {
	t.Parallel()
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprintf("context-%02d", i)
	}
	for name, test := range map[string]struct {
		contexts []string
		hints    []string
	}{
		"none": {nil, []string{"no contexts"}},
		"few":  {[]string{"prod", "dev"}, []string{`"dev" "prod"`, "--context"}},
		"five": {many[:5], []string{`"context-00" "context-01" "context-02" "context-03" "context-04"`, "choose one with --context"}},
		"six":  {many[:6], []string{"one of the 6 contexts", `"context-04"]`}},
		"many": {many, []string{"12", "context-", "--context"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(load(t, "prod", clientcmd.ConfigOverrides{}, test.contexts...), Selection{Contexts: []string{"typo"}})
			config := configError(t, err)
			if found != nil || !strings.Contains(config.Error(), `"typo"`) {
				t.Errorf("got %v, %v", found, config)
			}
			for _, part := range test.hints {
				if !strings.Contains(config.Hint, part) {
					t.Errorf("the hint %q does not say %q", config.Hint, part)
				}
			}
			if len(config.Hint) > 200 {
				t.Errorf("the hint is %d characters long", len(config.Hint))
			}
		})
	}
}

func TestNoCurrentContextIsAConfigErrorThatNamesTheContexts(t *testing.T) {
	t.Parallel()
	_, err := Select(load(t, "", clientcmd.ConfigOverrides{}, "prod", "dev"), Selection{})
	if config := configError(t, err); !strings.Contains(config.Error(), "current context") || !strings.Contains(config.Hint, `"dev" "prod"`) {
		t.Errorf("got %v; hint: %s", config, config.Hint)
	}
}

func TestACurrentContextThatDoesNotExistIsAConfigErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	_, err := Select(load(t, "gone", clientcmd.ConfigOverrides{}, "prod"), Selection{})
	if config := configError(t, err); !strings.Contains(config.Error(), `"gone"`) {
		t.Errorf("got %v", config)
	}
}

func TestFlagsAloneAreATargetWithoutAName(t *testing.T) {
	t.Parallel()
	overrides := clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://flag:6443"}}
	found, err := Select(load(t, "", overrides, "prod"), Selection{})
	if err != nil || len(found) != 1 || found[0].Context != "" {
		t.Fatalf("got %v, %v", found, err)
	}
	if config, err := found[0].Config(); err != nil || config.Host != "https://flag:6443" {
		t.Errorf("connects to %v, %v", config, err)
	}
}

// If flags say how to connect, an error in them must not appear as a missing context.
func TestAnInvalidConnectionFlagIsReportedAsSuch(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.pem")
	overrides := clientcmd.ConfigOverrides{ClusterInfo: clientcmdapi.Cluster{Server: "https://flag:6443", CertificateAuthority: missing}}
	_, err := Select(load(t, "", overrides), Selection{})
	if config := configError(t, err); !strings.Contains(config.Error(), missing) || !errors.Is(err, os.ErrNotExist) && !strings.Contains(config.Error(), "no such file") {
		t.Errorf("got %v; hint: %s", config, config.Hint)
	}
}

func configError(t *testing.T, err error) *failure.ConfigError {
	t.Helper()
	var config *failure.ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("got %v, want a ConfigError", err)
	}
	return config
}

func TestAMemberIsASeparateTargetOfItsControlPlane(t *testing.T) {
	t.Parallel()
	hub := Target{Context: "hub", group: &group{duplicates: []string{"alias"}}}
	member := hub.With("m")
	if member == hub || member != hub.With("m") || member == hub.With("n") || member.Hub() != hub || hub.Hub() != hub {
		t.Errorf("hub %+v, member %+v", hub, member)
	}
	if member.Context != "hub" || member.Member != "m" || len(member.Duplicates()) != 1 {
		t.Errorf("member %+v", member)
	}
}
