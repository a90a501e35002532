// SPDX-License-Identifier: Apache-2.0

// Package output answers how a result looks: one document in, every format out.
package output

import (
	"fmt"
	"slices"
	"strings"
)

// Names of the formats, as kubectl has them.
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
)

// A Format is what -o and its companions ask for. It has the methods of a flag value: a name that does not exist is
// an error there, before anything is done.
type Format struct {
	name     string
	argument string // what follows the equals sign

	Template         string // the template, where it is not part of -o
	NoHeaders        bool
	ShowManaged      bool
	AllowMissingKeys bool
}

// Names returns the names of all formats.
func Names() []string {
	return []string{Table, Wide, Name, JSON, YAML, KYAML, jsonPath, jsonPathFile, jsonPathJSON, goTemplate, goTmplFile}
}

// templated returns the formats that take a template.
func templated() []string {
	return []string{Default, goTemplate, goTmplFile, jsonPath, jsonPathFile, jsonPathJSON}
}

// aliases are other spellings that the peers know.
func aliases() map[string]string {
	return map[string]string{"text": Table, "template": goTemplate, "templatefile": goTmplFile}
}

// Set implements a flag value: NAME or NAME=ARGUMENT.
func (f *Format) Set(s string) error {
	name, argument, _ := strings.Cut(s, "=")
	if alias, ok := aliases()[name]; ok {
		name = alias
	}
	if !slices.Contains(Names(), name) {
		return fmt.Errorf("it is one of: %s", strings.Join(Names(), ", "))
	}
	f.name, f.argument = name, argument
	return nil
}

// String implements a flag value.
func (f *Format) String() string { return f.name }

// Type implements a flag value.
func (f *Format) Type() string { return "format" }

// Structured reports whether the format shows the document and not a picture of it. A template without -o means
// go-template.
func (f *Format) Structured() bool {
	return f.Template != "" || !slices.Contains([]string{Default, Table, Wide, Name}, f.name)
}

func (f *Format) isTemplate() bool {
	return f.Structured() && slices.Contains(templated(), f.name)
}

// IsName reports whether only names are wanted.
func (f *Format) IsName() bool { return f.name == Name }

// IsTable reports whether a table is wanted, wide or not.
func (f *Format) IsTable() bool { return !f.Structured() && !f.IsName() }

// IsWide reports whether a table with all its columns is wanted.
func (f *Format) IsWide() bool { return f.name == Wide }

// IsDefault reports whether no format was asked for.
func (f *Format) IsDefault() bool { return f.name == Default && f.Template == "" }
