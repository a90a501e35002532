// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// authenticate sends the token and takes the steps that it may take. c is nil where the token must not be sent.
func (r *replay) authenticate(ctx context.Context, c *kube.Client) acceptance {
	if c == nil {
		return unasked
	}
	bearer, err := c.WithBearerToken(r.attempt.Token.Reveal())
	if err != nil {
		r.add(stepAuthentication, Failed, "", "%v", err)
		return unasked
	}
	ctx1, cancel := bounded(ctx)
	defer cancel()
	user, err := bearer.WhoAmI(ctx1)
	switch {
	case failure.ReasonOf(err) == failure.Unauthorized:
		r.add(stepAuthentication, Failed, "on the control plane: joinctl token list shows the token's usages, groups and expiry, with what is wrong with them; else kube-apiserver needs --enable-bootstrap-token-auth",
			"the server does not accept token %s, for a reason that it does not tell (401): it expired or was deleted, lacks the usage authentication, has a bad group, or bootstrap tokens are not accepted here at all", r.attempt.Token.ID)
		return refusedToken
	case failure.ReasonOf(err) == failure.NotFound:
		r.ok(stepAuthentication, "the server accepts the token; it is too old to tell for whom it takes its bearer")
	case err != nil:
		r.add(stepAuthentication, Failed, "", "ask whom the server takes the token's bearer for: %v", shortCause(err))
		return unasked
	default:
		groups := slices.DeleteFunc(slices.Clone(user.Groups), func(group string) bool { return group == "system:authenticated" })
		r.ok(stepAuthentication, "the token authenticates as %s, in %s", user.Username, strings.Join(groups, ", "))
	}
	r.requests(ctx, bearer)
	if r.attempt.Joiner == join.Kubeadm {
		r.reads(ctx, bearer)
	}
	return acceptedToken
}

// reads takes the readings that kubeadm join makes as the token (cmd/kubeadm/app/util/config/cluster.go).
func (r *replay) reads(ctx context.Context, bearer *kube.Client) {
	group := r.attempt.Joiner.Group()
	r.may(ctx, bearer, stepNodes, kube.Access{Verb: "get", Resource: "nodes"},
		"kubeadm init phase bootstrap-token, on the control plane, grants it to the group "+group)
	for step, name := range map[string]string{stepKubeadmConfig: "kubeadm-config", stepKubeletConfig: "kubelet-config"} {
		ctx, cancel := bounded(ctx)
		_, err := bearer.ConfigMap(ctx, metav1.NamespaceSystem, name)
		cancel()
		switch failure.ReasonOf(err) {
		case "":
			r.ok(step, "the token may read %s in kube-system", name)
		case failure.NotFound:
			r.add(step, Failed, "kubeadm init phase upload-config all, on the control plane, creates it", "there is no ConfigMap %s in kube-system", name)
		case failure.Forbidden:
			r.add(step, Failed, "kubeadm init phase upload-config all, on the control plane, grants it to the group "+group, "the token may not read %s in kube-system: %v", name, err)
		default:
			r.add(step, Failed, "", "read %s in kube-system as the token: %v", name, shortCause(err))
		}
	}
}

// may asks whether the token has a right.
func (r *replay) may(ctx context.Context, bearer *kube.Client, step string, access kube.Access, remedy string) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	switch allowed, err := bearer.MayI(ctx, access); {
	case err != nil:
		r.add(step, Warning, "", "whether the token may %s cannot be told: %v", access, shortCause(err))
	case allowed:
		r.ok(step, "the token may %s", access)
	default:
		r.add(step, Failed, remedy, "the token may not %s", access)
	}
}
