# SPDX-License-Identifier: Apache-2.0

.DEFAULT_GOAL := build
.PHONY: help build image demo svg test test-envtest test-system check fuzz mutants reliability bench soak docs man tools hooks e2e-programs

FUZZTIME ?= 30s
VERSION  ?=
E2E  := bin/e2e
LINT := bin/tools/golangci-lint
GREMLINS := bin/tools/gremlins
PKG ?= token join fleet output secretfile kube action session redact failure terminal
MUTANTFLAGS = -short -count=1 -vet=off -ldflags=-w # for the tests that gremlins starts; -count=1 because it measures their time
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)# the race detector needs a C compiler

# JOINCTL builds joinctl as released. KUBERNETES builds programs that link Kubernetes, without VCS information: otherwise
# every commit would relink them. GOBUILD is go build with a line that shows its progress.
JOINCTL    = CGO_ENABLED=0 go build -trimpath -ldflags "-s -w"
GOBUILD   := bin/tools/gobuild
KUBERNETES = $(GOBUILD) -C hack/e2e -buildvcs=false -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' Makefile

build: ## build bin/joinctl
	$(JOINCTL) -o bin/ ./cmd/joinctl

image: ## build bin/image, a container image as an OCI layout, for linux on amd64 and arm64
	GOOS=linux GOARCH=amd64 $(JOINCTL) -o bin/linux-amd64/ ./cmd/joinctl
	GOOS=linux GOARCH=arm64 $(JOINCTL) -o bin/linux-arm64/ ./cmd/joinctl
	rm -rf bin/image
	go -C hack/image run . -out $(abspath bin/image) -version "$(VERSION)" linux/amd64=$(abspath bin/linux-amd64/joinctl) linux/arm64=$(abspath bin/linux-arm64/joinctl)

demo: $(GOBUILD) ## show the main commands on a real control plane, of KUBEBUILDER_ASSETS where set
	@for program in kube-apiserver etcd; do \
		test -z "$$KUBEBUILDER_ASSETS" || test -x "$$KUBEBUILDER_ASSETS/$$program" || { \
		echo "KUBEBUILDER_ASSETS: no program $$KUBEBUILDER_ASSETS/$$program: set it to what \"setup-envtest use -p path\" prints, or unset it" >&2; exit 1; }; \
	done
	@CGO_ENABLED=0 $(GOBUILD) -trimpath -ldflags "-s -w" -o $(E2E)/ ./cmd/joinctl
	@$(KUBERNETES) $(if $(KUBEBUILDER_ASSETS),-tags envtest -o ../../$(E2E)/envtest/,-o ../../$(E2E)/) ./cmd/controlplane ./cmd/demo
	@$(E2E)/$(if $(KUBEBUILDER_ASSETS),envtest/)demo -bin $(E2E) -assets "$(KUBEBUILDER_ASSETS)"

svg: ## record docs/demo.svg, the image in README.md, on a real control plane
	@$(MAKE) --no-print-directory e2e-programs
	$(KUBERNETES) -o ../../$(E2E)/ ./cmd/svg
	$(E2E)/svg -bin $(E2E) -out docs/demo.svg

test: ## run all tests: unit tests, stories, end-to-end tests on real control planes
	go test ./...
	go test $(RACE) -short ./internal/fleet/... ./internal/session/... ./internal/terminal/... ./internal/action/...
	cd hack/image && go test ./...
	@$(MAKE) --no-print-directory e2e-programs
	cd hack/e2e && JOINCTL_E2E_BIN=$(abspath $(E2E)) go test -p 2 -count=1 -vet=off -ldflags="-s -w" -timeout 30m ./...

e2e-programs: $(GOBUILD)
	$(JOINCTL) -o $(E2E)/ ./cmd/joinctl
	$(KUBERNETES) -o ../../$(E2E)/ ./cmd/controlplane ./cmd/demo k8s.io/kubernetes/cmd/kubeadm k8s.io/kubernetes/cmd/kubectl

test-envtest: $(GOBUILD) ## test make demo on KUBEBUILDER_ASSETS, which it compiles where not set
	@test -n "$$KUBEBUILDER_ASSETS" || $(KUBERNETES) -o ../../bin/assets/kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
	@test -n "$$KUBEBUILDER_ASSETS" || $(KUBERNETES) -o ../../bin/assets/etcd go.etcd.io/etcd/server/v3
	cd hack/e2e && KUBEBUILDER_ASSETS="$${KUBEBUILDER_ASSETS:-$(abspath bin/assets)}" go test -count=1 -vet=off -tags envtest ./cmd/demo

