// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// An acceptance is the server's answer to the token as a bearer token.
type acceptance int

const (
	unasked       acceptance = iota // the token was not sent, or the answer does not say
	acceptedToken                   // so its ID and its secret are right
	refusedToken                    // a 401, which gives no reason
)

const (
	tokenFix  = "copy the token again, or create a new one: joinctl token create --print-register-command"
	signerFix = "on the control plane: joinctl token list shows the token's usages; kube-controller-manager has to run the controller bootstrapsigner, " +
		"which is off by default and misses an update at times: changing the token's Secret makes it look again"
)

// evaluate says why cluster-info is not signed with the token, as far as a member can know. The server's answer to the
// token tells a signer that does not sign from a token that does not exist. If the signature is wrong, a refused token
// is no second fault.
func (r *replay) evaluate(answer acceptance) {
	if r.attempt.Bearer() != r.attempt.Token {
		answer = unasked // the answer is about another token
	}
	id := r.attempt.Token.ID
	fault, fix := "", signerFix
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
			fix = tokenFix
		case unasked:
			fault += ": there is no such token, it lacks the usage signing, or the signer does not run"
		}
	case Mismatched:
		fault, fix = r.mismatched(answer)
	}
	r.add(stepSignature, Failed, fix, "%s", fault)
	if answer == refusedToken {
		r.add(stepAuthentication, Skipped, "", "the server refuses the token too: see the step %s", stepSignature)
	}
}

// mismatched says why the signature under the token's ID was not made with this token.
func (r *replay) mismatched(answer acceptance) (fault, fix string) {
	id := r.attempt.Token.ID
	switch {
	case r.signer() != id:
		return fmt.Sprintf("the signature under token %s was made with another token", id),
			"something else than the signer wrote it: remove it from cluster-info, and change the token's Secret to make the signer look again"
	case answer == acceptedToken:
		return fmt.Sprintf("the signature of token %s is stale: the server accepts the token, so its secret is right, and cluster-info was changed since it was signed", id),
			signerFix
	case answer == refusedToken:
		return fmt.Sprintf("the signature of token %s does not fit, and the server refuses the token: most likely its secret is wrong; else it was deleted or expired, or does not authenticate, and cluster-info was changed since it was signed", id),
			tokenFix
	}
	return fmt.Sprintf("the signature of token %s does not fit: the token secret is wrong, or cluster-info was changed since it was signed", id), tokenFix
}

// signer returns the token ID in the header of the signature (RFC 7515, 4.1.4), "" for a malformed header.
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
