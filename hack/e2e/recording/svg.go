// SPDX-License-Identifier: Apache-2.0

package recording

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
)

// Sizes in pixels, and times in seconds.
const (
	charWidth  = 8.4
	lineHeight = 18
	margin     = 16
	titleBar   = 34
	pause      = 2.0 // from one command to the next
	answer     = 0.6 // from a command to its output
)

// style has one class for each colour of joinctl. A step appears when its time has come; a reader who wants no motion, and a
// program that does not know animations, sees all steps at once.
const style = `
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace; fill: #d0d7de; white-space: pre }
.prompt { fill: #7d8590 } .command { fill: #ffffff; font-weight: bold }
.c31 { fill: #ff7b72 } .c32 { fill: #56d364 } .c33 { fill: #e3b341 }
.step { animation: appear 0.2s both } @keyframes appear { from { opacity: 0 } }
@media (prefers-reduced-motion: reduce) { .step { animation: none } }
`

// SVG draws the steps. The image depends on nothing else.
func SVG(steps []Step) (string, error) {
	var body strings.Builder
	y := titleBar + lineHeight
	for i, step := range steps {
		typed, err := lines("$ " + step.Command)
		if err != nil {
			return "", err
		}
		printed, err := lines(step.Output)
		if err != nil {
			return "", err
		}
		for _, group := range []struct {
			lines [][]cell
			delay float64
			typed bool
		}{{typed, float64(i) * pause, true}, {printed, float64(i)*pause + answer, false}} {
			fmt.Fprintf(&body, "<g class=\"step\" style=\"animation-delay: %.1fs\">\n", group.delay)
			for n, line := range group.lines {
				if len(line) > 0 {
					fmt.Fprintf(&body, "<text x=\"%d\" y=\"%d\" textLength=\"%.1f\" xml:space=\"preserve\">%s</text>\n",
						margin, y, float64(len(line))*charWidth, spans(line, group.typed, n == 0))
				}
				y += lineHeight
			}
			body.WriteString("</g>\n")
		}
		y += lineHeight / 2
	}
	width, height := columns*charWidth+2*margin, y
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-labelledby="title">
<title id="title">A terminal: joinctl creates a token for the cluster member1, lists it, checks the join command, and deletes the token</title>
<style>%[3]s</style>
<rect width="100%%" height="100%%" rx="8" fill="#0d1117"/>
<circle cx="20" cy="17" r="6" fill="#ff5f57"/><circle cx="40" cy="17" r="6" fill="#febc2e"/><circle cx="60" cy="17" r="6" fill="#28c840"/>
%[4]s</svg>
`, int(width), height, style, body.String()), nil
}

// spans returns a line as text elements, one for each colour.
func spans(line []cell, typed, first bool) string {
	if typed {
		text, prompt := plain(line), ""
		if first {
			prompt, text = `<tspan class="prompt">$ </tspan>`, strings.TrimPrefix(text, "$ ")
		}
		return prompt + `<tspan class="command">` + escape(text) + `</tspan>`
	}
	var all strings.Builder
	for start := 0; start < len(line); {
		end := start
		for end < len(line) && line[end].colour == line[start].colour {
			end++
		}
		text := escape(plain(line[start:end]))
		if colour := line[start].colour; colour != "" {
			text = `<tspan class="c` + colour + `">` + text + `</tspan>`
		}
		all.WriteString(text)
		start = end
	}
	return all.String()
}

// plain returns the characters of a line.
func plain(line []cell) string {
	var text strings.Builder
	for _, c := range line {
		text.WriteRune(c.char)
	}
	return text.String()
}

func escape(text string) string {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a strings.Builder does not fail
	return escaped.String()
}

// Text returns the text of an image without white space, since values decide where lines break and how wide columns are, and with
// placeholders for all that differs from run to run.
func Text(svg string) string {
	_, text, _ := strings.Cut(svg, "</style>")
	text = regexp.MustCompile(`<[^>]*>|\s+`).ReplaceAllString(text, "")
	if token := regexp.MustCompile(`--token([a-z0-9]{6})\.([a-z0-9]{16})--`).FindStringSubmatch(text); token != nil {
		text = strings.NewReplacer(token[1], "ID", token[2], "SECRET").Replace(text)
	}
	for _, value := range []struct{ pattern, placeholder string }{
		{`sha256:[0-9a-f]{64}`, "HASH"},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`, "TIME"},
		{`127\.0\.0\.1:\d+`, "ENDPOINT"},
		{`ok1h59mTIME`, "ok2hTIME"}, // a second has passed
	} {
		text = regexp.MustCompile(value.pattern).ReplaceAllString(text, value.placeholder)
	}
	return text
}
