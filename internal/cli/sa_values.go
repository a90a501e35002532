// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/satoken"
)

// A lifeValue is how long a ServiceAccount token lives, by the server's rule; 0 leaves it to the server.
type lifeValue struct{ lifetime *time.Duration }

func (v lifeValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil {
		return errors.New("it is a duration such as 1h or 30m, or 0 to leave it to the server")
	}
	if err := satoken.CheckLifetime(d); err != nil {
		return err
	}
	*v.lifetime = d
	return nil
}

func (v lifeValue) String() string {
	if v.lifetime == nil || *v.lifetime == 0 {
		return ""
	}
	return v.lifetime.String()
}
func (v lifeValue) Type() string { return "duration" }

// An audienceValue can be repeated. A comma is part of an audience.
type audienceValue struct{ audiences *[]string }

func (v audienceValue) Set(s string) error {
	if s == "" {
		return errors.New("an audience cannot be empty")
	}
	*v.audiences = append(*v.audiences, s)
	return nil
}

func (v audienceValue) String() string {
	if v.audiences == nil {
		return ""
	}
	return strings.Join(*v.audiences, " ")
}
func (v audienceValue) Type() string { return "audience" }

// A choiceValue is one word out of a few.
type choiceValue[T ~string] struct {
	chosen *T
	of     []T
}

func (v choiceValue[T]) Set(s string) error {
	if !slices.Contains(v.of, T(s)) {
		return errors.New("it is one of: " + v.list())
	}
	*v.chosen = T(s)
	return nil
}

func (v choiceValue[T]) String() string {
	if v.chosen == nil {
		return ""
	}
	return string(*v.chosen)
}
func (v choiceValue[T]) Type() string { return "word" }

func (v choiceValue[T]) list() string {
	words := make([]string, len(v.of))
	for i, word := range v.of {
		words[i] = string(word)
	}
	return strings.Join(words, ", ")
}
