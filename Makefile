# Flotilla. `make demo` shows it, `make test` proves it, `make quick` is for the day.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BUILD := .build
RELEASE := .build-device

.PHONY: help deps deps-device format lint build quick test full device size deb test-systemd demo bench \
    crash power clean

help: ## What there is to make
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

deps: ## Install what a bare Debian 12 with Swift lacks (apt, as root)
	@scripts/install-dependencies build

deps-device: ## Install only what a device needs to run the agent
	@scripts/install-dependencies device

format: ## Format the sources
	swift format -i --recursive Sources Tests Package.swift

lint: ## Is everything formatted as agreed?
	swift format lint --strict --recursive Sources Tests Package.swift

build: ## Build everything
	swift build --build-tests

quick: lint ## For the day: the device side and the tidy rules, in under 3 minutes
	FLOTILLA_DEVICE_ONLY=1 swift build --build-tests --scratch-path .build-quick
	FLOTILLA_DEVICE_ONLY=1 swift test --skip-build --scratch-path .build-quick

test: deps ## Install what is needed and run every test
	@scripts/stages test

full: deps ## Everything, and every sweep as a whole (four hours)
	@scripts/stages full

device: ## Release binaries for devices, stripped, in .build-device/bin
	@scripts/build-device

size: device ## Are the device binaries small and free of what they must not have?
	@scripts/check-size

deb: ## Debian packages, in .build-deb (PACKAGES=flotilla-agent: only that one)
	@scripts/build-deb $(PACKAGES)

test-systemd: ## The agent's package under a real systemd, in a container
	@scripts/test-systemd

demo: deps ## The whole story, checked at every step (KEEP=1 leaves the fleet up)
	@scripts/demo

bench: ## Measure the figures on this machine: docs/bench.md (half an hour and a release build)
	@scripts/bench

crash: ## Kill the agent, and fail its calls, at every point of a transaction (two hours)
	@scripts/crash

power: ## Cut the power 200 times in a transaction, on ext4 and xfs (10 minutes)
	@scripts/crash cuts

clean:
	rm -rf .build .build-*
