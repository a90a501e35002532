// SPDX-License-Identifier: Apache-2.0

package action

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// SAKubeconfig makes a kubeconfig with which somebody else acts as a ServiceAccount on every target.
type SAKubeconfig struct {
	RequestOptions
	ViaHub        bool   // members are reached through their hub, which then issues the token
	Exec          bool   // the user is a call of joinctl sa credential, and not a token
	Command       string // for Exec: that runs joinctl; "": joinctl
	Out           string // file to write; "": Deliver gets the content
	ContextName   string // of the one context; "": NAME@CLUSTER
	UserName      string // of the one user; "": that of the context
	AllowInsecure bool   // a connection on which the server is not verified can be handed over
	Force         bool   // an existing kubeconfig is replaced although joinctl did not write it
	AllowPartial  bool   // an existing file is replaced although some targets failed

	// Deliver hands the kubeconfig over where it belongs in no file. If it fails, revocable tokens are revoked.
	Deliver func(content []byte) error
}

// An ExportedKubeconfig is what SAKubeconfig did.
type ExportedKubeconfig struct {
	IssuedTokens
	Sources []string // kubeconfig files that --embed exec refers to
	Kept    bool     // the existing file was kept, because some targets failed
}

// exported is one context of the kubeconfig.
type exported struct {
	requested
	endpoint endpoint
	source   string // file of the context that the token comes from
}

// endpoint is how the user of a kubeconfig connects.
type endpoint struct {
	entry  kube.ContextEntry
	client *kube.Client // to the same address; it has no credential of its own that counts
}

// Run requests the tokens, checks that each works, and writes the kubeconfig. A token is requested with Exec too, to see
// that it can be. The error alone, without a result, says that nothing was attempted.
func (a *SAKubeconfig) Run(ctx context.Context) (*ExportedKubeconfig, error) {
	a.viaHub, a.allowInsecure = a.ViaHub, a.AllowInsecure
	file, err := a.openFile()
	if err != nil {
		return nil, err
	}
	if file != nil {
		defer file.Discard()
		a.Deliver = file.Commit
	}
	results, err := session.Each(ctx, a.Session, 0, a.onTarget)
	if err != nil {
		return nil, err
	}
	out := &ExportedKubeconfig{IssuedTokens: IssuedTokens{Failures: a.Session.NewFailures()}}
	kubeconfig := satoken.NewKubeconfig()
	a.addAll(ctx, kubeconfig, results)
	for _, result := range results {
		a.collect(out, result)
	}
	err = a.deliver(out, kubeconfig)
	if err != nil || out.Kept || len(out.Tokens) == 0 {
		undone, undoErr := a.rollback.UndoAll(ctx, a.Session)
		if err != nil {
			delivered := "printed"
			if file != nil {
				delivered = "written"
			}
			return out, undelivered(err, delivered, undone, undoErr)
		}
		return out, undoErr
	}
	return out, nil
}

// addAll adds the tokens to the kubeconfig. A token that cannot be added is revoked, and a failure in the results.
func (a *SAKubeconfig) addAll(ctx context.Context, to *satoken.Kubeconfig, results []session.Result[exported]) {
	refused := map[fleet.Target]*session.Result[exported]{}
	var keys []fleet.Target
	for i := range results {
		one := &results[i]
		if one.Err != nil || one.Value.finding != nil {
			continue
		}
		if one.Err = a.add(to, one.Key, one.Value); one.Err != nil {
			refused[one.Key] = one
			keys = append(keys, one.Key)
		}
	}
	for _, undoing := range a.rollback.undoEach(ctx, a.Session, keys) {
		one := refused[undoing.Key]
		one.Err = errors.Join(one.Err, undoing.Err)
	}
}

// collect adds the result on one target to what the action returns.
func (a *SAKubeconfig) collect(out *ExportedKubeconfig, result session.Result[exported]) {
	switch one := result.Value; {
	case result.Err != nil:
		out.Failures.Add(result.Key, a.rollback.Explain(result.Key, result.Err))
		return
	case one.finding != nil:
		out.Findings = append(out.Findings, one.finding)
	default:
		out.Tokens = append(out.Tokens, one.IssuedToken)
		if a.Exec {
			out.Sources = append(out.Sources, one.source)
		}
	}
	out.Failures.Done++
}

