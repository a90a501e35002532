// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"encoding"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/kube"
)

func patterns(t *testing.T, texts ...string) (out []Pattern) {
	t.Helper()
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func contexts(targets []Target) (names []string) {
	for _, target := range targets {
		names = append(names, target.Context)
	}
	return names
}

func TestASelectionIsTheIncludedContextsWithoutTheExcludedOnes(t *testing.T) {
	t.Parallel()
	const eks = "arn:aws:eks:eu-1:12:cluster/prod-a"
	all := []string{"prod-b", "prod-c", "dev", "odd name", "line\nbreak", "a@b", eks}
	kubeconfig := load(t, "dev", clientcmd.ConfigOverrides{}, all...)
	for name, test := range map[string]struct {
		selection Selection
		want      []string
	}{
		"names":                {Selection{Contexts: []string{"prod-c", "dev"}}, []string{"dev", "prod-c"}},
		"a name twice":         {Selection{Contexts: []string{"dev", "dev"}}, []string{"dev"}},
		"star crosses slashes": {Selection{Include: patterns(t, "*prod-?")}, []string{eks, "prod-b", "prod-c"}},
		"the glob is anchored": {Selection{Include: patterns(t, "prod-*")}, []string{"prod-b", "prod-c"}},
		"the regexp is not":    {Selection{Include: patterns(t, "/eks:/")}, []string{eks}},
		"star crosses lines":   {Selection{Include: patterns(t, "line*")}, []string{"line\nbreak"}},
		"others are literal":   {Selection{Include: patterns(t, "a@b", "odd name")}, []string{"a@b", "odd name"}},
		"all but":              {Selection{All: true, Exclude: patterns(t, "*prod*", "/ /", "line?break")}, []string{"a@b", "dev"}},
		"no match to exclude":  {Selection{Include: patterns(t, "prod-*"), Exclude: patterns(t, "*-old", "/^old/", "prod-c")}, []string{"prod-b"}},
		"both":                 {Selection{Contexts: []string{"dev"}, Include: patterns(t, "prod-*"), Exclude: patterns(t, "prod-c")}, []string{"dev", "prod-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(kubeconfig, test.selection)
			if got := contexts(found); err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestAnInvalidSelectionIsAConfigErrorWithAHint(t *testing.T) {
	t.Parallel()
	kubeconfig := load(t, "prod-a", clientcmd.ConfigOverrides{}, "prod-a", "prod-b", "staging", "weird")
	for name, test := range map[string]struct {
		selection  Selection
		text, hint string
	}{
		"no similar pattern": {Selection{Include: patterns(t, "zzzzzzzzzz")}, "no context matches", "--context"},
		"an excluded name":   {Selection{All: true, Exclude: patterns(t, "*-old", "prod-c")}, `no context matches "prod-c"`, `"prod-a"`},
		"nothing is left":    {Selection{All: true, Exclude: patterns(t, "*")}, "has no contexts", "--context"},
		"only an exclusion":  {Selection{Exclude: patterns(t, "prod-a")}, "nothing is selected", "--all-contexts"},
		"only a shard":       {Selection{Shard: Shard{0, 2}}, "nothing is selected", "--all-contexts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(kubeconfig, test.selection)
			config := configError(t, err)
			if found != nil || !strings.Contains(config.Error(), test.text) || !strings.Contains(config.Hint, test.hint) {
				t.Errorf("got %v, %v; hint: %s", found, config, config.Hint)
			}
		})
	}
}

func TestAnUnknownContextIsATypedErrorWithTheKnownOnes(t *testing.T) {
	t.Parallel()
	known := []string{"prod-a", "prod-b", "staging", "weird"}
	kubeconfig := load(t, "prod-a", clientcmd.ConfigOverrides{}, known...)
	for name, test := range map[string]struct {
		selection Selection
		text      string
		want      UnknownContextError
	}{
		"a name":    {Selection{Contexts: []string{"prod-a", "pord-b"}}, `"pord-b" does not exist`, UnknownContextError{"pord-b", "", known}},
		"one name":  {Selection{Contexts: []string{"Staging"}}, `"Staging" does not exist`, UnknownContextError{"Staging", "", known}},
		"a pattern": {Selection{Include: patterns(t, "stagin-*")}, `no context matches "stagin-*"`, UnknownContextError{"stagin-", "stagin-*", known}},
		"a regexp":  {Selection{Include: patterns(t, "/^werid$/")}, `"/^werid$/"`, UnknownContextError{"werid", "/^werid$/", known}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(kubeconfig, test.selection)
			config, unknown := configError(t, err), (*UnknownContextError)(nil)
			if found != nil || !strings.Contains(config.Error(), test.text) || !errors.As(err, &unknown) || !reflect.DeepEqual(*unknown, test.want) {
				t.Errorf("got %v, %v", found, config)
			}
		})
	}
}

func TestASlashAloneIsAGlob(t *testing.T) {
	t.Parallel()
	if found, err := Select(loadClusters(t, map[string]*clientcmdapi.Cluster{
		"/": {Server: "https://a:6443"}, "a/b": {Server: "https://b:6443"},
	}), Selection{Include: patterns(t, "/")}); err != nil || !slices.Equal(contexts(found), []string{"/"}) {
		t.Errorf("got %v, %v", contexts(found), err)
	}
}

func TestAnInvalidPatternIsAnError(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "//", "/(/", "/a(?!b)/"} {
		if _, err := ParsePattern(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}

// loadClusters writes and loads a kubeconfig with a context for each cluster.
func loadClusters(t *testing.T, clusters map[string]*clientcmdapi.Cluster) *kube.Kubeconfig {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters = clusters
	for name := range clusters {
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name}
	}
	return loadConfig(t, config, clientcmd.ConfigOverrides{})
}

func TestContextsWithTheSameEndpointAndCredentialAreOneTarget(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, []byte("CA 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cluster := func(server, ca, name, proxy string) *clientcmdapi.Cluster {
		c := &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: []byte(ca), TLSServerName: name, ProxyURL: proxy}
		if ca == "" {
			c.CertificateAuthorityData, c.CertificateAuthority = nil, file
		}
		return c
	}
	kubeconfig := loadClusters(t, map[string]*clientcmdapi.Cluster{
		"a":         cluster("https://one", "CA 1", "", ""),
		"b":         cluster("HTTPS://ONE:443/", "CA 1", "", ""),
		"c":         cluster("https://one:443", "", "", ""),
		"port":      cluster("https://one:6443", "CA 1", "", ""),
		"path":      cluster("https://one/clusters/x", "CA 1", "", ""),
		"ca":        cluster("https://one", "CA 2", "", ""),
		"name":      cluster("https://one", "CA 1", "other", ""),
		"proxy":     cluster("https://one", "CA 1", "", "http://proxy:3128"),
		"no server": {},
		"none here": {},
	})
	single := []string{"ca", "name", "no server", "none here", "path", "port", "proxy"}
	for name, test := range map[string]struct {
		selection  Selection
		used       []string
		duplicates []string // of the first that is used
	}{
		"the first by name":     {Selection{All: true}, []string{"a"}, []string{"b", "c"}},
		"the one named exactly": {Selection{All: true, Contexts: []string{"c"}}, []string{"c"}, []string{"a", "b"}},
		"all that are named":    {Selection{All: true, Contexts: []string{"c", "b"}}, []string{"b", "c"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := Select(kubeconfig, test.selection)
			want := slices.Sorted(slices.Values(append(slices.Clone(test.used), single...)))
			if err != nil || !reflect.DeepEqual(contexts(found), want) {
				t.Fatalf("got %q, %v, want %q", contexts(found), err, want)
			}
			for _, target := range found {
				if target.Context == test.used[0] && !reflect.DeepEqual(target.Duplicates(), test.duplicates) {
					t.Errorf("the duplicates are %q, want %q", target.Duplicates(), test.duplicates)
				}
				if target.Context != test.used[0] && target.Duplicates() != nil {
					t.Errorf("%q has duplicates %q", target.Context, target.Duplicates())
				}
			}
		})
	}
}

func TestShardsContainEveryTargetExactlyOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("cluster-%04d", i))
	}
	kubeconfig := load(t, "", clientcmd.ConfigOverrides{}, names...)
	const parts = 7
	seen := map[string]int{}
	for i := range uint64(parts) {
		found, err := Select(kubeconfig, Selection{All: true, Shard: Shard{i, parts}})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(found); n < 1000/parts*7/10 || n > 1000/parts*13/10 {
			t.Errorf("shard %d has %d of 1000 targets", i, n)
		}
		for _, name := range contexts(found) {
			seen[name]++
		}
	}
	for _, name := range names {
		if seen[name] != 1 {
			t.Errorf("%s is in %d shards", name, seen[name])
		}
	}
	if !(Shard{3, 7}).contains("cluster-0000") {
		t.Error("the hash has changed: different versions may run the shards of one job")
	}
}

