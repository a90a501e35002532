// SPDX-License-Identifier: Apache-2.0

package token

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
)

// ErrNoAuditLog is the error of AuditLog.Read for a text without any audit event.
var ErrNoAuditLog = errors.New("no line is an Event of audit.k8s.io, as kube-apiserver writes them with --audit-log-path and --audit-log-format=json")

// maxAuditLine is the longest line that is read, in bytes. At the level RequestResponse an event holds two objects of at most
// 3 MiB each (k8s.io/apiserver/pkg/server/config.go, MaxRequestBodyBytes).
const maxAuditLine = 16 << 20

// An AuditLog collects the requests that were made with bootstrap tokens out of audit logs of kube-apiserver. Its size grows
// with the number of tokens, and not with that of the events.
type AuditLog struct {
	IDs []string // only these tokens; none: all

	uses  map[string]*AuditedUses // by token ID
	begun bool                    // the log has an event
}

// Skipped is what a log holds that could not be counted.
type Skipped struct {
	Lines int  // that are no event: not JSON, another object, or longer than 16 MiB
	Cut   bool // the log ends inside a line, or inside its compressed data
}

// Read adds the events of one log, text or a gzip archive, and returns what it skipped. It returns the errors of the reader
// as they are, and ErrNoAuditLog if the log has lines and none is an event.
func (l *AuditLog) Read(ctx context.Context, from io.Reader) (Skipped, error) {
	const buffer = 64 << 10
	in := bufio.NewReaderSize(from, buffer)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // RFC 1952
		archive, err := gzip.NewReader(in)
		if err != nil {
			return Skipped{}, fmt.Errorf("decompress: %w", err)
		}
		in = bufio.NewReaderSize(archive, buffer)
	}
	l.begun = false
	skipped, err := l.readLines(ctx, in)
	if err == nil && !l.begun && skipped != (Skipped{}) {
		err = ErrNoAuditLog
	}
	return skipped, err
}

func (l *AuditLog) readLines(ctx context.Context, in *bufio.Reader) (skipped Skipped, err error) {
	var line []byte
	for ctx.Err() == nil {
		line, err = readLine(in, line[:0])
		text := bytes.TrimSpace(line)
		switch {
		case len(text) == 0, len(text) <= maxAuditLine && l.add(text):
		case err == nil:
			skipped.Lines++
		default:
			skipped.Cut = true
		}
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF): // of the gzip archive
			skipped.Cut = true
			return skipped, nil
		case errors.Is(err, io.EOF):
			return skipped, nil
		case err != nil:
			return skipped, err
		}
	}
	return skipped, context.Cause(ctx)
}

// readLine appends the next line to a buffer. It reads a line that is too long to its end, and keeps one byte too many of it.
func readLine(in *bufio.Reader, line []byte) ([]byte, error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part[:min(len(part), maxAuditLine+1-len(line))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// add counts the events in a line, and reports whether the line is an event or a list of events.
func (l *AuditLog) add(line []byte) bool {
	if line[0] != '{' || line[len(line)-1] != '}' {
		return false
	}
	if l.begun && !bytes.Contains(line, []byte(bootstrapapi.BootstrapUserPrefix)) {
		return true // of somebody else: it is not decoded
	}
	var event auditEvent
	if err := json.Unmarshal(line, &event); err != nil || !strings.HasPrefix(event.APIVersion, "audit.k8s.io/") {
		return false
	}
	l.begun = true
	for _, one := range append(event.Items, event) {
		l.count(one)
	}
	return true
}

// auditEvent has the fields of an Event that are read (k8s.io/apiserver/pkg/apis/audit/v1/types.go). The type itself would
// bring the module k8s.io/apiserver for one struct, and keep the objects in each event.
type auditEvent struct {
	APIVersion string `json:"apiVersion"`
	Stage      string `json:"stage"`
	RequestURI string `json:"requestURI"`
	Verb       string `json:"verb"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	SourceIPs []string `json:"sourceIPs"`
	UserAgent string   `json:"userAgent"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	ResponseObject struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	} `json:"responseObject"`
	RequestReceived time.Time    `json:"requestReceivedTimestamp"`
	Items           []auditEvent `json:"items"` // of an EventList, which the webhook backend sends
}
