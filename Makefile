# Evident. Two commands are enough: make run, make test. make help lists the rest.

SHELL := /bin/bash
BIN := bin/evident
GOFILES := $(shell git ls-files -co --exclude-standard '*.go' '*.yaml' '*.yml' go.mod go.sum)
UISRC := $(shell git ls-files -co --exclude-standard web/ui | grep -v '^web/ui/dist/' | grep -v '_test.go$$')
UI := web/ui/dist/index.html
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo dev)
# Tools of the test path, pinned; they are no dependencies of the product.
GOFUMPT := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
NODE_OK := $(shell node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||a==20&&b>=19?0:1)' 2>/dev/null && echo yes)
CHROMIUM ?= $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome))
LISTEN ?= 127.0.0.1:8470

.PHONY: run test help ui build lint gotest uitest e2e bench shape clean fuzz

run: ## build everything, load the demo organisation and serve it
	@$(MAKE) --no-print-directory -j2 $(if $(wildcard $(BIN)),,compile) $(if $(NODE_OK),$(UI),noui)
	@$(MAKE) --no-print-directory $(BIN)
	$(BIN) demo --listen $(LISTEN)

# compile fills the build cache beside the page's build, which needs the other
# core only now and then.
.PHONY: compile
compile:
	@echo "compiling (about four minutes on two cores the first time)"
	@go build ./internal/... ./sigma ./web/api

test: lint gotest uitest e2e ## everything CI checks

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

build: $(BIN) ## build the binary

$(BIN): $(GOFILES) $(wildcard $(UI))
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o $@ ./cmd/evident
	go build -trimpath -ldflags '-s -w' -o $(dir $@) ./cmd/evident-verify ./cmd/evident-witness

ui: $(UI) ## build the page

.PHONY: noui
noui:
	@echo "Node 20.19 or newer is not installed: no page is built, the API is served all the same."

web/ui/node_modules/.package-lock.json: web/ui/package-lock.json
	cd web/ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(UI): web/ui/node_modules/.package-lock.json $(UISRC)
	cd web/ui && npm run --silent build
	@touch $@

lint: ## vet, gofumpt, staticcheck
	go vet ./...
	@out=$$(go run $(GOFUMPT) -l $$(git ls-files -co --exclude-standard '*.go')); \
	  if [ -n "$$out" ]; then echo "not formatted (gofumpt -w):"; echo "$$out"; exit 1; fi
	go run $(STATICCHECK) ./...

gotest: ## all Go tests
	go test -timeout 25m ./...

uitest: ## unit tests and type check of the page
ifeq ($(NODE_OK),yes)
	$(MAKE) $(UI)
	cd web/ui && npm run --silent check && npm test --silent
else
	@echo "skipped: Node 20.19 or newer is not installed"
endif

e2e: ## browser test, where Chromium is installed
ifeq ($(and $(NODE_OK),$(CHROMIUM)),)
	@echo "skipped: the browser test needs Node 20.19 or newer and Chromium"
else
	$(MAKE) $(UI) && $(MAKE) $(BIN)
	CHROMIUM=$(CHROMIUM) web/e2e/run.sh $(BIN)
endif

bench: $(BIN) ## events/s, bytes an event and search latencies for 100,000 events
	go run ./bench/endtoend -bin $(BIN)

.PHONY: bench-sigma
bench-sigma: ## the Sigma engine against its oracle, and rsigma and Zircolite where installed
	go run ./bench/sigma

.PHONY: bench-lake
EVENTS ?= 1000000
bench-lake: ## search over EVENTS simulated and replicated events (1000000); DIR keeps the lake for the next run
	go run ./bench/lake -events $(EVENTS) -dir "$(DIR)"

.PHONY: bench-reconstruct
bench-reconstruct: ## cold and warm reconstruction over EVENTS events (1000000)
	go run ./bench/reconstruct -events $(EVENTS)

shape: ## numbers of the code's shape
	go test ./internal/archtest -run TestShape -v -count=1 | grep -v '^=== '

.PHONY: conformance
conformance: ## the Sigma engine against its oracle on every benchmark event (6 CPU minutes)
	EVIDENT_CONFORMANCE=1 go test ./sigma -v -timeout 3h \
	  -run 'TestConformance|TestCases|TestCorpus|TestRegression'

.PHONY: tamper
tamper: ## the seventeen tamper classes, and 1,000 clean verifications (about 7 minutes)
	EVIDENT_CLEAN=1000 go test ./internal/node -run 'TestTamperClasses|TestClean' -v -timeout 1h

.PHONY: kills
KILLS ?= 200
kills: ## kill real commands at KILLS random file system calls (200: about 20 minutes)
	EVIDENT_KILLS=$(KILLS) go test ./cmd/evident -run 'TestKillPoints' -v -timeout 2h
	EVIDENT_KILL_ROUNDS=$(KILLS) go test ./internal/journal -v -timeout 2h \
	  -run 'TestKill|TestHistory|TestAnyDamage|TestPowerCut'

fuzz: ## every fuzz target for 20 seconds
	@for pkg in $$(git grep -l 'func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -ho 'func Fuzz[A-Za-z0-9_]*' $$pkg/*_test.go | sed 's/func //'); do \
	    go test ./$$pkg -run '^$$' -fuzz "^$$f$$" -fuzztime 20s || exit 1; done; done

clean: ## remove what was built
	rm -rf bin web/ui/dist/assets web/ui/dist/index.html
