// SPDX-License-Identifier: Apache-2.0

package output

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/util/jsonpath"
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
	_, err := f.printer()
	return err
}

// printer returns the printer of a structured format.
func (f *Format) printer() (printers.ResourcePrinter, error) {
	switch f.name {
	case JSON:
		return &printers.JSONPrinter{}, nil
	case YAML:
		return &printers.YAMLPrinter{}, nil
	case KYAML:
		return &printers.KYAMLPrinter{}, nil
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
		return p, nil
	}
	path := jsonpath.New("out").AllowMissingKeys(f.AllowMissingKeys)
	path.EnableJSONOutput(name == jsonPathJSON)
	if err := path.Parse(text); err != nil {
		return nil, fmt.Errorf("parse template: %w", err)
	}
	return jsonPathPrinter{path}, nil
}

// template returns the text of the template. As in kubectl, --template overrides the argument of -o.
func (f *Format) template(name string) (string, error) {
	text := f.argument
	if f.Template != "" {
		text = f.Template
	}
	if text == "" {
		return "", fmt.Errorf("-o %s needs a template: -o %s=… or --template", name, name)
	}
	if name != jsonPathFile && name != goTmplFile {
		return text, nil
	}
	content, err := os.ReadFile(text)
	if err != nil {
		return "", fmt.Errorf("read template: %w", err)
	}
	return string(content), nil
}

// A jsonPathPrinter prints by JSONPath. Unlike the printer of cli-runtime it never shows the object, which may contain
// a credential, in errors.
type jsonPathPrinter struct{ path *jsonpath.JSONPath }

func (p jsonPathPrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		return err
	}
	return p.path.Execute(w, content)
}
