# squall's commands for people and for CI. `make` alone lists them.
# A machine needs Go, git and make; everything else is fetched or built here.

# The shell stops at the first failing command and at unset variables.
SHELL       := /bin/sh
.SHELLFLAGS := -euc
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

GO       ?= go
BIN      := bin
PKG      ?= ./...
# Flags for the program behind a target: make demo ARGS='--vus 50'.
ARGS     ?=

VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -X xinbot.ir/squall/internal/cli.version=$(VERSION)

LINT_MOD := internal/tools/lint
LINT     := $(BIN)/golangci-lint
K6_MOD   := internal/bench/k6
K6       := $(BIN)/k6
PROM_MOD := internal/tools/prometheus
PROM     := $(BIN)/prometheus

.PHONY: help
help: ## list these targets
	@echo "squall $(VERSION): usage: make TARGET"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target what; do printf '  %-12s %s\n' "$$target" "$$what"; done

# Static and without symbols: a quarter smaller.
.PHONY: build
build: ## build bin/squall
	@[ -e $(BIN)/squall ] || echo "building squall: the first time Go downloads and compiles its libraries, which takes a few minutes"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w $(LDFLAGS)' -o $(BIN)/squall .

.PHONY: demo
demo: build ## open the console on the embedded platform (ARGS='--vus 50' adds flags)
	@$(BIN)/squall demo $(ARGS) || { code=$$?; [ $$code -eq 98 ] || [ $$code -eq 99 ] || exit $$code; } # a verdict is no error of make's

# The end-to-end tests wait for processes most of their time, so more of them run at once than there are cores.
.PHONY: test
test: $(PROM) ## every test, with the race detector (PKG=./load picks a package)
	@internal/tools/ensure-packages
	@internal/tools/locust/ensure >/dev/null
	@$(GO) run ./internal/testcluster/cmd -build >/dev/null
	@CGO_ENABLED=1 $(GO) run ./internal/tools/testsum -race -timeout 20m -parallel 6 $(PKG) $(ARGS)

.PHONY: test-short
test-short: ## the quick tests, for the inner loop
	@$(GO) test -short -timeout 5m $(PKG) $(ARGS)

.PHONY: cluster
cluster: ## a Kubernetes control plane with the platform's workloads, until Ctrl-C
	@$(GO) run ./internal/testcluster/cmd $(ARGS)

.PHONY: golden
golden: ## write the golden files anew; look at the difference before you commit it
	@grep -rlE --include='*_test.go' 'x/exp/(golden|teatest)"|flag.Bool\("update"' . | \
		xargs -r -n 1 dirname | sort -u | xargs -r -I{} $(GO) test {} -update

.PHONY: cover
cover: ## test coverage, as a page in bin/cover.html
	@mkdir -p $(BIN)
	@$(GO) test -short -coverpkg=./... -coverprofile=$(BIN)/cover.out $(PKG)
	@$(GO) tool cover -func=$(BIN)/cover.out | tail -n 1
	@$(GO) tool cover -html=$(BIN)/cover.out -o $(BIN)/cover.html

.PHONY: lint
lint: $(LINT) ## lint: style, bugs, and who may import whom
	@$(LINT) run ./...

.PHONY: fmt
fmt: $(LINT) ## format the code as lint wants it
	@$(LINT) fmt

# Built once, and again when its pin moves.
$(LINT): $(LINT_MOD)/go.mod $(LINT_MOD)/go.sum
	@echo "building golangci-lint (once)"
	@$(GO) build -C $(LINT_MOD) -o $(CURDIR)/$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

.PHONY: bench
bench: build $(K6) ## measure speed and memory against k6 and others (ARGS=-short is quick)
	@$(GO) build -o $(BIN)/bench ./internal/bench
	@$(BIN)/bench -squall $(BIN)/squall -k6 $(K6) $(ARGS)

# k6 at its pin, in a module of its own.
$(K6): $(addprefix $(K6_MOD)/,go.mod go.sum main.go)
	@echo "building k6 (once)"
	@$(GO) build -C $(K6_MOD) -o $(CURDIR)/$@ .
	@touch $@

# A Prometheus that takes OTLP, at its pin, in a module of its own; without what discovers targets in clouds.
$(PROM): $(addprefix $(PROM_MOD)/,go.mod go.sum)
	@echo "building Prometheus (once, about 5 minutes)"
	@CGO_ENABLED=0 $(GO) build -C $(PROM_MOD) -tags remove_all_sd -trimpath -ldflags '-s -w' -o $(CURDIR)/$@ github.com/prometheus/prometheus/cmd/prometheus
	@touch $@

.PHONY: clean
clean: ## remove what was built
	@rm -rf $(BIN)
