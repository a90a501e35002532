// SPDX-License-Identifier: Apache-2.0

package output

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const active = "a\x1b[31m\u202e\x00<b>&\"'\u2028\xff"

// testReport has a control plane with every level, one that passed, and one that failed.
func testReport() *Report {
	rule := func(code, name string) Rule {
		return Rule{code, name, "Title of " + code, "The cause.", "See:\n\n    kubectl get <x>", "The fix.", "https://example.org/" + code + ".md"}
	}
	return &Report{
		Command: "joinctl doctor", Version: "v1.2.3", Home: "https://example.org", Time: time.Date(2026, 11, 25, 20, 0, 0, 0, time.FixedZone("", 3600)),
		Rules:   []Rule{rule("JC204", "cluster-info"), rule("JC216", "signer"), rule("JC221", "token-immortal"), rule("JC226", "clock")},
		Reasons: []Rule{rule("JC301", "Unreachable")},
		Targets: []ReportTarget{
			{Name: "hub " + active, Results: []Result{
				{Check: "cluster-info", Code: "JC204", Level: Passed},
				{Check: "signer", Code: "JC216", Level: Error, Text: "unsigned: " + active, Fix: "start it"},
				{Check: "signer", Code: "JC216", Level: Error, Text: "stale"},
				{Check: "token-immortal", Code: "JC221", Level: Warning, Text: "abcdef", Fix: "delete it"},
				{Check: "clock", Code: "JC226", Level: Info, Text: "known"},
			}},
			{Name: "good", Results: []Result{{Check: "cluster-info", Code: "JC204"}, {Check: "clock", Code: "JC226"}}},
			{Name: "down", Failure: &Failure{Context: "down", Reason: "Unreachable", Code: "JC301", Message: "connection refused <" + active}},
		},
	}
}

// The elements and attributes are those that GitLab's parser (lib/gitlab/ci/parsers/test/junit.rb) and Jenkins's
// (plugins/junit, SuiteResult and CaseResult) read.
func TestJUnitHasATestCaseForEachCheckOfEachControlPlane(t *testing.T) {
	t.Parallel()
	type problem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	type testCase struct {
		Class   string    `xml:"classname,attr"`
		Name    string    `xml:"name,attr"`
		Time    string    `xml:"time,attr"`
		Failure []problem `xml:"failure"`
		Error   []problem `xml:"error"`
	}
	var suites struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Suites   []struct {
			Name      string     `xml:"name,attr"`
			Timestamp string     `xml:"timestamp,attr"`
			Tests     int        `xml:"tests,attr"`
			Failures  int        `xml:"failures,attr"`
			Errors    int        `xml:"errors,attr"`
			Cases     []testCase `xml:"testcase"`
		} `xml:"testsuite"`
	}
	document := JUnit(testReport())
	if err := xml.Unmarshal(document, &suites); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	if suites.Tests != 7 || suites.Failures != 2 || suites.Errors != 1 || len(suites.Suites) != 3 {
		t.Fatalf("got %s", document)
	}
	hub, down := suites.Suites[0], suites.Suites[2]
	signer := hub.Cases[1]
	if hub.Tests != 4 || hub.Failures != 2 || hub.Timestamp != "2026-11-25T19:00:00" || len(hub.Cases) != 4 || len(signer.Failure) != 1 || signer.Time != "0" {
		t.Fatalf("hub: %+v", hub)
	}
	if got := signer.Failure[0]; got.Type != "error" || !strings.HasPrefix(got.Message, "unsigned: a\\u001b[31m\\u202e\\u0000<b>&\"'") ||
		!strings.Contains(got.Text, "fix: start it\nJC216: error: stale") || signer.Class != hub.Name || signer.Name != "signer" {
		t.Errorf("signer: %+v", signer)
	}
	if got := hub.Cases[2].Failure; len(got) != 1 || got[0].Type != "warning" {
		t.Errorf("a warning: %+v", got)
	}
	if len(hub.Cases[0].Failure)+len(hub.Cases[3].Failure) != 0 || suites.Suites[1].Failures != 0 {
		t.Errorf("passed and information: %+v", suites)
	}
	if got := down.Cases[0].Error; len(got) != 1 || got[0].Type != "Unreachable" || down.Errors != 1 || !strings.HasPrefix(got[0].Text, "JC301: connection refused <") {
		t.Errorf("down: %+v", down)
	}
}

