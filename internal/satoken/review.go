// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"fmt"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// A ReviewResult is the server's answer about a token.
type ReviewResult struct {
	API       string   `json:"by"`                  // TokenReview or SelfSubjectReview
	Accepted  bool     `json:"accepted"`            // the server accepts the token
	Reason    string   `json:"reason,omitempty"`    // why the server does not accept it, in its words
	User      string   `json:"user,omitempty"`      // the user that the token authenticates as
	UID       string   `json:"uid,omitempty"`       // of the user
	Groups    []string `json:"groups,omitempty"`    // of the user
	Audiences []string `json:"audiences,omitempty"` // those of the requested audiences that the token is valid for
}

// Review asks the server about a bearer token: with a TokenReview for the audiences or, if that is forbidden, with
// SelfReview, which knows no audiences. A token that is not accepted is no error.
func Review(ctx context.Context, c *kube.Client, credential string, audiences []string) (ReviewResult, error) {
	status, err := c.ReviewToken(ctx, credential, audiences)
	if failure.ReasonOf(err) == failure.Forbidden {
		return SelfReview(ctx, c, credential)
	}
	if err != nil {
		return ReviewResult{}, fmt.Errorf("review the token: %w", err)
	}
	return ReviewResult{
		API:       "TokenReview",
		Accepted:  status.Authenticated,
		Reason:    status.Error,
		User:      status.User.Username,
		UID:       status.User.UID,
		Groups:    status.User.Groups,
		Audiences: status.Audiences,
	}, nil
}

// SelfReview asks the API server with a SelfSubjectReview which user a token authenticates as. The token is the only
// credential of the request. A token that is not accepted is no error.
func SelfReview(ctx context.Context, c *kube.Client, credential string) (ReviewResult, error) {
	bearer, err := c.WithBearerToken(credential)
	if err != nil {
		return ReviewResult{}, err
	}
	result := ReviewResult{API: "SelfSubjectReview"}
	user, err := bearer.WhoAmI(ctx)
	switch {
	case failure.ReasonOf(err) == failure.Unauthorized:
		result.Reason = "the API server does not accept the token"
		return result, nil
	case err != nil:
		return ReviewResult{}, fmt.Errorf("review the token with a SelfSubjectReview: %w", err)
	}
	result.Accepted, result.User, result.UID, result.Groups = true, user.Username, user.UID, user.Groups
	return result, nil
}
