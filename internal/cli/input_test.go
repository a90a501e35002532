// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/terminal"
)

// fileWith writes a file and returns its path.
func fileWith(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// contextsFrom returns the contexts that --contexts-file selects.
func contextsFrom(t *testing.T, env *Env, path string) ([]string, error) {
	t.Helper()
	s := newSession(env)
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	selected := &selectionFlags{}
	selected.register(flags, s)
	if err := flags.Set("contexts-file", path); err != nil {
		t.Fatal(err)
	}
	err := selected.check(env, s, flags)
	if err == nil && !s.ManyContexts() {
		t.Error("a file means many contexts, however few it names")
	}
	return s.Selection.Contexts, err
}

// clustersFrom returns the clusters that --for-file names, and what is written to stderr.
func clustersFrom(t *testing.T, env *Env, args ...string) ([]string, string, error) {
	t.Helper()
	names := &clusterNames{}
	cmd := &cobra.Command{}
	names.register(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	clusters, err := names.read(env, terminal.New(terminal.Streams{Err: &out}))
	return clusters, out.String(), err
}

func TestFilesOfNamesHaveComments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		content string
		want    []string
	}{
		"names":                         {"hub\nspoke\n", []string{"hub", "spoke"}},
		"no newline at the end":         {"hub", []string{"hub"}},
		"lines of Windows":              {"hub\r\nspoke\r\n", []string{"hub", "spoke"}},
		"white space":                   {"\n  hub \t\n\n", []string{"hub"}},
		"a comment after a name":        {"hub # main\n", []string{"hub"}},
		"a comment after a tab":         {"hub\t# main\n", []string{"hub"}},
		"a comment of its own":          {"# main\nhub\n   # and others\n#spoke\n", []string{"hub"}},
		"a comment with more of them":   {"hub # main # of all\t# really\n", []string{"hub"}},
		"a comment without white space": {"hub #main\n", []string{"hub"}},
		"a byte order mark":             {"\ufeffhub\nspoke\n", []string{"hub", "spoke"}},
		"a mark before a comment":       {"\ufeff# main\nhub\n", []string{"hub"}},
		"a mark, and CRLF":              {"\ufeffhub # main\r\n", []string{"hub"}},
	} {
		path := fileWith(t, test.content)
		env := &Env{In: strings.NewReader(test.content)}
		for _, source := range []string{path, "-"} {
			if got, err := contextsFrom(t, env, source); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s: --contexts-file %s: got %q, %v", name, source, got, err)
			}
			env.In = strings.NewReader(test.content)
			if got, _, err := clustersFrom(t, env, "--for-file", source); err != nil || !slices.Equal(got, test.want) {
				t.Errorf("%s: --for-file %s: got %q, %v", name, source, got, err)
			}
			env.In = strings.NewReader(test.content)
		}
	}
}

func TestAContextCanHaveANumberSignInItsName(t *testing.T) {
	t.Parallel()
	got, err := contextsFrom(t, &Env{}, fileWith(t, "hub#1\nmy hub # with a space\n"))
	if want := []string{"hub#1", "my hub"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAFileWithoutNamesIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, contexts, clusters string }{
		"empty":         {"", "--contexts-file: FILE is empty", "FILE is empty"},
		"white space":   {" \n\t\n\r\n", "--contexts-file: FILE is empty", "FILE is empty"},
		"a mark only":   {"\ufeff\n", "--contexts-file: FILE is empty", "FILE is empty"},
		"comments only": {"# hub\n  # spoke\n", "--contexts-file: it names no context", "--for-file names no cluster"},
	} {
		path := fileWith(t, test.content)
		_, err := contextsFrom(t, &Env{}, path)
		if got := strings.ReplaceAll(errorText(err), path, "FILE"); got != test.contexts {
			t.Errorf("%s: --contexts-file: got %q", name, got)
		}
		_, _, err = clustersFrom(t, &Env{}, "--for-file", path)
		if got := strings.ReplaceAll(errorText(err), path, "FILE"); got != test.clusters || !failure.IsConfig(err) {
			t.Errorf("%s: --for-file: got %q", name, got)
		}
	}
}

