// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// JoinCommandOptions say which join command an action returns with a token.
type JoinCommandOptions struct {
	Wanted         bool // false: no command, and nothing else counts but the Joiner and Rejoin
	Joiner         join.Joiner
	Endpoint       join.Endpoint // zero: the kubeconfig's server
	CertificateKey join.CertificateKey
	NoVerify       bool          // endpoint and pins come from the kubeconfig, and nothing is checked
	Wait           time.Duration // how long to wait for the signature of the token
	Rejoin         bool          // go on although a member has the name of the cluster that joins
}

// discover finds what a join command needs, and checks that the command works.
func (o *JoinCommandOptions) discover(ctx context.Context, s *session.Session, target fleet.Target, c *kube.Client) (*discovery.Result, error) {
	klog.V(1).InfoS("discovering what a joiner needs", "context", target.Context, "joiner", o.Joiner.String(), "verify", !o.NoVerify)
	var (
		found *discovery.Result
		err   error
	)
	if o.NoVerify {
		found, err = discovery.FromKubeconfig(c, o.Joiner, o.Endpoint)
	} else {
		found, err = discovery.Verify(ctx, c, o.Joiner, o.Endpoint)
	}
	if found == nil {
		return nil, err
	}
	if target.Context == kube.InCluster && o.Endpoint.IsZero() {
		s.Warn(target, found.Endpoint.HostPort()+" is the address inside this cluster; name one that others reach with --endpoint HOST:PORT")
	}
	for _, warning := range found.Warnings {
		s.Warn(target, warning)
	}
	return found, err
}

// command returns the join command for a token, with the name of the cluster that the token is for.
func (o *JoinCommandOptions) command(found *discovery.Result, tok token.Token, spec token.Spec) join.Command {
	command := found.Command(tok, o.CertificateKey)
	if name, err := join.ParseClusterName(spec.For); err == nil && o.Joiner.TakesClusterName() {
		command.ClusterName = name
	}
	return command
}

// CheckGroups returns a warning for a token that authenticates without the group that the joiner's rights are usually
// bound to, else "". name is what a message calls the token, such as token abcdef.
func (o *JoinCommandOptions) CheckGroups(name string, spec token.Spec) string {
	if !spec.Has(token.Authentication) || slices.Contains(spec.Groups, o.Joiner.Group()) {
		return ""
	}
	return fmt.Sprintf("%s is not in group %s, to which the rights of a %s joiner are usually bound", name, o.Joiner.Group(), o.Joiner)
}

// waitSigned waits until cluster-info is signed with tokens. The error is a *CheckFailed where the tokens exist and cannot
// be used yet, or says that the run was interrupted.
func (o *JoinCommandOptions) waitSigned(ctx context.Context, s *session.Session, found *discovery.Result, toks ...token.Token) error {
	klog.V(1).InfoS("waiting for signatures", "tokens", len(toks), "upTo", o.Wait)
	const quiet = time.Second // the signer is usually done by then
	unsigned, err := found.WaitSigned(ctx, min(o.Wait, quiet), toks...)
	if rest := o.Wait - quiet; rest > 0 && errors.Is(err, discovery.ErrUnsigned) {
		if s.Terminal.ShowsProgress() {
			s.Terminal.Info("waiting up to %s for cluster-info to be signed with %s …", rest, tokenNames(unsigned))
		}
		unsigned, err = found.WaitSigned(ctx, rest, unsigned...)
	}
	switch {
	case err == nil, failure.ReasonOf(err) == failure.Interrupted:
		return err
	case errors.Is(err, discovery.ErrUnsigned):
		return &CheckFailed{
			Text: fmt.Sprintf("%s: within %s: %v; a joiner waits for the signature, and fails in the end", tokenNames(unsigned), o.Wait, err),
			Hint: "the controller bootstrapsigner of kube-controller-manager signs cluster-info; it is off by default, and misses an update at times: changing the token's Secret makes it look again",
		}
	}
	return &CheckFailed{Text: fmt.Sprintf("%s: cannot tell whether cluster-info is signed: %v", tokenNames(unsigned), err)}
}

// tokenNames names one token, or a few of many.
func tokenNames(toks []token.Token) string {
	if len(toks) == 1 {
		return "token " + toks[0].ID
	}
	ids := make([]string, len(toks))
	for i, tok := range toks {
		ids[i] = tok.ID
	}
	return fmt.Sprintf("%d tokens (%s)", len(toks), failure.Few(ids))
}
