// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
)

// warnings are texts that many targets share, in the order in which they came.
type warnings struct {
	texts   []string
	targets map[string][]string // names by text
}

// WarnLater keeps a warning about a target until FlushWarnings, so that one that many targets share is written once.
func (t *Terminal) WarnLater(target, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &t.warnings
	if w.targets == nil {
		w.targets = map[string][]string{}
	}
	if _, known := w.targets[text]; !known {
		w.texts = append(w.texts, text)
	}
	if !slices.Contains(w.targets[text], target) {
		w.targets[text] = append(w.targets[text], target)
	}
}

// FlushWarnings writes what WarnLater kept: each text once, with the targets that it is about and that have a name.
func (t *Terminal) FlushWarnings() {
	t.mu.Lock()
	kept := t.warnings
	t.warnings = warnings{}
	t.mu.Unlock()
	for _, text := range kept.texts {
		names := slices.DeleteFunc(kept.targets[text], func(name string) bool { return name == "" })
		slices.Sort(names)
		if len(names) > 0 {
			text += " (" + failure.Quoted(names) + ")"
		}
		t.Warn("%s", text)
	}
}