func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/does/not/exist": "read lines: open /does/not/exist: no such file or directory",
		t.TempDir():       "is a directory",
		fileWith(t, strings.Repeat("x", 100_000)): "token too long",
	} {
		for name, read := range map[string]func() error{
			"--contexts-file": func() error { _, err := contextsFrom(t, &Env{}, path); return err },
			"--for-file":      func() error { _, _, err := clustersFrom(t, &Env{}, "--for-file", path); return err },
			"--token-file":    func() error { _, err := readArgs(&Env{}, nil, path); return err },
		} {
			if err := read(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
	}
}

func TestArgumentsStandForThemselvesOrForLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args        []string
		file, stdin string
		want        []string
		err         string
	}{
		"none":                           {nil, "", "", nil, ""},
		"words":                          {[]string{"a", "b"}, "", "unread", []string{"a", "b"}, ""},
		"standard input":                 {[]string{"-"}, "", "a\n\n b \r\n", []string{"a", "b"}, ""},
		"words and standard input":       {[]string{"x", "-", "y"}, "", "a\nb", []string{"x", "a", "b", "y"}, ""},
		"a file":                         {nil, "a\nb\n", "", []string{"a", "b"}, ""},
		"a file with a byte order mark":  {nil, "\ufeffa\r\nb\r\n", "", []string{"a", "b"}, ""},
		"input with a byte order mark":   {[]string{"-"}, "", "\ufeffa\n", []string{"a"}, ""},
		"a credential has no comment":    {nil, "a # b\n", "", []string{"a # b"}, ""},
		"a file and words":               {[]string{"x"}, "a\n", "", nil, "--token-file goes without arguments"},
		"a file and standard input":      {[]string{"-"}, "a\n", "b\n", nil, "--token-file goes without arguments"},
		"nothing on standard input":      {[]string{"-"}, "", " \n", nil, "standard input is empty"},
		"standard input cannot be twice": {[]string{"-", "-"}, "", "a\n", nil, "standard input is empty"},
		"a blank file":                   {nil, "\n\t\n", "", nil, "FILE is empty"},
	} {
		path := ""
		if test.file != "" {
			path = fileWith(t, test.file)
		}
		got, err := readArgs(&Env{In: strings.NewReader(test.stdin)}, test.args, path)
		text := errorText(err)
		if path != "" {
			text = strings.ReplaceAll(text, path, "FILE")
		}
		if !slices.Equal(got, test.want) || text != test.err {
			t.Errorf("%s: got %q, %q", name, got, text)
		}
	}
	if got, err := readArgs(&Env{In: strings.NewReader("a\n")}, nil, "-"); err != nil || !slices.Equal(got, []string{"a"}) {
		t.Errorf("--token-file -: got %q, %v", got, err)
	}
}

func TestAFileIsReadWhole(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{fileWith(t, "a\n# b\n"): "a\n# b\n", "-": "from stdin\n"} {
		got, err := readFile(&Env{In: strings.NewReader("from stdin\n")}, path, 1<<20)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
}

func TestClustersAreNamedByFlagsAndFileTogether(t *testing.T) {
	t.Parallel()
	got, told, err := clustersFrom(t, &Env{}, "--for", "m1,m2", "--for", "m1", "--for-file", fileWith(t, "m3\nm2 # again\n"))
	if want := []string{"m1", "m2", "m3"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if want := "joinctl: named more than once, and used once: \"m1\", \"m2\"\n"; told != want {
		t.Errorf("got %q, want %q", told, want)
	}
	if got, told, err := clustersFrom(t, &Env{}); got != nil || told != "" || err != nil {
		t.Errorf("without flags: %q, %q, %v", got, told, err)
	}
}

func TestBadNamesOfClustersAreReportedTogetherAndNeverAsCredentials(t *testing.T) {
	t.Parallel()
	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V4YW1wbGUub3JnIn0.c2lnbmF0dXJl"
	_, _, err := clustersFrom(t, &Env{}, "--for", "M1,m2", "--for-file", fileWith(t, "m3\nm_4\n07401b.0123456789abcdef\n"+jwt+"\n"))
	want := `not the names of clusters, 4 of 6: "M1", "m_4" (name 2 of the file), one that may be a token (name 3 of the file), one of 73 characters (name 4 of the file)`
	if !failure.IsConfig(err) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if hint := hintFor(err); hint != notACluster {
		t.Errorf("the hint is %q", hint)
	}
}

func TestManyClustersAreMeantByTheFormOfTheCommandLine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		names     clusterNames
		any, many bool
	}{
		{clusterNames{}, false, false},
		{clusterNames{given: []string{"m1"}}, true, false},
		{clusterNames{given: []string{"m1", "m2"}}, true, true},
		{clusterNames{file: "file"}, true, true},
	} {
		if test.names.any() != test.any || test.names.many() != test.many {
			t.Errorf("%+v: any %v, many %v", test.names, test.names.any(), test.names.many())
		}
	}
}
