// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/problem"
)

// withCode returns a text with a code at its end. joinctl explain takes the code.
func withCode(text, code string) string {
	if code == "" {
		return text
	}
	return text + " [" + code + "]"
}

// errorCode returns the code of the step at which a join would fail, "" for another error: a failure has its code in documents.
func errorCode(err error) string {
	if check, ok := errors.AsType[*action.CheckFailed](err); ok {
		return problem.NewCatalog().Code(problem.Step, check.Step)
	}
	return ""
}
