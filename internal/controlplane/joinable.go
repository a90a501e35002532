// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// tokenUser is the prefix of the users that authenticate with bootstrap tokens.
const tokenUser = "system:bootstrap:"

// MissingRights returns a sentence for each right that a join with a token of these groups lacks, in Doctor's order. It does
// not judge who may read cluster-info: whoever has read it knows. The error is the API's own.
func MissingRights(ctx context.Context, c *kube.Client, joiner join.Joiner, groups []string) ([]string, error) {
	var lacks []string
	for _, grant := range Grants(joiner) {
		if grant.Optional || grant.Name == join.GrantAnonymousRead {
			continue
		}
		if strings.HasPrefix(grant.User, tokenUser) {
			usual := slices.DeleteFunc(slices.Clone(grant.Groups), func(group string) bool { return group == joiner.Group() })
			grant.Groups = slices.Concat(groups, usual)
		}
		missing, err := grant.Missing(ctx, c)
		if err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			lacks = append(lacks, grant.lacks(missing))
		}
	}
	return lacks, nil
}

// lacks says which rights are missing, and what fails therefore.
func (g Grant) lacks(missing []kube.Access) string {
	var rights []string
	for _, access := range missing {
		rights = append(rights, access.String())
	}
	return g.String() + " may not " + failure.Few(rights) + ", so this fails: " + g.Purpose
}
