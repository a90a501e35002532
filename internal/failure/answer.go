// SPDX-License-Identifier: Apache-2.0

package failure

// An UnexpectedAnswer is the error of a request that got an answer which cannot be read, or which is not the object that was
// asked for. Its reason is Unsupported, or what happened on the wire. A write with such an answer may have been carried out:
// IsLost recognizes it.
type UnexpectedAnswer struct{ Err error }

func (e UnexpectedAnswer) Error() string { return e.Err.Error() }
func (e UnexpectedAnswer) Unwrap() error { return e.Err }