func TestAnEmptyShardIsNoError(t *testing.T) {
	t.Parallel()
	kubeconfig := load(t, "", clientcmd.ConfigOverrides{}, "only")
	empty := 0
	for i := range uint64(4) {
		found, err := Select(kubeconfig, Selection{All: true, Shard: Shard{i, 4}})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			empty++
		}
	}
	if empty != 3 {
		t.Errorf("%d of 4 shards are empty", empty)
	}
}

func TestAShardIsReadFromIndexAndTotal(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1", "1/1", "2/2", "-1/2", "0/0", "0/2x", "00/2", "a/b", "0/2/3", " 0/2"} {
		if err := new(Shard).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	var s Shard
	if err := s.UnmarshalText([]byte("3/12")); err != nil || s != (Shard{3, 12}) || s.String() != "3/12" {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestShardsAndPatternsAreWrittenAsTheyAreRead(t *testing.T) {
	t.Parallel()
	for text, value := range map[string]interface {
		encoding.TextMarshaler
		encoding.TextUnmarshaler
		fmt.Stringer
	}{"3/12": &Shard{}, "prod-*": &Pattern{}, "/^eu-/": &Pattern{}} {
		if err := value.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, err := value.MarshalText(); err != nil || string(got) != text || value.String() != text {
			t.Errorf("got %s and %s, %v, want %s", got, value, err, text)
		}
	}
	if got, err := (Shard{}).MarshalText(); err != nil || string(got) != "" {
		t.Errorf("the zero shard is %q, %v", got, err)
	}
}
