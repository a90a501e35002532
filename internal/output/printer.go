// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/util/jsonpath"

	"github.com/joinctl/joinctl/internal/inputfile"
)

// Check reads and parses the template, so that a command can report a mistake before it starts. A Template for a
// format without one is an error too.
func (f *Format) Check() error {
	if f.Template != "" && !slices.Contains(templateFormats(), f.name) {
		return fmt.Errorf("--template goes with %s, not with -o %s", strings.Join(templateFormats()[1:], ", "), f.name)
	}
	if !f.Structured() {
		return nil
	}
	if f.isColumns() {
		_, err := f.customColumns()
		return err
	}
	_, err := f.printer()
	return err
}

// printer returns the printer of a structured format.
func (f *Format) printer() (printers.ResourcePrinter, error) {
	switch f.name {
	case JSON, YAML, KYAML:
		return escapedPrinter{f.name}, nil
	}
	name := f.name
	if name == Default {
		name = goTemplate
	}
	text, err := f.template(name)
	if err != nil {
		return nil, err
	}
	if name == goTemplate || name == goTmplFile {
		p, err := printers.NewGoTemplatePrinter([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("parse template: %w", err)
		}
		p.AllowMissingKeys(f.AllowMissingKeys)
		return escapedTemplatePrinter{p}, nil
	}
	path := jsonpath.New("out").AllowMissingKeys(f.AllowMissingKeys)
	path.EnableJSONOutput(name == jsonPathJSON)
	if err := path.Parse(text); err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	return jsonPathPrinter{path, name == jsonPathJSON}, nil
}

// template returns the text of the template. As in kubectl, --template overrides the argument of -o.
func (f *Format) template(name string) (string, error) {
	text := f.argument
	if f.Template != "" {
		text = f.Template
	}
	if text == "" && f.isColumns() {
		example := map[string]string{customColumns: "ID:.id,EXPIRES:.expires", customColumnsFile: "FILE"}[name]
		return "", fmt.Errorf("-o %s needs columns: -o %s=%s", name, name, example)
	}
	if text == "" {
		return "", fmt.Errorf("-o %s needs a template: -o %s=… or --template", name, name)
	}
	if !slices.Contains([]string{jsonPathFile, goTmplFile, customColumnsFile}, name) {
		return text, nil
	}
	if f.fromFile != "" { // a pipe can be read once
		return f.fromFile, nil
	}
	content, err := inputfile.Read(nil, text, inputfile.SmallLimit)
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	f.fromFile = string(content)
	return f.fromFile, nil
}

// An escapedTemplatePrinter prints a document whose strings are escaped.
type escapedTemplatePrinter struct{ printers.ResourcePrinter }

func (p escapedTemplatePrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return err
	}
	return p.ResourcePrinter.PrintObj(&unstructured.Unstructured{Object: escapeStrings(content).(map[string]any)}, w)
}

// A jsonPathPrinter prints by JSONPath, with its strings escaped. Unlike the printer of cli-runtime it never shows the
// object, which may contain a credential, in errors.
type jsonPathPrinter struct {
	path   *jsonpath.JSONPath
	asJSON bool
}

func (p jsonPathPrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return err
	}
	if !p.asJSON {
		return p.path.Execute(w, escapeStrings(content))
	}
	var out strings.Builder
	if err := p.path.Execute(&out, content); err != nil {
		return err
	}
	_, err = io.WriteString(w, escape(out.String(), "\n"))
	return err
}
