// SPDX-License-Identifier: Apache-2.0

package output

import (
	"strings"
	"testing"
)

// A row is an item with an identity, a judgement and free text.
type row struct {
	Name, State, Text, Fix string
}

func rowView() View[row] {
	return View[row]{Columns: []Column[row]{
		{Title: "Context", Cell: func(r row) string { return r.Name }},
		{Title: "Status", Cell: func(r row) string { return r.State }, Tone: func(r row) Tone {
			return map[string]Tone{"ok": Good, "late": Doubtful, "failed": Bad}[r.State]
		}},
		{Title: "Description", Cell: func(r row) string { return r.Text }, Cut: len("DESCRIPTION")},
		{Title: "Rest", Wide: true, Cell: func(row) string { return strings.Repeat("r", 30) }},
	}}
}

const arn = "arn:aws:eks:eu-central-1:123456789012:cluster/prod-payments-01"

func rows(names ...string) List[row] {
	texts := []string{
		"the clusters of the payments team in Frankfurt",
		"生产环境的集群，位于法兰克福，由平台团队负责维护和升级",
		"🚀 launch 🇩🇪 of the e\u0301quipe, a description that is longer than any terminal that the test has",
		"",
	}
	var list List[row]
	for i, text := range texts {
		list.Items = append(list.Items, row{Name: names[i%len(names)], State: []string{"ok", "late", "failed", "?"}[i], Text: text})
	}
	return list
}