// The fields are those that the schema of SARIF 2.1.0 requires, and those without which code scanning shows nothing.
func TestSARIFHasARuleForEachCodeAndAResultForEachProblem(t *testing.T) {
	t.Parallel()
	document, err := SARIF(testReport())
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name, Version, InformationURI string
					Rules, Notifications          []struct {
						ID, HelpURI      string
						ShortDescription struct{ Text string }
						Help             struct{ Text, Markdown string }
					}
				}
			}
			Invocations []struct {
				ExecutionSuccessful        *bool
				ToolExecutionNotifications []struct {
					Descriptor struct{ ID string }
					Message    struct{ Text string }
				}
			}
			Results []struct {
				RuleID, Level       string
				Message             struct{ Text string }
				PartialFingerprints map[string]string
				Locations           []struct {
					PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
					LogicalLocations []struct{ Name, FullyQualifiedName string }
				}
			}
		}
	}
	if err := json.Unmarshal(document, &log); err != nil {
		t.Fatalf("%v: %s", err, document)
	}
	if log.Version != "2.1.0" || log.Schema == "" || len(log.Runs) != 1 {
		t.Fatalf("got %s", document)
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name != "joinctl" || len(run.Tool.Driver.Rules) != 4 || len(run.Tool.Driver.Notifications) != 1 || len(run.Results) != 3 {
		t.Fatalf("got %s", document)
	}
	rules := map[string]bool{}
	for _, rule := range run.Tool.Driver.Rules {
		rules[rule.ID] = true
		if u, err := url.Parse(rule.HelpURI); err != nil || u.Scheme != "https" || rule.ShortDescription.Text == "" || rule.Help.Text == "" || rule.Help.Markdown == "" {
			t.Errorf("rule %+v", rule)
		}
	}
	prints := map[string]bool{}
	for _, result := range run.Results {
		location := result.Locations[0]
		u, err := url.Parse(location.PhysicalLocation.ArtifactLocation.URI)
		if !rules[result.RuleID] || result.Message.Text == "" || result.Level != "error" && result.Level != "warning" || err != nil || u.IsAbs() || location.LogicalLocations[0].Name == "" {
			t.Errorf("result %+v: %v", result, err)
		}
		prints[result.PartialFingerprints["joinctl/v1"]] = true
	}
	if len(prints) != 3 {
		t.Errorf("fingerprints %v", prints)
	}
	done := run.Invocations[0]
	if done.ExecutionSuccessful == nil || *done.ExecutionSuccessful || len(done.ToolExecutionNotifications) != 1 || done.ToolExecutionNotifications[0].Descriptor.ID != "JC301" {
		t.Errorf("invocation %+v", done)
	}
	if strings.ContainsFunc(string(document), func(r rune) bool { return r != '\n' && isActive(r) }) {
		t.Error("an active character is in the document")
	}
}

func TestAReportWithoutControlPlanesIsADocument(t *testing.T) {
	t.Parallel()
	empty := &Report{Command: "joinctl doctor"}
	if err := xml.Unmarshal(JUnit(empty), new(struct{})); err != nil {
		t.Error(err)
	}
	document, err := SARIF(empty)
	if err != nil || !strings.Contains(string(document), `"results": []`) || !strings.Contains(string(document), `"rules": []`) {
		t.Errorf("%v: %s", err, document)
	}
	if page := string(HTML(empty)); !strings.Contains(page, "0 control planes") {
		t.Error(page)
	}
}

func TestThePageIsWellFormedSelfContainedAndWithoutScripts(t *testing.T) {
	t.Parallel()
	page := string(HTML(testReport()))
	decoder := xml.NewDecoder(strings.NewReader(page))
	ids, links := map[string]bool{}, map[string]bool{}
	for {
		token, err := decoder.Token()
		if err == io.EOF { //nolint:errorlint // as the decoder returns it
			break
		}
		if err != nil {
			t.Fatalf("%v: %s", err, page)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if name := start.Name.Local; slices.Contains([]string{"script", "link", "img", "iframe", "object", "form", "base"}, name) {
			t.Errorf("element %s", name)
		}
		for _, attribute := range start.Attr {
			switch name := attribute.Name.Local; {
			case name == "id" && ids[attribute.Value]:
				t.Errorf("id %s is not unique", attribute.Value)
			case name == "id":
				ids[attribute.Value] = true
			case name == "href":
				links[attribute.Value] = true
			case name == "src", strings.HasPrefix(name, "on"):
				t.Errorf("attribute %s of %s", name, start.Name.Local)
			}
		}
	}
	for link := range links {
		if !ids[strings.TrimPrefix(link, "#")] {
			t.Errorf("%s leads nowhere", link)
		}
	}
	for _, want := range []string{
		`<html lang="en">`, `<td class="error">error</td>`, `<td class="warning">warning</td>`, `<td class="info">info</td>`, `<td>–</td>`, `<th scope="row">signer</th>`,
		"hub a\\u001b[31m\\u202e\\u0000&lt;b&gt;&amp;&#34;&#39;", `<h3 id="JC301">`, "1 with errors, 0 with warnings only, 1 without a problem, 1 not examined to the end",
		"<pre><code>kubectl get &lt;x&gt;</code></pre>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	if strings.Contains(page, `<h3 id="JC226">`) || regexp.MustCompile(`https?:|url\(|@import`).MatchString(page) {
		t.Errorf("an explanation of information, or an address: %s", page)
	}
}

// Columns of hundreds of control planes must be told apart by what a screen reader reads: the headers of row and column.
func TestEveryRowOfThePageHasACellForEachColumn(t *testing.T) {
	t.Parallel()
	table, _, _ := strings.Cut(string(HTML(testReport())), "</table>")
	head, body, _ := strings.Cut(table, "<tbody>")
	columns := strings.Count(head, `<th scope="col">`)
	for row := range strings.SplitSeq(strings.TrimSpace(body), "</tr>") {
		if strings.Contains(row, "<tr>") && (strings.Count(row, "<td") != columns-1 || strings.Count(row, `<th scope="row">`) != 1) {
			t.Errorf("%d columns, and the row %s", columns, row)
		}
	}
	if columns != 6 {
		t.Errorf("%d columns", columns)
	}
}
