// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"io"
	"log"

	"google.golang.org/grpc/grpclog"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// setUpLogging sends every log to stderr if verbose, and otherwise only klog's fatal messages.
func setUpLogging(verbose bool) {
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if verbose {
		return
	}
	log.SetOutput(io.Discard)
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	fs := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(fs)
	_ = fs.Set("logtostderr", "false")
	_ = fs.Set("stderrthreshold", "FATAL")
	klog.SetOutput(io.Discard)
}