// on prints a list on a terminal of so many columns, 0 for none.
func on(t *testing.T, columns int, color bool, o string, list List[row], view View[row]) string {
	t.Helper()
	var out strings.Builder
	screen := &Screen{Writer: &out, Columns: func() int { return columns }, Color: func() bool { return color }}
	if err := Print(screen, format(t, o), list, view); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestATerminalShowsWholeTablesByCuttingDescriptions(t *testing.T) {
	t.Parallel()
	for columns, want := range map[int]string{
		60: lines(
			"CONTEXT   STATUS   DESCRIPTION",
			"hub       ok       the clusters of the payments team in Fra…",
			"集群      late     生产环境的集群，位于法兰克福，由平台团队…",
			"hub       failed   🚀 launch 🇩🇪 of the e\u0301quipe, a descriptio…",
			"集群      ?        ",
		),
		80: lines(
			"CONTEXT   STATUS   DESCRIPTION",
			"hub       ok       the clusters of the payments team in Frankfurt",
			"集群      late     生产环境的集群，位于法兰克福，由平台团队负责维护和升级",
			"hub       failed   🚀 launch 🇩🇪 of the e\u0301quipe, a description that is longer tha…",
			"集群      ?        ",
		),
		120: lines(
			"CONTEXT   STATUS   DESCRIPTION",
			"hub       ok       the clusters of the payments team in Frankfurt",
			"集群      late     生产环境的集群，位于法兰克福，由平台团队负责维护和升级",
			"hub       failed   🚀 launch 🇩🇪 of the e\u0301quipe, a description that is longer than any terminal that the test has",
			"集群      ?        ",
		),
	} {
		got := on(t, columns, false, "", rows("hub", "集群"), rowView())
		if got != want {
			t.Errorf("%d columns: got\n%swant\n%s", columns, got, want)
		}
		for line := range strings.Lines(got) {
			if width := Width(strings.TrimSuffix(line, "\n")); width > columns {
				t.Errorf("%d columns: a line takes %d: %s", columns, width, line)
			}
		}
	}
}

func TestNamesAreNeverCut(t *testing.T) {
	t.Parallel()
	for _, columns := range []int{10, 60, 80} {
		for line := range strings.Lines(on(t, columns, false, "", rows(arn), rowView())) {
			if width := Width(strings.TrimSuffix(line, "\n")); !strings.HasPrefix(line, arn+"   ") && !strings.HasPrefix(line, "CONTEXT ") || width > len(arn)+3+9+11 {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
	}
}

func TestNothingIsCutInPipesAndInWideTables(t *testing.T) {
	t.Parallel()
	var pipe strings.Builder
	if err := Print(&pipe, format(t, ""), rows(arn), rowView()); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{
		"a pipe":           pipe.String(),
		"unknown columns":  on(t, 0, false, "", rows(arn), rowView()),
		"a terminal, wide": on(t, 60, false, "wide", rows(arn), rowView()),
	} {
		for _, item := range rows(arn).Items {
			if !strings.Contains(got, item.Text) || strings.Contains(got, "…") {
				t.Errorf("%s: %q is cut:\n%s", name, item.Text, got)
			}
		}
	}
}

func TestOnlyTheJudgementsOfATableAreColoured(t *testing.T) {
	t.Parallel()
	want := lines(
		"CONTEXT   STATUS   DESCRIPTION",
		"hub       \x1b[32mok\x1b[0m       the clusters …",
		"hub       \x1b[33mlate\x1b[0m     生产环境的集…",
		"hub       \x1b[31mfailed\x1b[0m   🚀 launch 🇩🇪 …",
		"hub       ?        ",
	)
	if got := on(t, 33, true, "", rows("hub"), rowView()); got != want {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	for _, o := range []string{"json", "yaml", "name", "custom-columns=A:.Name", "jsonpath={.items[*].State}"} {
		view := rowView()
		view.Name = func(r row) string { return r.Name }
		if got := on(t, 80, true, o, rows("hub"), view); strings.Contains(got, "\x1b") {
			t.Errorf("-o %s has colours: %q", o, got)
		}
	}
}

func wrapped() (List[row], View[row]) {
	view := rowView()
	view.Columns = []Column[row]{view.Columns[0], {
		Title: "Finding", Wrap: true,
		Cell:  func(r row) string { return r.Text },
		Below: func(r row) string { return r.Fix },
	}}
	const hash = "sha256:aa1744b1f92fcb12ef27b37ca3b29bf5a23d92eff9a1b2bbd1f1a7f0e1e1d1c1"
	return List[row]{Items: []row{
		{Name: "hub", Text: "cluster-info has another CA than the server, " + hash + ", so that no cluster can join", Fix: "joinctl setup --force replaces it; then print the commands again"},
		{Name: "hub", Text: "短い"},
	}}, view
}

func TestLongTextsAreWrappedInTheirColumn(t *testing.T) {
	t.Parallel()
	const hash = "sha256:aa1744b1f92fcb12ef27b37ca3b29bf5a23d92eff9a1b2bbd1f1a7f0e1e1d1c1"
	list, view := wrapped()
	want := lines(
		"CONTEXT   FINDING",
		"hub       cluster-info has another CA than the",
		"          server,",
		"          "+hash+",", // it can be copied
		"          so that no cluster can join",
		"          → joinctl setup --force replaces it; then",
		"            print the commands again",
		"hub       短い",
	)
	if got := on(t, 51, false, "", list, view); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	list.Items[0].Name, list.Items[0].Text = arn, "nobody answers there"
	want = lines(
		"CONTEXT",
		arn,
		"    nobody answers there",
		"    → joinctl setup --force replaces it; then print",
		"      the commands again",
		"hub",
		"    短い",
	)
	if got := on(t, 51, false, "", list, view); got != want {
		t.Errorf("beside a long name: got\n%swant\n%s", got, want)
	}
}

func TestTextsAreWrappedInPipesOnlyWhereTheTableHasAWidth(t *testing.T) {
	t.Parallel()
	list, view := wrapped()
	if got := strings.Count(on(t, 0, false, "", list, view), "\n"); got != 4 { // the fix is below in every case
		t.Errorf("%d lines without a width", got)
	}
	view.Width = 51
	if got := strings.Count(on(t, 0, false, "", list, view), "\n"); got != 8 {
		t.Errorf("%d lines", got)
	}
	if got := on(t, 40, false, "wide", list, view); strings.Count(got, "\n") != 3 || strings.Contains(got, "→") {
		t.Errorf("-o wide prints\n%s", got)
	}
}

func TestTextIsCutByCharactersAsPeopleSeeThem(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"集群", 4, "集群"},
		{"集群x", 4, "集…"},
		{"🇩🇪🇫🇷", 3, "🇩🇪…"},
		{"e\u0301e\u0301e\u0301", 2, "e\u0301…"},
		{"abc", 0, "abc"},
		{"", 1, ""},
	} {
		if got := Cut(test.text, test.columns); got != test.want {
			t.Errorf("%q in %d columns: %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}