// onTarget requests a token on one target, if its connection can be handed over, and checks that the token works.
func (a *SAKubeconfig) onTarget(ctx context.Context, target fleet.Target, c *kube.Client) (exported, error) {
	if err := a.checkVerified(c); err != nil {
		return exported{}, err
	}
	source, err := a.validate(target)
	if err != nil {
		return exported{}, err
	}
	end, err := a.endpointOf(ctx, target, c)
	if err == nil {
		end, err = a.stripUserinfo(ctx, target, end)
	}
	if err != nil {
		return exported{}, err
	}
	issued, finding, err := a.issue(ctx, target, c)
	if err != nil || finding != nil {
		return exported{requested: requested{issued, finding}}, err
	}
	if err := a.verify(ctx, target, end, issued); err != nil {
		_, undoErr := a.rollback.Undo(ctx, target)
		return exported{}, errors.Join(err, undoErr)
	}
	return exported{requested{issued, nil}, end, source}, nil
}

// validate refuses a context that a later call could not find, and returns the file that it comes from.
func (a *SAKubeconfig) validate(target fleet.Target) (source string, err error) {
	entry, err := target.Entry()
	switch {
	case err != nil:
		return "", err
	case a.Exec && entry.File == "":
		return "", &failure.ConfigError{
			Err:  fmt.Errorf("--embed exec: %s is not of one kubeconfig file, so a later call could not find it", session.Describe(target)),
			Hint: "kubectl config view --minify --flatten --raw writes one; name it with --kubeconfig",
		}
	}
	return entry.File, nil
}

// verify checks that the token works at its endpoint. A server that cannot tell is no reason to fail.
func (a *SAKubeconfig) verify(ctx context.Context, target fleet.Target, end endpoint, issued IssuedToken) error {
	const timeout = 5 * time.Second // the kubeconfig can be for other machines than this one
	defer end.client.Close()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	review, err := satoken.SelfReview(ctx, end.client, issued.Token.Reveal())
	switch {
	case err == nil && !review.Accepted:
		return &failure.Error{
			Reason: failure.Invalid,
			Err:    fmt.Errorf("the API server does not accept the token that it issued, which is for %s", strings.Join(issued.Token.Claims.Audiences, ",")),
			Hint:   "leave --audience out: a kubeconfig is for the API server",
		}
	case err != nil && target.Member != "":
		return a.verifyError(target, end, issued, err)
	}
	return nil
}

// add adds the context for one target.
func (a *SAKubeconfig) add(to *satoken.Kubeconfig, target fleet.Target, one exported) error {
	name := cmp.Or(a.ContextName, a.Name+"@"+one.endpoint.entry.ClusterName)
	if a.Session.Many() { // each keeps its own name
		name = a.Session.DisplayName(target)
	}
	entry := satoken.Entry{
		Context: name,
		User:    cmp.Or(a.UserName, name),
		Account: one.Account,
		Source:  one.endpoint.entry,
		CA:      one.endpoint.client.CA(),
		Command: a.Command,
	}
	if a.Exec {
		return to.AddPlugin(entry, a.credentialArgs(one))
	}
	return to.AddToken(entry, one.Token)
}

// credentialArgs returns the arguments with which joinctl issues the same token later.
func (a *SAKubeconfig) credentialArgs(one exported) []string {
	args := []string{"sa", "credential", a.Name, "--namespace", one.Account.Namespace, "--kubeconfig", one.source, "--context", one.Target.Context}
	if one.IssuedBy.Member != "" {
		args = append(args, "--member", one.IssuedBy.Member)
	}
	for _, audience := range a.Spec.Audiences {
		args = append(args, "--audience", audience)
	}
	if a.Spec.Lifetime > 0 {
		args = append(args, "--duration", a.Spec.Lifetime.String())
	}
	return args
}
