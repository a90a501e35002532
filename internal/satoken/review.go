// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"fmt"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// A Verdict is what a server says of a token.
type Verdict struct {
	By        string   `json:"by"` // the API that was asked: TokenReview or SelfSubjectReview
	Accepted  bool     `json:"accepted"`
	Reason    string   `json:"reason,omitempty"` // why not, in the server's words
	User      string   `json:"user,omitempty"`   // whom the server takes the bearer for
	UID       string   `json:"uid,omitempty"`
	Groups    []string `json:"groups,omitempty"`
	Audiences []string `json:"audiences,omitempty"` // of those asked about, the ones for which the token is good
}

// Review asks the server about any bearer token: with a TokenReview for its audiences, or, where that is forbidden,
// with the token itself, which can only tell whether the API server accepts it. That it is not accepted is no error.
func Review(ctx context.Context, c *kube.Client, credential string, audiences []string) (Verdict, error) {
	status, err := c.ReviewToken(ctx, credential, audiences)
	if failure.ReasonOf(err) == failure.Forbidden {
		return SelfReview(ctx, c, credential)
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("review the token: %w", err)
	}
	return Verdict{
		By:        "TokenReview",
		Accepted:  status.Authenticated,
		Reason:    status.Error,
		User:      status.User.Username,
		UID:       status.User.UID,
		Groups:    status.User.Groups,
		Audiences: status.Audiences,
	}, nil
}

// SelfReview asks the API server, with a token as the only credential, whom it takes its bearer for.
func SelfReview(ctx context.Context, c *kube.Client, credential string) (Verdict, error) {
	bearer, err := c.WithBearerToken(credential)
	if err != nil {
		return Verdict{}, err
	}
	verdict := Verdict{By: "SelfSubjectReview"}
	user, err := bearer.WhoAmI(ctx)
	switch {
	case failure.ReasonOf(err) == failure.Unauthorized:
		verdict.Reason = "the API server does not let its bearer in"
		return verdict, nil
	case err != nil:
		return Verdict{}, fmt.Errorf("ask the server whom it takes the bearer for: %w", err)
	}
	verdict.Accepted, verdict.User, verdict.UID, verdict.Groups = true, user.Username, user.UID, user.Groups
	return verdict, nil
}
