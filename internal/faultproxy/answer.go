// SPDX-License-Identifier: Apache-2.0

package faultproxy

import (
	"fmt"
	"strings"
)

// Answers returns answers that an API server does not give to the request, as raw HTTP, by their names.
func Answers() map[string]string {
	const (
		json     = "application/json"
		protobuf = "application/vnd.kubernetes.protobuf"
		metadata = `"metadata":{"name":"bootstrap-token-victim","namespace":"kube-system","uid":"11111111-1111-1111-1111-111111111111"}`
	)
	out := map[string]string{
		"html":              answer("200 OK", "text/html", "<html><title>Sign in</title></html>"),
		"empty":             answer("200 OK", json, ""),
		"created-empty":     answer("201 Created", json, ""),
		"accepted-empty":    answer("202 Accepted", json, ""),
		"no-content":        "HTTP/1.1 204 No Content\r\n\r\n",
		"switch":            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"cut-json":          answer("201 Created", json, `{"apiVersion":"v1","kind":"Secret","metadata":{"na`),
		"bad-protobuf":      answer("201 Created", protobuf, "k8s\x00\xff\xff\xff\xff"),
		"bad-chunk":         "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
		"bad-gzip":          "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
		"status-success":    answer("200 OK", json, `{"apiVersion":"v1","kind":"Status","status":"Success"}`),
		"status-failure":    answer("200 OK", json, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Forbidden","code":403}`),
		"pod":               answer("201 Created", json, `{"apiVersion":"v1","kind":"Pod",`+metadata+`}`),
		"another-secret":    answer("201 Created", json, `{"apiVersion":"v1","kind":"Secret","type":"bootstrap.kubernetes.io/token",`+metadata+`}`),
		"secret-list":       answer("200 OK", json, `{"apiVersion":"v1","kind":"SecretList","items":[]}`),
		"pod-list":          answer("200 OK", json, `{"apiVersion":"v1","kind":"PodList","items":[]}`),
		"conflict":          status("409 Conflict", "AlreadyExists", 409),
		"not-found":         status("404 Not Found", "NotFound", 404),
		"not-found-html":    answer("404 Not Found", "text/html", "<html>no such page</html>"),
		"forbidden":         status("403 Forbidden", "Forbidden", 403),
		"too-many-requests": status("429 Too Many Requests", "TooManyRequests", 429),
		"internal-error":    status("500 Internal Server Error", "InternalError", 500),
		"unavailable":       status("503 Service Unavailable", "ServiceUnavailable", 503),
		"bad-gateway":       answer("502 Bad Gateway", "text/html", "<html>upstream closed the connection</html>"),
		"far-future":        "HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2300 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		"no-http":           "SSH-2.0-OpenSSH_10.0\r\n",
	}
	for _, code := range []string{"301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"} {
		out["redirect-"+code[:3]] = "HTTP/1.1 " + code + "\r\nLocation: https://elsewhere.invalid/?code=1\r\nContent-Length: 0\r\n\r\n"
	}
	return out
}

func answer(status, contentType, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, contentType, len(body), body)
}

func status(code, reason string, number int) string {
	return answer(code, "application/json", fmt.Sprintf(
		`{"apiVersion":"v1","kind":"Status","status":"Failure","reason":%q,"code":%d,"message":%q}`, reason, number, strings.ToLower(code)))
}
