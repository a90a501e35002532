// SPDX-License-Identifier: Apache-2.0

package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// htmlHead begins a page. The page needs no other file: its policy allows its own style and nothing else.
const htmlHead = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
<title>%[1]s</title>
<style>
:root { --text: #1f2328; --back: #fff; --line: #d0d7de; --head: #f6f8fa; --ok: #116329; --info: #0550ae; --warning: #7d4e00; --error: #b3141c; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --back: #0d1117; --line: #3d444d; --head: #161b22; --ok: #56d364; --info: #79c0ff; --warning: #e3b341; --error: #ff8b82; }
}
body { color: var(--text); background: var(--back); font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.25; }
table { border-collapse: collapse; font-size: .875rem; }
caption { text-align: left; padding-bottom: .5rem; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left; vertical-align: top; }
.results td, .results th { white-space: nowrap; }
.results td.text { white-space: normal; overflow-wrap: anywhere; min-width: 16rem; }
thead th { background: var(--head); vertical-align: bottom; }
.wide, section { overflow-x: auto; }
.wide th, .wide td { white-space: nowrap; }
.wide thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
.wide th[scope=row] { position: sticky; left: 0; background: var(--head); }
.ok { color: var(--ok); } .info { color: var(--info); } .warning { color: var(--warning); } .error { color: var(--error); }
.warning, .error { font-weight: 600; }
a { color: inherit; }
pre { overflow-x: auto; background: var(--head); border: 1px solid var(--line); padding: .5rem; }
@media print { .wide { overflow: visible; } }
</style>
</head>
<body>
<main>
<h1>%[1]s</h1>
`

// HTML returns a report as one page for people, without scripts and without other files: a table of control planes by check,
// the errors and warnings of each with their fixes, and an explanation of each code among them.
func HTML(report *Report) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, htmlHead, markup(report.Command)+": "+count(len(report.Targets), "control plane"))
	fmt.Fprintf(&b, "<p>%s. Made by joinctl %s at <time>%s</time>.</p>\n", htmlSummary(report), markup(report.Version), report.Time.UTC().Format(time.RFC3339))
	htmlTable(&b, report)
	for i := range report.Targets {
		htmlTarget(&b, i, &report.Targets[i])
	}
	htmlCodes(&b, report)
	b.WriteString("</main>\n</body>\n</html>\n")
	return []byte(b.String())
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// htmlSummary counts the control planes by their worst result.
func htmlSummary(report *Report) string {
	var worst [Error + 1]int
	failed := 0
	for i := range report.Targets {
		if target := &report.Targets[i]; target.Failure != nil {
			failed++
		} else {
			worst[target.worst()]++
		}
	}
	return fmt.Sprintf("%d with errors, %d with warnings only, %d without a problem, %d not examined to the end",
		worst[Error], worst[Warning], worst[Info]+worst[Passed], failed)
}

// htmlTable writes the table of control planes by check.
func htmlTable(b *strings.Builder, report *Report) {
	var checks []string
	for i := range report.Targets {
		for _, check := range report.Targets[i].checks() {
			if !slices.Contains(checks, check) {
				checks = append(checks, check)
			}
		}
	}
	slices.SortStableFunc(checks, func(x, y string) int { return cmp.Compare(order(report, x), order(report, y)) })
	b.WriteString("<div class=\"wide\" role=\"region\" aria-labelledby=\"table\" tabindex=\"0\">\n<table>\n" +
		"<caption id=\"table\">Control planes by check. A – means that the check was not made.</caption>\n<thead><tr><th scope=\"col\">Control plane</th><th scope=\"col\">Result</th>")
	for _, check := range checks {
		fmt.Fprintf(b, "<th scope=\"col\"><span>%s</span></th>", markup(check))
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
	for i := range report.Targets {
		target := &report.Targets[i]
		fmt.Fprintf(b, "<tr><th scope=\"row\"><a href=\"#t%d\">%s</a></th>%s", i, markup(target.Name), htmlResult(target))
		for _, check := range checks {
			if _, worst, made := target.results(check); made {
				fmt.Fprintf(b, "<td class=\"%[1]s\">%[1]s</td>", worst)
			} else {
				b.WriteString("<td>–</td>")
			}
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n</div>\n")
}

// htmlResult returns the cell with the worst result of a control plane, or with the reason why it was not examined to the end.
func htmlResult(target *ReportTarget) string {
	level, text := target.worst(), ""
	switch {
	case target.Failure != nil:
		level, text = Error, markup(target.Failure.Reason)
	case level == Info:
		level = Passed
	}
	return fmt.Sprintf("<td class=\"%s\">%s</td>", level, cmp.Or(text, level.String()))
}

// order returns the place of a check among the rules. Steps of a probe come last.
func order(report *Report, check string) int {
	if i := slices.IndexFunc(report.Rules, func(r Rule) bool { return r.Name == check }); i >= 0 {
		return i
	}
	return len(report.Rules)
}

// htmlTarget writes the section about a control plane.
func htmlTarget(b *strings.Builder, i int, target *ReportTarget) {
	name := markup(target.Name)
	fmt.Fprintf(b, "<section aria-labelledby=\"t%[1]d\">\n<h2 id=\"t%[1]d\">%[2]s</h2>\n", i, name)
	if failed := target.Failure; failed != nil {
		fmt.Fprintf(b, "<p class=\"error\">Not examined to the end: %s (<a href=\"#%[2]s\">%[2]s</a>, %[3]s).</p>\n", markup(failed.Message), markup(failed.Code), markup(failed.Reason))
	}
	var problems, information []Result
	for _, r := range target.Results {
		switch r.Level {
		case Warning, Error:
			problems = append(problems, r)
		case Info:
			information = append(information, r)
		case Passed:
		}
	}
	if len(problems) > 0 {
		htmlResults(b, "Errors and warnings of "+name, problems)
	} else if target.Failure == nil {
		b.WriteString("<p class=\"ok\">No problems found.</p>\n")
	}
	if len(information) > 0 {
		fmt.Fprintf(b, "<details><summary>Information (%d)</summary>\n", len(information))
		htmlResults(b, "Information about "+name, information)
		b.WriteString("</details>\n")
	}
	b.WriteString("</section>\n")
}

// htmlResults writes a table of results. The caption is markup.
func htmlResults(b *strings.Builder, caption string, results []Result) {
	fmt.Fprintf(b, "<table class=\"results\">\n<caption>%s</caption>\n<thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">Check</th><th scope=\"col\">Code</th>"+
		"<th scope=\"col\">Finding</th><th scope=\"col\">Fix</th></tr></thead>\n<tbody>\n", caption)
	for _, r := range results {
		code := markup(r.Code)
		if r.Level >= Warning {
			code = fmt.Sprintf("<a href=\"#%[1]s\">%[1]s</a>", code)
		}
		fmt.Fprintf(b, "<tr><td class=\"%[1]s\">%[1]s</td><th scope=\"row\">%[2]s</th><td>%[3]s</td><td class=\"text\">%[4]s</td><td class=\"text\">%[5]s</td></tr>\n",
			r.Level, markup(r.Check), code, markup(r.Text), markup(r.Fix))
	}
	b.WriteString("</tbody>\n</table>\n")
}

// htmlCodes writes an explanation of every code of an error, a warning or a failure.
func htmlCodes(b *strings.Builder, report *Report) {
	shown := map[string]bool{}
	for _, target := range report.Targets {
		for _, r := range target.Results {
			shown[r.Code] = shown[r.Code] || r.Level >= Warning
		}
		if target.Failure != nil {
			shown[target.Failure.Code] = true
		}
	}
	heading := "<h2>Codes</h2>\n"
	for _, rule := range slices.Concat(report.Rules, report.Reasons) {
		if !shown[rule.Code] {
			continue
		}
		fmt.Fprintf(b, "%s<section aria-labelledby=\"%[2]s\">\n<h3 id=\"%[2]s\">%[2]s: %[3]s</h3>\n<h4>Cause</h4>\n%[4]s<h4>How to see it</h4>\n%[5]s<h4>Fix</h4>\n%[6]s</section>\n",
			heading, rule.Code, markup(rule.Title), htmlText(rule.Cause), htmlText(rule.See), htmlText(rule.Fix))
		heading = ""
	}
}

// htmlText returns the paragraphs and commands of an explanation.
func htmlText(text string) string {
	var b strings.Builder
	for block := range strings.SplitSeq(text, "\n\n") {
		if strings.HasPrefix(block, "    ") {
			fmt.Fprintf(&b, "<pre><code>%s</code></pre>\n", markup(strings.ReplaceAll(block[4:], "\n    ", "\n")))
			continue
		}
		fmt.Fprintf(&b, "<p>%s</p>\n", markup(block))
	}
	return b.String()
}
