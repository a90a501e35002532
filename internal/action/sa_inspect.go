// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// SAInspect reads what a token says about itself, and has every target review it if Review is set.
type SAInspect struct {
	Session *session.Session
	Bearer  Bearer
	Review  bool
}

// A Bearer is a token that somebody has: a JWT, or a bootstrap token.
type Bearer struct {
	Claims     satoken.Claims
	Bootstrap  token.Token // zero: it is a JWT
	credential string
}

// ParseBearer reads a token. The error does not repeat it.
func ParseBearer(word string) (Bearer, error) {
	if tok, err := token.Parse(word); err == nil {
		return Bearer{Bootstrap: tok, credential: word}, nil
	}
	claims, err := satoken.Decode(word)
	if err != nil {
		return Bearer{}, fmt.Errorf("neither kind of token: %w; %w", token.ErrMalformed, err)
	}
	return Bearer{Claims: claims, credential: word}, nil
}

// An Inspection is what is known about a token.
type Inspection struct {
	Bearer
	Now    time.Time             // the time to compare with: the server's if there is a Review
	Target fleet.Target          // that reviewed it; zero: none
	Review *satoken.ReviewResult // nil: no server was asked
}

// Inspections is what SAInspect found out.
type Inspections struct {
	Items    []Inspection
	Failures *session.Failures
	Findings []error // servers that do not accept the token
}

// Run inspects the token.
func (a *SAInspect) Run(ctx context.Context) (*Inspections, error) {
	if !a.Review {
		return &Inspections{Items: []Inspection{{Bearer: a.Bearer, Now: a.Session.Now()}}, Failures: &session.Failures{}}, nil
	}
	results, err := session.Each(ctx, a.Session, 0, a.review)
	if err != nil {
		return nil, err
	}
	out := &Inspections{}
	out.Items, out.Failures = session.Collect(a.Session, results)
	for _, one := range out.Items {
		if one.Review.Accepted {
			continue
		}
		reason := one.Review.Reason
		if reason == "" {
			reason = "it gives no reason"
		}
		out.Findings = append(out.Findings, &CheckFailed{
			Text: fmt.Sprintf("the server of %s does not accept the token: %s", session.Describe(one.Target), reason),
			Hint: "it is expired, revoked, of another control plane, or for other audiences",
		})
	}
	return out, nil
}

// review has one target review the token.
func (a *SAInspect) review(ctx context.Context, target fleet.Target, c *kube.Client) (Inspection, error) {
	klog.V(1).InfoS("reviewing a token", "context", target.Context, "server", c.Server().Host)
	review, err := satoken.Review(ctx, c, a.Bearer.credential, a.Bearer.Claims.Audiences)
	if err != nil {
		return Inspection{}, err
	}
	now, err := c.ServerTime(ctx)
	if err != nil {
		return Inspection{}, err
	}
	review.Reason = a.Session.Terminal.Redact(review.Reason)
	return Inspection{a.Bearer, now, target, &review}, nil
}
