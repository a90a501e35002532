// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// authenticate sends the token and takes the steps that need it. c is nil if the token must not be sent. If the token is not the
// one that signs cluster-info, the answer says nothing about that one.
func (r *replay) authenticate(ctx context.Context, c *kube.Client) acceptance {
	token := r.attempt.Bearer()
	if c == nil || token.IsZero() {
		return unasked
	}
	bearer, err := c.WithBearerToken(token.Reveal())
	if err != nil {
		r.add(stepAuthentication, Failed, "", "%v", err)
		return unasked
	}
	ctx1, cancel := r.bounded(ctx)
	defer cancel()
	user, err := bearer.WhoAmI(ctx1)
	switch {
	case failure.ReasonOf(err) == failure.Unauthorized:
		r.add(stepAuthentication, Failed, "on the control plane: joinctl token list shows the token's usages, groups and expiry, with what is wrong with them; else kube-apiserver needs --enable-bootstrap-token-auth",
			"the server does not accept token %s, for a reason that it does not tell (401): it expired or was deleted, lacks the usage authentication, has a bad group, or bootstrap tokens are not accepted here at all", token.ID)
		return refusedToken
	case failure.ReasonOf(err) == failure.NotFound:
		r.ok(stepAuthentication, "the server accepts the token; it is too old to tell as which user")
	case r.unanswered(stepAuthentication, "whether the server accepts the token", err):
		return unasked
	case notAPI(err):
		r.add(stepAuthentication, Failed, notAPIFix, "what answers a request with the token is no Kubernetes API server: %v", shortCause(err))
		return unasked
	case err != nil:
		r.add(stepAuthentication, Failed, "", "ask as which user the token authenticates: %v", shortCause(err))
		return unasked
	default:
		groups := slices.DeleteFunc(slices.Clone(user.Groups), func(group string) bool { return group == "system:authenticated" })
		r.ok(stepAuthentication, "the token authenticates as %s, in %s", user.Username, strings.Join(groups, ", "))
	}
	r.request(ctx, bearer)
	for _, read := range r.joiner.Reads {
		r.reads(ctx, bearer, read)
	}
	r.apiGroup(ctx, bearer)
	return acceptedToken
}

// reads reads an object as the joiner does with the token. For a resource it only asks about the right.
func (r *replay) reads(ctx context.Context, bearer *kube.Client, read join.Read) {
	granting := fmt.Sprintf("%s, on the control plane, grants it to the group %s", read.SetUp, r.joiner.Group)
	if read.Access.Name == "" {
		r.may(ctx, bearer, read.Step, kube.Access(read.Access), granting)
		return
	}
	name, namespace := read.Access.Name, read.Access.Namespace
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	_, err := bearer.ConfigMap(ctx, namespace, name)
	if r.unanswered(read.Step, fmt.Sprintf("whether the token may read %s in %s", name, namespace), err) {
		return
	}
	switch failure.ReasonOf(err) {
	case "":
		r.ok(read.Step, "the token may read %s in %s", name, namespace)
	case failure.NotFound:
		r.add(read.Step, Failed, read.SetUp+", on the control plane, creates it", "there is no ConfigMap %s in %s", name, namespace)
	case failure.Forbidden:
		r.add(read.Step, Failed, granting, "the token may not read %s in %s: %v", name, namespace, err)
	default:
		r.add(read.Step, Failed, "", "read %s in %s as the token: %v", name, namespace, shortCause(err))
	}
}

// may asks whether the token has a right.
func (r *replay) may(ctx context.Context, bearer *kube.Client, step string, access kube.Access, fix string) {
	ctx, cancel := r.bounded(ctx)
	defer cancel()
	switch allowed, err := bearer.MayI(ctx, access); {
	case r.unanswered(step, fmt.Sprintf("whether the token may %s", access), err):
	case err != nil:
		r.add(step, Warning, "", "whether the token may %s cannot be told: %v", access, shortCause(err))
	case allowed:
		r.ok(step, "the token may %s", access)
	default:
		r.add(step, Failed, fix, "the token may not %s", access)
	}
}
