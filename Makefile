# Everything a developer does here is a target; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME      ?= 10s
EMULATORS     := go run ./localstack/emulator
SAM_VENV      := $(HOME)/.cache/dps/sam-venv
SAM_TOOLS     := $(SAM_VENV)/installed-1.170.0-1.58.0
CONSOLE       := functions/api/console
CLIENT_PAGE   := client/d2d/web
CHROMIUM      ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
IOTIVITY      := $(HOME)/.cache/dps/iotivity-lite
OPENAPI_VENV  := $(HOME)/.cache/dps/schemathesis-venv
OPENAPI_TOOLS := $(OPENAPI_VENV)/installed-4.32.5

# The race detector needs a C compiler; without one the tests run all the same, and say so.
HAVE_CC := $(shell command -v gcc || command -v clang)
RACE    := $(if $(HAVE_CC),-race,)
# Tests wait more than they compute: twice as many packages at once as there are processors.
PACKAGES := $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1))))

.PHONY: help run test console client-page check-pages test-console test-client-page test-openapi test-dynamodb test-aws test-localstack test-docker test-iotivity bench-records image-context localstack-up validate capacity cost lint vuln fuzz foreign bench generate check-generated build programs clean build-functions sizes build-EnrollFunction build-TokenFunction build-SignFunction build-RecordFunction build-ApiFunction

help: ## List the targets
	@awk 'BEGIN{FS=":.*## "} /^[a-z-]+:.*## /{printf "  \033[36m%-17s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start the whole stack in one process and provision a device; ARGS=--once stops after that
	@go run ./localstack $(ARGS)

test: ## Run every test
	@echo "race detector: $(if $(RACE),on,OFF (no C compiler found))"
	@go test $(RACE) -shuffle=on -p $(PACKAGES) ./...

test-dynamodb: ## The DynamoDB store on Amazon's DynamoDB Local (Java), with what a device consumes
	@$(EMULATORS) --dynamodb -- go test $(RACE) -tags aws -count=1 -v ./shared/store/dynamodb/...

test-aws: ## Everything that needs AWS: built functions as processes, DynamoDB Local, Secrets Manager's emulator
	@$(EMULATORS) --dynamodb --secrets -- go test -tags aws -count=1 $(TESTFLAGS) \
	  $$(grep -rl '^//go:build aws' --include='*_test.go' . | xargs -n1 dirname | sort -u)

localstack-up: ## The deployed shape on this machine over AWS emulators; ARGS=--once stops after two devices
	@if [ -n "$${LOCALSTACK_AUTH_TOKEN:-}" ] && docker info >/dev/null 2>&1; then \
	  docker compose -f localstack/compose.yaml up --wait && \
	  AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_REGION=eu-central-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
	    go run ./localstack --split --dir dps-data/split $(ARGS); \
	else \
	  echo "no LOCALSTACK_AUTH_TOKEN or no Docker daemon: DynamoDB Local and moto stand for AWS, and the functions run as processes"; \
	  $(EMULATORS) --dynamodb --secrets -- go run ./localstack --split --dir dps-data/split $(ARGS); \
	fi

test-localstack: ## The deployed shape over LocalStack; needs a Docker daemon and LOCALSTACK_AUTH_TOKEN
	@go test -count=1 -v -tags localstack -run TestOnLocalStack ./localstack/split

