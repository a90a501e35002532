// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
)

// explain adds what to check to a request that the server refused.
func explain(account Account, spec Spec, err error) error {
	hint := ""
	switch failure.ReasonOf(err) {
	case failure.NotFound:
		hint = missing(account, spec, err)
	case failure.Forbidden:
		return failure.WithRequiredRight(fmt.Sprintf("the verb create on serviceaccounts/token in namespace %s, which a Role can restrict to resourceNames: [%s]", account.Namespace, account.Name), err)
	case failure.Conflict:
		hint = fmt.Sprintf("the %s that has the name now is another one: leave --bound-object-uid out to bind to it", strings.ToLower(string(spec.Bound.Kind)))
	case failure.Invalid:
		if spec.Bound.Kind == Pod {
			hint = fmt.Sprintf("a token can only be bound to a Pod that runs as the ServiceAccount: kubectl get pod %s -n %s -o jsonpath={.spec.serviceAccountName}", spec.Bound.Name, account.Namespace)
		}
	}
	if hint == "" {
		return err
	}
	return &failure.Error{Err: err, Hint: hint}
}

// needing adds which right a request on Secrets needs, if it was refused for want of one. Nowhere means all namespaces.
func needing(verb, namespace string, err error) error {
	where := "namespace " + namespace
	if namespace == "" {
		where = "all namespaces"
	}
	return failure.WithRequiredRight(fmt.Sprintf("the verb %s on secrets in %s", verb, where), err)
}

// missing tells which of the objects is not there.
func missing(account Account, spec Spec, err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		switch status.Status().Details.Kind {
		case "serviceaccounts":
			return "kubectl get serviceaccounts -n " + account.Namespace + " shows which there are; another namespace is named with -n"
		case "namespaces":
			return "another namespace is named with -n"
		}
	}
	if spec.Bound.Kind == Pod || spec.Bound.Kind == Secret {
		return fmt.Sprintf("a %s has to be in the ServiceAccount's namespace, which is %s", spec.Bound.Kind, account.Namespace)
	}
	return ""
}