test-system: ## run the tests that need bash-completion, zsh, fish and chromium of Debian
	$(JOINCTL) -o bin/ ./cmd/joinctl
	JOINCTL_SYSTEM_BIN=$(abspath bin/joinctl) go test -count=1 -tags system ./hack/system/...

check: $(LINT) ## check format, vet, lint and run short tests (half a minute)
	$(LINT) fmt --config hack/golangci.yml --diff
	go vet ./... && GOOS=windows go vet ./...
	$(LINT) run --config hack/golangci.yml ./...
	go test -short ./...
	@test -e $(E2E)/controlplane || echo "Compiling Kubernetes: about 24 CPU-minutes the first time, later seconds" >&2
	cd hack/e2e && ../../$(LINT) run --config ../golangci.yml ./...

fuzz: ## run every fuzz target for FUZZTIME (default 30s)
	@go test -list '^Fuzz' $$(grep -rl --include '*_test.go' '^func Fuzz' cmd internal | xargs -n 1 dirname | sort -u | sed 's,^,./,') | awk '/^Fuzz/ {f[n++] = $$1} /^ok/ {for (i = 0; i < n; i++) print $$2, f[i]; n = 0}' | \
	while read -r pkg fuzz; do echo "$$pkg $$fuzz"; go test -run '^$$' -fuzz "^$$fuzz$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x "$$pkg" || exit; done

mutants: $(GREMLINS) ## list the operators of PKG that can change without a failing test (minutes for each package)
	@for pkg in $(PKG); do \
		echo "$$pkg"; GOFLAGS="$(strip $(shell go env GOFLAGS) $(MUTANTFLAGS))" nice $(GREMLINS) unleash --workers 2 --timeout-coefficient 10 \
		-S lct --threshold-efficacy 95 ./internal/$$pkg || failed="$$failed $$pkg"; \
	done; test -z "$$failed" || { echo "below 95 %:$$failed" >&2; exit 1; }

reliability: ## run every command under every fault (ten minutes), check the histories of four clients (ten minutes), and write docs/reliability.md
	go test ./internal/reliability -count=1 -timeout 60m -parallel 16 -full
	GOGC=800 go test ./internal/reliability/model -run Clients -count=1 -timeout 120m -full

bench: ## compare speed and memory with kubeadm and kubectl
	@$(MAKE) --no-print-directory e2e-programs
	$(KUBERNETES) -o ../../$(E2E)/ ./cmd/bench ./cmd/baretls ./cmd/barefleet ./cmd/peak
	$(E2E)/bench -bin $(E2E)
	$(E2E)/bench -bin $(E2E) -fleet -rounds 5

soak: ## measure the token commands with 8,000 tokens, with kubectl and kubeadm for comparison (a minute)
	@$(MAKE) --no-print-directory e2e-programs
	$(KUBERNETES) -o ../../$(E2E)/ ./cmd/soak ./cmd/peak
	$(E2E)/soak -bin $(E2E)

docs: ## generate docs/reference from the commands and the documents
	go test ./internal/cli -run 'TestReference|TestTheDocumentsPage' -update

man: ## write the man pages of all commands into bin/man
	go test ./internal/cli -count=1 -run TestManPages -man $(abspath bin/man)

tools: $(LINT) ## build the pinned linter in bin/tools

$(GOBUILD): $(wildcard hack/gobuild/*.go)
	@command -v go >/dev/null || { echo "make $(MAKECMDGOALS) needs Go, see https://go.dev/doc/install" >&2; exit 1; }
	@go build -o $@ ./hack/gobuild

$(LINT): hack/tools/go.mod hack/tools/go.sum
	go -C hack/tools build -trimpath -ldflags "-s -w" -o $(abspath bin/tools)/ tool
	@touch $@

$(GREMLINS): hack/tools/mutants/go.mod hack/tools/mutants/go.sum
	go -C hack/tools/mutants build -trimpath -ldflags "-s -w" -o $(abspath bin/tools)/ tool
	@touch $@

hooks: ## install a pre-commit hook: format, vet and short tests
	git config core.hooksPath hack/hooks
