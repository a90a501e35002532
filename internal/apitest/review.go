// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstrapsecret "k8s.io/cluster-bootstrap/util/secrets"
)

const issuer = "https://kubernetes.default.svc.cluster.local"

// Deny makes access reviews answer no where a function says so; without it they answer yes. The server itself refuses
// nothing for that: On and Refuse do.
func (s *Server) Deny(denied func(user string, access *authorizationv1.ResourceAttributes) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = denied
}

// Authenticate makes reviews answer that a bearer token is a user's. They know AdminToken and the tokens that the server
// issued to ServiceAccounts. A request with a bootstrap token that is stored and has not expired is that token's user.
func (s *Server) Authenticate(bearer string, user authenticationv1.UserInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[bearer] = user
}

// user returns who sends a request: system:anonymous where the bearer token is unknown.
func (s *Server) user(r *http.Request) authenticationv1.UserInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if user, ok := s.users[bearer]; ok {
		return user
	}
	for _, secret := range s.secrets(metav1.NamespaceSystem) {
		id, rest := string(secret.Data[bootstrapapi.BootstrapTokenIDKey]), string(secret.Data[bootstrapapi.BootstrapTokenSecretKey])
		if bearer == id+"."+rest && bearer != "." && !bootstrapsecret.HasExpired(&secret, s.now()) {
			return authenticationv1.UserInfo{Username: bootstrapapi.BootstrapUserPrefix + id, Groups: []string{"system:authenticated", bootstrapapi.BootstrapDefaultGroup}}
		}
	}
	return authenticationv1.UserInfo{Username: "system:anonymous", Groups: []string{"system:unauthenticated"}}
}

func (s *Server) reviewSelf(r *http.Request) (runtime.Object, error) {
	return &authenticationv1.SelfSubjectReview{Status: authenticationv1.SelfSubjectReviewStatus{UserInfo: s.user(r)}}, nil
}

func (s *Server) reviewToken(r *http.Request) (runtime.Object, error) {
	var review authenticationv1.TokenReview
	if err := s.decode(r, &review); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	user, known := s.users[review.Spec.Token]
	review.Status = authenticationv1.TokenReviewStatus{Authenticated: known, User: user}
	if known {
		review.Status.Audiences = review.Spec.Audiences
	} else {
		review.Status.Error = "invalid bearer token"
	}
	return &review, nil
}

func (s *Server) reviewAccess(r *http.Request) (runtime.Object, error) {
	var review authorizationv1.SubjectAccessReview
	err := s.decode(r, &review)
	review.Status.Allowed = s.allows(review.Spec.User, review.Spec.ResourceAttributes)
	return &review, err
}

func (s *Server) reviewOwnAccess(r *http.Request) (runtime.Object, error) {
	var review authorizationv1.SelfSubjectAccessReview
	err := s.decode(r, &review)
	review.Status.Allowed = s.allows(s.user(r).Username, review.Spec.ResourceAttributes)
	return &review, err
}

func (s *Server) allows(user string, access *authorizationv1.ResourceAttributes) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.denied(user, access)
}

// requestToken issues a token for a ServiceAccount that is stored.
func (s *Server) requestToken(r *http.Request) (runtime.Object, error) {
	var request authenticationv1.TokenRequest
	if err := s.decode(r, &request); err != nil {
		return nil, err
	}
	account, err := s.get(key{schema.GroupResource{Resource: "serviceaccounts"}, r.PathValue("namespace"), r.PathValue("name")})
	if err != nil {
		return nil, err
	}
	if len(request.Spec.Audiences) == 0 {
		request.Spec.Audiences = []string{issuer}
	}
	if request.Spec.ExpirationSeconds == nil {
		hour := int64(time.Hour / time.Second)
		request.Spec.ExpirationSeconds = &hour
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	now := s.now().Truncate(time.Second)
	expires := now.Add(time.Duration(*request.Spec.ExpirationSeconds) * time.Second)
	subject := "system:serviceaccount:" + account.GetNamespace() + ":" + account.GetName()
	about := map[string]any{
		"namespace":      account.GetNamespace(),
		"serviceaccount": map[string]any{"name": account.GetName(), "uid": account.GetUID()},
	}
	if bound := request.Spec.BoundObjectRef; bound != nil {
		about[strings.ToLower(bound.Kind)] = map[string]any{"name": bound.Name, "uid": bound.UID}
	}
	request.Status.Token = jwt(map[string]any{
		"iss": issuer, "sub": subject, "aud": request.Spec.Audiences, "jti": fmt.Sprint(s.serial),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(), "kubernetes.io": about,
	})
	request.Status.ExpirationTimestamp = metav1.NewTime(expires)
	s.users[request.Status.Token] = authenticationv1.UserInfo{Username: subject, UID: string(account.GetUID())}
	return &request, nil
}

// jwt returns claims as a JWT, with a signature that nobody can verify.
func jwt(claims map[string]any) string {
	payload, _ := json.Marshal(claims) // strings and numbers cannot fail
	parts := []string{`{"alg":"RS256","kid":"apitest"}`, string(payload), "signature of " + fmt.Sprint(claims["jti"])}
	for i := range parts {
		parts[i] = base64.RawURLEncoding.EncodeToString([]byte(parts[i]))
	}
	return strings.Join(parts, ".")
}
