// SPDX-License-Identifier: Apache-2.0

// Package model runs concurrent clients under faults, and compares what they were told with a sequential model of the tokens.
package model

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// equal compares two lists.
func equal(x, y any) bool { return slices.Equal(x.(tokens), y.(tokens)) }

func (all tokens) find(id string) (known, bool) {
	i := slices.IndexFunc(all, func(one known) bool { return one.id == id })
	if i < 0 {
		return known{}, false
	}
	return all[i], true
}

// with returns the list with a token in place of another one of its ID.
func (all tokens) with(one known) tokens {
	out := append(all.without(one.id), one)
	slices.SortFunc(out, func(x, y known) int { return cmp.Compare(x.id, y.id) })
	return out
}

func (all tokens) without(id string) tokens {
	return slices.DeleteFunc(slices.Clone(all), func(one known) bool { return one.id == id })
}

// narrow returns a token that expires then and has this secret, and false if it cannot be that one.
func (k known) narrow(secret string, expires int64) (known, bool) {
	if k.secret == "" {
		k.secret = secret
	}
	ok := expires >= k.first && expires <= k.last && (secret == "" || secret == k.secret)
	k.first, k.last = expires, expires
	return k, ok
}

// ends returns the first and the last moment at which a token expires that got its life in the operation.
func (s step) ends() (first, last int64) {
	if s.life == 0 {
		return s.from, s.to + int64(12*time.Hour/time.Second)
	}
	return s.from + s.life - slack, s.to + s.life + slack
}

// isDue reports whether an expiry is that of a token that got its life in the operation.
func (s step) isDue(expires int64) bool {
	first, last := s.ends()
	return expires >= first && expires <= last
}

// next returns the states that can follow after a step; none says that the client cannot have been told so.
func next(before, input, _ any) []any {
	all, s := before.(tokens), input.(step)
	one, found := all.find(s.id)
	var out []any
	for _, after := range s.apply(all, one, found) {
		out = append(out, after)
	}
	return out
}

func (s step) apply(all tokens, one known, found bool) []tokens {
	switch s.verb {
	case created, mayCreate:
		return s.create(all, one, found)
	case listed:
		return s.compare(all)
	case noneServes:
		if slices.ContainsFunc(all, func(one known) bool { return one.first-s.to >= s.life+slack }) {
			return nil
		}
		return []tokens{all}
	case gone:
		if found && !s.lost {
			return nil
		}
		return []tokens{all.without(s.id)}
	case deleted:
		if !found && !s.lost {
			return nil
		}
		return []tokens{all.without(s.id)}
	case mayDelete:
		return []tokens{all, all.without(s.id)}
	case pruned:
		if found && one.first > s.to || !found && !s.lost {
			return nil
		}
		return []tokens{all.without(s.id)}
	}
	return s.look(all, one, found)
}

// create is a token that was created, or may be. Another one of its ID prevents that, unless both are the same.
func (s step) create(all tokens, one known, found bool) []tokens {
	first, last := s.ends()
	switch {
	case s.verb == mayCreate && found:
		return []tokens{all}
	case s.verb == mayCreate:
		return []tokens{all, all.with(known{s.id, s.secret, first, last})}
	case !s.isDue(s.expires):
		return nil
	case !found:
		return []tokens{all.with(known{s.id, s.secret, s.expires, s.expires})}
	}
	same, ok := one.narrow(s.secret, s.expires)
	if !ok {
		return nil
	}
	return []tokens{all.with(same)} // as for a change, somebody else created the same one in the same second
}

// compare wants exactly the tokens that were listed.
func (s step) compare(all tokens) []tokens {
	if len(all) != len(s.list) {
		return nil
	}
	out := slices.Clone(all)
	for i, want := range s.list {
		same, ok := all[i].narrow(want.secret, want.first)
		if !ok || all[i].id != want.id {
			return nil
		}
		out[i] = same
	}
	return []tokens{out}
}

// look is a step about the expiry of a token that exists.
func (s step) look(all tokens, one known, found bool) []tokens {
	changes := s.verb == mayExtend || s.verb == mayShorten
	if !found {
		if changes {
			return []tokens{all}
		}
		return nil
	}
	if changes {
		return s.change(all, one)
	}
	before := s.expires
	switch ok := true; s.verb {
	case exists:
		return []tokens{all}
	case handedOut:
		ok = s.expires-s.from >= s.life-slack
		fallthrough
	case expiresLater, expired:
		if s.verb == expired && s.expires > s.to || s.verb == expiresLater && s.expires < s.from+s.life-slack {
			ok = false
		}
		if !ok {
			return nil
		}
	case extended:
		if s.previous <= s.from-slack || s.expires < s.previous || !s.isDue(s.expires) {
			return nil
		}
		before = s.previous
	case shortened:
		if s.expires >= s.previous || !s.isDue(s.expires) {
			return nil
		}
		before = s.previous
	}
	same, ok := one.narrow(s.secret, before)
	if !ok {
		// Somebody else made the same change, to the second. The client cannot know that from a request of its own that is sent twice.
		same, ok = one.narrow(s.secret, s.expires)
	}
	if !ok {
		return nil
	}
	same.first, same.last = s.expires, s.expires
	return []tokens{all.with(same)}
}

// change is a token that may get another expiry.
func (s step) change(all tokens, one known) []tokens {
	first, last := s.ends()
	out := []tokens{all}
	changed := one
	if s.verb == mayExtend {
		if one.last <= s.from-slack {
			return out // it had expired
		}
		changed.first, changed.last = max(first, one.first), max(last, one.first)
	} else {
		changed.first, changed.last = min(first, one.first), min(last, one.last)
	}
	if changed != one {
		out = append(out, all.with(changed))
	}
	return out
}

// sequential is the model: the tokens of each cluster, on which one step after another takes effect.
func sequential() porcupine.Model {
	model := porcupine.NondeterministicModel{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			byName := map[string][]porcupine.Operation{}
			for _, one := range history {
				name := one.Input.(step).name
				byName[name] = append(byName[name], one)
			}
			var out [][]porcupine.Operation
			for _, part := range byName {
				out = append(out, part)
			}
			return out
		},
		Init:  func() []any { return []any{tokens(nil)} },
		Step:  next,
		Equal: equal,
	}
	return model.ToModel()
}

// later is the return of an operation that may take effect at any time after its call.
const later = math.MaxInt64
