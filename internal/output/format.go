// SPDX-License-Identifier: Apache-2.0

// Package output prints documents and API objects in every format of -o.
package output

import (
	"fmt"
	"slices"
	"strings"
)

// The names of the formats, as in kubectl.
const (
	Default      = ""
	Table        = "table"
	Wide         = "wide"
	Name         = "name"
	JSON         = "json"
	YAML         = "yaml"
	KYAML        = "kyaml"
	jsonPath     = "jsonpath"
	jsonPathFile = "jsonpath-file"
	jsonPathJSON = "jsonpath-as-json"
	goTemplate   = "go-template"
	goTmplFile   = "go-template-file"
	prometheus   = "prometheus"
	junit        = "junit"
	sarif        = "sarif"

	customColumns     = "custom-columns"
	customColumnsFile = "custom-columns-file"
)

// A Format is the output format: the values of -o, --template, --no-headers, --show-managed-fields and
// --allow-missing-template-keys.
type Format struct {
	name     string
	argument string // the text after the equals sign
	fromFile string // the template in the file that was read; "": none yet

	Template         string // the template, if it is not part of -o
	NoHeaders        bool
	ShowManaged      bool
	AllowMissingKeys bool

	Metrics bool // the command has metrics, so that prometheus is one of the names
	Reports bool // the command has a Report, so that junit and sarif are among the names
}

// Names returns the names of all formats of a command.
func (f *Format) Names() []string {
	names := []string{Table, Wide, Name, JSON, YAML, KYAML, jsonPath, jsonPathFile, jsonPathJSON, goTemplate, goTmplFile, customColumns, customColumnsFile}
	if f.Metrics {
		names = append(names, prometheus)
	}
	if f.Reports {
		names = append(names, junit, sarif)
	}
	return names
}

// templateFormats returns the formats that need a template.
func templateFormats() []string {
	return []string{Default, goTemplate, goTmplFile, jsonPath, jsonPathFile, jsonPathJSON, customColumns, customColumnsFile}
}

// aliases returns other names of formats: those that kubeadm and kubectl accept.
func aliases() map[string]string {
	return map[string]string{"text": Table, "template": goTemplate, "templatefile": goTmplFile}
}

// UnmarshalText parses NAME or NAME=ARGUMENT. An unknown name is an error that lists the names.
func (f *Format) UnmarshalText(text []byte) error {
	name, argument, _ := strings.Cut(string(text), "=")
	if alias, ok := aliases()[name]; ok {
		name = alias
	}
	if !slices.Contains(f.Names(), name) {
		return fmt.Errorf("must be one of: %s", strings.Join(f.Names(), ", "))
	}
	f.name, f.argument = name, argument
	return nil
}

// MarshalText returns NAME or NAME=ARGUMENT, and nothing for the default.
func (f Format) MarshalText() ([]byte, error) {
	if f.argument == "" {
		return []byte(f.name), nil
	}
	return []byte(f.name + "=" + f.argument), nil
}

// Structured reports whether the format prints the document: any format but a table, name, metrics and a report. Template without -o
// means go-template.
func (f *Format) Structured() bool {
	return f.Template != "" || !slices.Contains([]string{Default, Table, Wide, Name, prometheus, junit, sarif}, f.name)
}

// isColumns reports whether the format prints a table of columns of the document.
func (f *Format) isColumns() bool { return f.name == customColumns || f.name == customColumnsFile }

func (f *Format) isTemplate() bool {
	return f.Structured() && slices.Contains(templateFormats(), f.name)
}

// IsName reports whether the format prints names only.
func (f *Format) IsName() bool { return f.name == Name }

// IsTable reports whether the format prints a table, wide or not.
func (f *Format) IsTable() bool {
	return !f.Structured() && !f.IsName() && !f.IsMetrics() && !f.IsReport()
}

// IsMetrics reports whether the format is that of Prometheus, which a command prints by PrintMetrics.
func (f *Format) IsMetrics() bool { return f.name == prometheus }

// IsReport reports whether the format is that of a Report, which a command prints by PrintReport.
func (f *Format) IsReport() bool { return f.name == junit || f.name == sarif }

// IsWide reports whether the format prints a table with all columns.
func (f *Format) IsWide() bool { return f.name == Wide }

// IsDefault reports whether neither -o nor --template is set.
func (f *Format) IsDefault() bool { return f.name == Default && f.Template == "" }
