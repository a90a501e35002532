// SPDX-License-Identifier: Apache-2.0

package output

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Metric is a gauge with its samples, in the text format of Prometheus
// (prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
type Metric struct {
	Name    string
	Help    string
	Samples []Sample // no two have the same labels
}

// A Sample is a value with labels.
type Sample struct {
	Labels []Label
	Value  float64
}

// A Label is the name and the value of a label.
type Label struct{ Name, Value string }

// PrintMetrics writes metrics as a whole, for the textfile collector of node_exporter. It writes nothing of a metric without
// samples. It returns the error of w as it is.
func PrintMetrics(w io.Writer, metrics []Metric) error {
	var buf bytes.Buffer
	for _, metric := range metrics {
		if len(metric.Samples) == 0 {
			continue
		}
		help := strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(metric.Help)
		fmt.Fprintf(&buf, "# HELP %[1]s %[2]s\n# TYPE %[1]s gauge\n", metric.Name, help)
		for _, sample := range metric.Samples {
			fmt.Fprintf(&buf, "%s%s %s\n", metric.Name, labels(sample.Labels), strconv.FormatFloat(sample.Value, 'f', -1, 64))
		}
	}
	_, err := w.Write(buf.Bytes())
	return err
}

// labels returns labels in braces. Active characters are escaped as in JSON, except a newline, which the format escapes itself.
func labels(all []Label) string {
	if len(all) == 0 {
		return ""
	}
	quoted := make([]string, len(all))
	for i, label := range all {
		text := escape(strings.ToValidUTF8(label.Value, "\uFFFD"), "\n")
		quoted[i] = label.Name + `="` + strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`).Replace(text) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
