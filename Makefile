# Everything a developer does here is a target; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0
FUZZTIME      ?= 10s

# The race detector needs a C compiler; without one the tests run all the same, and say so.
HAVE_CC := $(shell command -v gcc || command -v clang)
RACE    := $(if $(HAVE_CC),-race,)

.PHONY: help run test lint vuln fuzz foreign bench generate check-generated build clean

help: ## List the targets
	@awk 'BEGIN{FS=":.*## "} /^[a-z-]+:.*## /{printf "  \033[36m%-16s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start the whole stack in one process and provision a device; ARGS=--once stops after that
	@go run ./localstack $(ARGS)

test: ## Run every test
	@echo "race detector: $(if $(RACE),on,OFF (no C compiler found))"
	@go test $(RACE) -shuffle=on ./...

lint: ## Vet, static analysis, import rules of the house
	@$(GOLANGCI_LINT) run ./...

vuln: ## Look for known vulnerabilities in what is imported (needs vuln.go.dev)
	@$(GOVULNCHECK) ./...

fuzz: ## Run every fuzz target for FUZZTIME (10s)
	@for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
	  for t in $$(grep -oE '^func Fuzz[A-Za-z0-9]+' $$f | cut -c6-); do \
	    echo "== $$t ($$(dirname $$f))"; go test -run '^$$' -fuzz "^$$t$$" -fuzztime $(FUZZTIME) $$(dirname $$f); \
	  done; done

foreign: ## The service as a stranger sets it up: openssl's PEM files, a hub and devices in other processes
	@.ci/foreign

bench: ## Measure the whole flow against a bare TLS server, in turns, in one run; ARGS for its flags
	@go run ./localstack/bench $(ARGS)

generate: ## Make generated files again
	@go generate ./...

check-generated: generate ## Prove that generated files are what the generators make
	@git diff --exit-code -- . || { echo "generated files are stale: run 'make generate' and commit"; exit 1; }

build: ## Build the programs into bin/
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/ ./ingress/cmd ./localstack

clean: ## Remove what building and running leave behind
	@rm -rf bin dps-data