validate: $(SAM_TOOLS) ## The templates: cfn-lint, sam validate, sam build, and the tests of roles, alarms and parameters
	@$(SAM_VENV)/bin/cfn-lint template.yaml infra/*.yaml
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 $(SAM_VENV)/bin/sam validate --lint --template template.yaml
	@go test ./infra/...
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-central-1 $(SAM_VENV)/bin/sam build --template template.yaml --build-dir bin/sam >/dev/null && echo "sam build: bin/sam"

$(SAM_TOOLS):
	@command -v python3 >/dev/null || { echo "validate needs Python 3: apt-get install python3 python3-venv" >&2; exit 1; }
	@python3 -m venv $(SAM_VENV) && $(SAM_VENV)/bin/pip --quiet install aws-sam-cli==1.170.0 cfn-lint==1.58.0 && touch $@

image-context: ## What the image's target local is built from, for each processor, into bin/image/ARCH/
	@for arch in $(LAMBDA_ARCHS); do mkdir -p bin/image/$$arch; \
	  CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -trimpath -ldflags "-s -w" -o bin/image/$$arch/ingress ./ingress/cmd; \
	  cp /etc/ssl/certs/ca-certificates.crt bin/image/$$arch/; done; ls bin/image/*

test-docker: ## Build the container image and provision against it; needs a Docker daemon
	@docker info >/dev/null 2>&1 || { echo "NOT RUN: no Docker daemon answers. Install and start one: apt-get install docker.io" >&2; exit 1; }
	@go test -count=1 -tags docker ./infra/...

capacity: ## What one device consumes of DynamoDB, in request units
	@$(EMULATORS) --dynamodb -- go test -count=1 -tags aws -run TestCapacity -v ./shared/store/dynamodb

cost: ## What a month costs, term by term; ARGS="--devices 50000"
	@go run ./infra/cost $(ARGS)

lint: ## Vet, static analysis, import rules of the house
	@$(GOLANGCI_LINT) run --build-tags aws,docker,iotivity ./...

vuln: ## Look for known vulnerabilities in what is imported (needs vuln.go.dev)
	@$(GOVULNCHECK) ./...

fuzz: ## Run every fuzz target for FUZZTIME (10s; or a number of inputs: 1000x)
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
	  for t in $$(grep -oE '^func Fuzz[A-Za-z0-9]+' $$f | cut -c6-); do \
	    echo "== $$t ($$(dirname $$f))"; go test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) $$(dirname $$f); \
	  done; done

foreign: ## The service as a stranger sets it up: openssl's PEM files, a hub and devices in other processes
	@.ci/foreign

test-openapi: $(OPENAPI_TOOLS) ## Hold the REST API to its OpenAPI document with what schemathesis thinks up; needs Python
	@SCHEMATHESIS=$(OPENAPI_VENV)/bin/schemathesis .ci/foreign 10

# build-page type-checks, tests and builds the page in a folder; try-page tests it in a real browser, against the whole stack.
define build-page
@command -v npm >/dev/null || { echo "$@ needs Node.js 20 and npm: apt-get install nodejs npm" >&2; exit 1; }
@cd $(1)/web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent check && npm run --silent test && npm run --silent build
endef
define try-page
@command -v npm >/dev/null || { echo "$@ needs Node.js 20 and npm: apt-get install nodejs npm" >&2; exit 1; }
@test -x "$(CHROMIUM)" || { echo "NOT RUN: $@ needs Chromium: apt-get install chromium, or set CHROMIUM to one" >&2; exit 1; }
@cd $(1)/e2e && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --loglevel=error && CHROMIUM=$(CHROMIUM) npm test
endef

console: ## Type-check, test and build the console's page into what is embedded; needs Node.js
	$(call build-page,$(CONSOLE))

client-page: ## The same for the d2d client's page
	$(call build-page,$(CLIENT_PAGE))

check-pages: console client-page ## Prove that what is embedded is what the sources build to, to the byte
	@test -z "$$(git status --porcelain -- $(CONSOLE)/dist $(CLIENT_PAGE)/dist)" || { git status --short -- $(CONSOLE)/dist $(CLIENT_PAGE)/dist; echo "an embedded page is stale: run 'make console client-page' and commit what changed"; exit 1; }

test-console: ## The console in a real browser, against the whole stack; screenshots in functions/api/console/e2e/screenshots
	$(call try-page,$(CONSOLE))

test-client-page: ## The d2d client's page in a real browser: all three ways, one without a way to the hub (root)
	$(call try-page,$(CLIENT_PAGE))

$(OPENAPI_TOOLS):
	@command -v python3 >/dev/null || { echo "test-openapi needs Python 3: apt-get install python3 python3-venv" >&2; exit 1; }
	@python3 -m venv $(OPENAPI_VENV) && $(OPENAPI_VENV)/bin/pip --quiet install schemathesis==4.32.5 && touch $@

test-iotivity: ## Provision and reach a device made of iotivity-lite, which it fetches and builds; needs npm, gcc, make
	@localstack/iotivity/build.sh $(IOTIVITY)
	@IOTIVITY_DEVICES=$(IOTIVITY) go test -race -count=1 -tags iotivity ./localstack/iotivity

bench: ## Measure the whole flow against a bare TLS server, in turns, in one run; ARGS for its flags
	@go run ./localstack/bench $(ARGS)

bench-records: ## How long the API's answers take with 100 000 records of one owner in the embedded store; RECORDS=20000 for another number
	@DPS_BENCH_RECORDS=$(RECORDS) go test -run '^$$' -bench Fleet -benchtime 100x ./functions/api/rest

generate: ## Make generated files again
	@go generate ./...

check-generated: generate ## Prove that generated files are what the generators make
	@git diff --exit-code -- . || { echo "generated files are stale: run 'make generate' and commit"; exit 1; }

build: programs build-functions ## Build the programs, and the functions for Lambda

programs: ## Build the programs into bin/
	@for p in ingress:./ingress/cmd dpsctl:./client/dpsctl/cmd device:./client/device/cmd d2d:./client/d2d/cmd standin-hub:./localstack/hub/cmd localstack:./localstack; do \
	  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/$${p%%:*} $${p#*:}; done

# ---- functions on AWS Lambda (provided.al2023): the same flags as localstack/lambda/build.go
LAMBDA_FUNCTIONS := enroll token sign record api
LAMBDA_ARCHS     := arm64 amd64
LAMBDA_ARCH      ?= arm64
LAMBDA_BUILD      = CGO_ENABLED=0 GOOS=linux go build -trimpath -buildvcs=false -tags lambda.norpc,grpcnotrace -ldflags "-s -w -buildid="


build-functions: ## Build the functions' bootstrap binaries for Lambda into bin/lambda/ARCH/NAME/
	@for arch in $(LAMBDA_ARCHS); do for f in $(LAMBDA_FUNCTIONS); do \
	  echo "$$arch $$f"; GOARCH=$$arch $(LAMBDA_BUILD) -o bin/lambda/$$arch/$$f/bootstrap ./functions/$$f/cmd; \
	done; done

# SAM's makefile builder calls these (Metadata: BuildMethod: makefile, CodeUri: .); LAMBDA_ARCH=amd64 sam build for x86_64.
build-EnrollFunction: FUNCTION := enroll
build-TokenFunction:  FUNCTION := token
build-SignFunction:   FUNCTION := sign
build-RecordFunction: FUNCTION := record
build-ApiFunction:    FUNCTION := api
build-EnrollFunction build-TokenFunction build-SignFunction build-RecordFunction build-ApiFunction:
	@GOARCH=$(LAMBDA_ARCH) $(LAMBDA_BUILD) -o "$(ARTIFACTS_DIR)/bootstrap" ./functions/$(FUNCTION)/cmd

sizes: ## What each function weighs and how long it takes to start; ARGS="--runs 50 --limit 100ms token"
	@go run ./localstack/lambda/sizes $(ARGS)

clean: ## Remove what building and running leave behind
	@rm -rf bin dps-data .aws-sam
