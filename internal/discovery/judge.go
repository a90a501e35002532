// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// An acceptance is what the server says to the token as a bearer token.
type acceptance int

const (
	unasked       acceptance = iota // the token was not sent, or the answer says nothing
	acceptedToken                   // so its ID and its secret are right
	refusedToken                    // a 401, which gives no reason
)

const (
	mintRemedy   = "copy the token again, or make a new one: joinctl token create --print-register-command"
	signerRemedy = "on the control plane: joinctl token list shows the token's usages; kube-controller-manager has to run the controller bootstrapsigner, " +
		"which is off by default and misses an update at times: changing the token's Secret makes it look again"
)

// judge says why cluster-info is not signed for the token, as far as a member can know: what the server says to the
// token tells a signer that does not sign from a token that is none. Where the signature is at fault, a refusal is not
// another fault.
func (r *replay) judge(answer acceptance) {
	id := r.attempt.Token.ID
	fault, remedy := "", signerRemedy
	switch r.info.Signature(r.attempt.Token) {
	case Signed:
		r.ok(stepSignature, "cluster-info is signed with token %s", id)
		return
	case Unsigned:
		fault = fmt.Sprintf("cluster-info is signed with other tokens (%d), and not with %s", len(r.info.Signatures), id)
		if len(r.info.Signatures) == 0 {
			fault = "cluster-info is signed with no token at all"
		}
		switch answer {
		case acceptedToken:
			fault += ", although the server accepts the token: it lacks the usage signing, or the signer does not run or lags behind"
		case refusedToken:
			fault += ", and the server refuses the token: most likely there is none of this ID, since it is mistyped, expired or deleted"
			remedy = mintRemedy
		case unasked:
			fault += ": there is no such token, it lacks the usage signing, or the signer does not run"
		}
	case Mismatched:
		fault, remedy = r.unfit(answer)
	}
	r.add(stepSignature, Failed, remedy, "%s", fault)
	if answer == refusedToken {
		r.add(stepAuthentication, Skipped, "", "the server refuses the token too: see the step %s", stepSignature)
	}
}

// unfit says why the signature under the token's ID is not one of this token.
func (r *replay) unfit(answer acceptance) (fault, remedy string) {
	id := r.attempt.Token.ID
	switch {
	case r.signer() != id:
		return fmt.Sprintf("the signature under token %s was made with another token", id),
			"something else than the signer wrote it: remove it from cluster-info, and change the token's Secret to make the signer look again"
	case answer == acceptedToken:
		return fmt.Sprintf("the signature of token %s is stale: the server accepts the token, so that its secret is right, and cluster-info was changed since it was signed", id),
			signerRemedy
	case answer == refusedToken:
		return fmt.Sprintf("the signature of token %s does not fit, and the server refuses the token: most likely its secret is wrong; else it was deleted or expired, or does not authenticate, and cluster-info was changed since it was signed", id),
			mintRemedy
	}
	return fmt.Sprintf("the signature of token %s does not fit: the token secret is wrong, or cluster-info was changed since it was signed", id), mintRemedy
}

// signer returns the token ID that the header of the signature names (RFC 7515, 4.1.4), "" where it cannot be read.
func (r *replay) signer() string {
	encoded, _, _ := strings.Cut(r.info.Signatures[r.attempt.Token.ID], ".")
	var header struct {
		KeyID string `json:"kid"`
	}
	if text, err := base64.RawURLEncoding.DecodeString(encoded); err != nil || json.Unmarshal(text, &header) != nil {
		return ""
	}
	return header.KeyID
}
