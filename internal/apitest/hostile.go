// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Hostile returns every fault that applies a request and gives an answer that proves nothing, by name: an answer that cannot be
// read, or an object that was not asked for.
func (s *Server) Hostile() map[string]Fault {
	return map[string]Fault{
		"web page":        Respond(http.StatusOK, "text/html", "<html>log in</html>"),
		"created page":    Respond(http.StatusCreated, "text/html; charset=utf-8", "<html>done</html>"),
		"empty":           Respond(http.StatusOK, "application/json", ""),
		"no content":      Respond(http.StatusNoContent, "", ""),
		"accepted":        Respond(http.StatusAccepted, "text/plain", "queued"),
		"upgrade":         SwitchProtocols(),
		"no kind":         Respond(http.StatusOK, "application/json", "{}"),
		"no object":       Respond(http.StatusOK, "application/json", "[1]"),
		"bad JSON":        Respond(http.StatusCreated, "application/json", `{"kind":"Secret","apiVersion":"v1","metadata":{"name`),
		"bad protobuf":    Respond(http.StatusCreated, runtime.ContentTypeProtobuf, "k8s\x00\x0a\xff\xff\xff"),
		"bad type":        Respond(http.StatusOK, ";;", "{}"),
		"cut":             CutAnswer(),
		"bad chunk":       BadChunk(),
		"bad gzip":        BadGzip(),
		"Pod":             RespondObject(http.StatusCreated, pod("x")),
		"list of Pods":    RespondObject(http.StatusOK, &corev1.PodList{TypeMeta: typeMeta("PodList"), Items: []corev1.Pod{*pod("x")}}),
		"unknown kind":    Respond(http.StatusOK, "application/json", `{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"x"}}`),
		"failed Status":   RespondObject(http.StatusCreated, failedStatus()),
		"Status NotFound": RespondObject(http.StatusOK, notFoundStatus()),
	}
}

func typeMeta(kind string) metav1.TypeMeta { return metav1.TypeMeta{APIVersion: "v1", Kind: kind} }

func pod(name string) *corev1.Pod {
	return &corev1.Pod{TypeMeta: typeMeta("Pod"), ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: name, UID: "a-pod"}}
}

func failedStatus() *metav1.Status {
	status := apierrors.NewConflict(corev1.Resource("secrets"), "x", nil).Status()
	status.TypeMeta = typeMeta("Status")
	return &status
}

func notFoundStatus() *metav1.Status {
	status := apierrors.NewNotFound(corev1.Resource("secrets"), "x").Status()
	status.TypeMeta = typeMeta("Status")
	return &status
}

// Respond applies the request and answers with a body of another kind.
func Respond(code int, contentType, body string) Fault {
	return Fault{After: func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
		return true
	}}
}

// RespondObject applies the request and answers with another object, in JSON.
func RespondObject(code int, obj runtime.Object) Fault {
	return Fault{After: func(w http.ResponseWriter, _ *http.Request) bool {
		writeJSON(w, code, obj)
		return true
	}}
}

// raw applies the request and writes bytes to the connection in place of an answer.
func raw(answer string) Fault {
	return Fault{After: func(w http.ResponseWriter, _ *http.Request) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return false
		}
		_, _ = io.WriteString(conn, answer)
		_ = conn.Close()
		return true
	}}
}

// SwitchProtocols applies the request and answers 101.
func SwitchProtocols() Fault {
	return raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")
}

// CutAnswer applies the request and closes the connection within the body of the answer.
func CutAnswer() Fault {
	return raw("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n" + `{"kind":"Secret","apiVersion":"v1"`)
}

// BadChunk applies the request and answers in chunks with a size that is no number.
func BadChunk() Fault {
	return raw("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n")
}

// BadGzip applies the request and answers with a body that says it is compressed, and is not.
func BadGzip() Fault {
	const body = `{"kind":"Secret","apiVersion":"v1"}`
	return raw("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

// Change applies the request and changes the object in the answer, such as its name or its UID.
func (s *Server) Change(change func(Object)) Fault {
	return Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		answer := s.serve(r)
		obj, _, err := s.codecs.UniversalDeserializer().Decode(answer.Body.Bytes(), nil, nil)
		object, ok := obj.(Object)
		if err != nil || !ok {
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
			return true
		}
		change(object)
		s.answer(w, r, object)
		return true
	}}
}

// Twice applies the request two times and answers as to the second, as a proxy does that sends a request again.
func (s *Server) Twice() Fault {
	return Fault{Before: func(_ http.ResponseWriter, r *http.Request) bool {
		s.serve(r)
		return false
	}}
}

// ApplyLate closes the connection at once and applies the request after a time, as a queue does.
func (s *Server) ApplyLate(after time.Duration) Fault {
	return Fault{Before: func(_ http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		late := withBody(r.Clone(context.WithoutCancel(r.Context())), body)
		time.AfterFunc(after, func() { s.serve(late) })
		panic(http.ErrAbortHandler)
	}}
}

// serve applies a request, whose body can be read again after it.
func (s *Server) serve(r *http.Request) *httptest.ResponseRecorder {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(fmt.Sprintf("read a body in memory: %v", err))
	}
	answer := httptest.NewRecorder()
	s.api.ServeHTTP(answer, withBody(r, bytes.Clone(body)))
	withBody(r, body)
	return answer
}
