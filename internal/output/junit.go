// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"strings"
)

// JUnit returns a report as JUnit XML, as GitLab and Jenkins read it: a test suite for each control plane, with a test case for
// each check. A check with an error or a warning is a failure, and a control plane that could not be examined an error
// (github.com/testmoapp/junitxml).
func JUnit(report *Report) []byte {
	var suites strings.Builder
	var all junitCount
	for i := range report.Targets {
		text, count := junitSuite(report, &report.Targets[i])
		suites.WriteString(text)
		all.tests, all.failures, all.errors = all.tests+count.tests, all.failures+count.failures, all.errors+count.errors
	}
	return fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"%s\" %s time=\"0\">\n%s</testsuites>\n",
		markup(report.Command), all, suites.String())
}

type junitCount struct{ tests, failures, errors int }

func (c junitCount) String() string {
	return fmt.Sprintf(`tests="%d" failures="%d" errors="%d"`, c.tests, c.failures, c.errors)
}

// junitSuite returns a test suite.
func junitSuite(report *Report, target *ReportTarget) (string, junitCount) {
	var (
		cases strings.Builder
		count junitCount
		name  = markup(target.Name)
	)
	for _, check := range target.checks() {
		results, worst, _ := target.results(check)
		count.tests++
		fmt.Fprintf(&cases, `    <testcase classname="%s" name="%s" time="0"`, name, markup(check))
		if worst < Warning {
			cases.WriteString("/>\n")
			continue
		}
		count.failures++
		message, text := junitFailure(results)
		fmt.Fprintf(&cases, ">\n      <failure message=\"%s\" type=\"%s\">%s</failure>\n    </testcase>\n", message, worst, text)
	}
	if failed := target.Failure; failed != nil {
		count.tests, count.errors = count.tests+1, count.errors+1
		fmt.Fprintf(&cases, "    <testcase classname=\"%s\" name=\"%s\" time=\"0\">\n      <error message=\"%s\" type=\"%s\">%s: %s</error>\n    </testcase>\n",
			name, markup(report.Command), markup(failed.Message), markup(failed.Reason), markup(failed.Code), markup(failed.Message))
	}
	return fmt.Sprintf("  <testsuite name=\"%s\" %s skipped=\"0\" timestamp=\"%s\" time=\"0\">\n%s  </testsuite>\n",
		name, count, report.Time.UTC().Format("2006-01-02T15:04:05"), cases.String()), count
}

// junitFailure returns the first error or warning of a check, and all of them, each with its fix.
func junitFailure(results []Result) (message, text string) {
	var lines []string
	for _, r := range results {
		if r.Level < Warning {
			continue
		}
		if message == "" {
			message = markup(r.Text)
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s", r.Code, r.Level, r.Text))
		if r.Fix != "" {
			lines = append(lines, "fix: "+r.Fix)
		}
	}
	return message, markup(strings.Join(lines, "\n"))
}
