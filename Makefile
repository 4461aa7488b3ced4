# promsnap: `make` prints this help, every target prints what it does.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VERSION     ?= $(shell git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo dev)
CACHE       ?= $(CURDIR)/.cache
TOOLS       := $(CACHE)/bin
SERVERS     := $(CACHE)/servers
GOLANGCI    := $(TOOLS)/golangci-lint-2.15.0
GOVULNCHECK := $(TOOLS)/govulncheck-1.8.0
ACTIONLINT  := $(TOOLS)/actionlint-1.7.12
GORELEASER  := $(TOOLS)/goreleaser-2.15.1
CYCLONEDX   := $(TOOLS)/cyclonedx-gomod-1.10.0
KREW        := $(TOOLS)/validate-krew-manifest-0.4.3
HELM        := $(or $(wildcard $(SERVERS)/helm),$(TOOLS)/helm-4.3.1)
VULNDB      ?= https://vuln.go.dev
BUILD       := CGO_ENABLED=0 go build -buildvcs=false -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
# What is vetted, linted and tested is compiled as what ships is, so that a package is compiled once for all of them.
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(shell go env GOFLAGS 2>/dev/null) -trimpath)
# lint and check vet the code. Where tests vet it too, all that they link is looked at again, which takes a fresh machine longer than linking.
TEST        := go test -vet=off
FUZZTIME    ?= 1m
LAMBDA_ARCHES ?= arm64 amd64
IMAGE       ?= promsnap:$(VERSION)
IMAGE_ARCH  ?= $(shell go env GOARCH)
CA_BUNDLE   ?= /etc/ssl/certs/ca-certificates.crt
BUILDER     ?= $(firstword $(foreach b,docker podman buildah,$(if $(shell command -v $b 2>/dev/null),$b)))

CHART_VERSION ?= $(shell sed -n 's/^version: //p' deploy/helm/promsnap/Chart.yaml)
CHART_TIME  ?= $(shell git log -1 --format=%ct)
RELEASE_FLAGS ?= --snapshot
# goreleaser gives up on a checkout without a remote, such as an unpacked one.
REMOTE      := GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/promsnap/promsnap

.PHONY: help build bin/promsnap bin/promlab lambda image images completions chart release demo check test race lint vuln licenses bench servers acceptance golden fuzz clean

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

# The same bytes from the same sources and the same Go, wherever they lie: no path, no stamp of the checkout, no time.
build: ## build bin/promsnap and bin/promlab
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/promsnap ./cmd/promlab

bin/promsnap bin/promlab: bin/%:
	@mkdir -p bin
	$(BUILD) -o $@ ./cmd/$*

image: ## build the container image IMAGE for IMAGE_ARCH (amd64 or arm64) out of this checkout, with docker, podman or buildah
	@test -n '$(BUILDER)' || { echo 'make image needs docker, podman or buildah' >&2; exit 1; }
	@mkdir -p bin/image
	cp '$(CA_BUNDLE)' bin/image/ca-certificates.crt
	GOOS=linux GOARCH=$(IMAGE_ARCH) $(BUILD) -o bin/image/promsnap-$(IMAGE_ARCH) ./cmd/promsnap
	$(BUILDER) $(BUILDER_FLAGS) build -f deploy/Dockerfile --target prebuilt --build-arg TARGETARCH=$(IMAGE_ARCH) --platform linux/$(IMAGE_ARCH) -t '$(IMAGE)' .

# The zips are the same bytes from the same commit: no build stamp, no time, no owner.
lambda: ## build bin/lambda-arm64.zip and bin/lambda-amd64.zip for AWS Lambda; CONFIG=promsnap.yaml puts that file in
	@for arch in $(LAMBDA_ARCHES); do \
	  dir=bin/lambda-$$arch; rm -rf $$dir $$dir.zip; mkdir -p $$dir; \
	  CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -tags lambda.norpc -buildvcs=false -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $$dir/bootstrap ./functions/report; \
	  if [ -n "$(CONFIG)" ]; then cp "$(CONFIG)" $$dir/promsnap.yaml; chmod 644 $$dir/promsnap.yaml; fi; \
	  chmod 755 $$dir/bootstrap; TZ=UTC touch -d 1980-01-01T00:00:00 $$dir/*; \
	  (cd $$dir && TZ=UTC zip -q -X -9 ../lambda-$$arch.zip bootstrap $$(ls promsnap.yaml 2>/dev/null || true)); \
	  rm -r $$dir; size=$$(stat -c %s $$dir.zip); echo "$$dir.zip: $$size bytes"; \
	  [ $$size -le 15000000 ] || { echo "$$dir.zip is larger than 15 MB" >&2; exit 1; }; \
	done

completions: bin/promsnap ## write the completions of bash, zsh, fish and PowerShell into bin/completions
	@rm -rf bin/completions; mkdir -p bin/completions
	for shell in bash zsh fish; do bin/promsnap completion $$shell >bin/completions/promsnap.$$shell; done
	bin/promsnap completion powershell >bin/completions/promsnap.ps1

# Helm keeps the times of the files: with the commit's, one commit gives the same bytes.
chart: $(HELM) ## package the Helm chart into bin/chart
	@rm -rf bin/chart; mkdir -p bin/chart/source
	cp -R deploy/helm/promsnap bin/chart/source/
	find bin/chart/source -exec touch -d @$(CHART_TIME) {} +
	$(HELM) lint --strict --quiet bin/chart/source/promsnap --set cluster=lint,slack.channel=C0123456789,slack.existingSecret=slack
	$(HELM) package bin/chart/source/promsnap --version $(CHART_VERSION) --app-version $(CHART_VERSION) --destination bin/chart

# The tag workflow runs this with RELEASE_FLAGS=--skip=publish,announce. docs/releasing.md has the rest.
release: $(GORELEASER) $(CYCLONEDX) $(KREW) $(HELM) ## build and check everything that a release has, in bin/release; needs no network once the tools are there
	$(GORELEASER) check
	PATH="$(TOOLS):$$PATH" GORELEASER_CURRENT_TAG=v$(CHART_VERSION) $(REMOTE) $(GORELEASER) release --clean $(RELEASE_FLAGS)
	$(KREW) -skip-install -manifest bin/dist/krew/promsnap.yaml
	@rm -rf bin/release; mkdir -p bin/release
	cp bin/dist/promsnap_*.{tar.gz,zip,deb,rpm,json} bin/chart/*.tgz bin/release/
	cp bin/dist/krew/promsnap.yaml bin/release/krew.yaml
	deploy/homebrew/formula.sh "$$(sed 's/.*"version":"\([^"]*\)".*/\1/' bin/dist/metadata.json)" bin/dist/checksums.txt >bin/release/promsnap.rb
	cd bin/release && sha256sum * >checksums.txt
	PROMSNAP_RELEASE=$(CURDIR)/bin/release $(TEST) -tags release -count=1 -run TestRelease -v ./internal/acceptance/supply

# The release workflow runs this: the image has the programs that the archives have.
images: ## build the image IMAGE for amd64 and arm64 out of bin/release and push it, with buildah
	@mkdir -p bin/image
	cp '$(CA_BUNDLE)' bin/image/ca-certificates.crt
	for arch in amd64 arm64; do \
	  tar -xzf bin/release/promsnap_linux_$$arch.tar.gz -C bin/image promsnap; \
	  mv bin/image/promsnap bin/image/promsnap-$$arch; \
	done
	buildah $(BUILDER_FLAGS) manifest rm '$(IMAGE)' 2>/dev/null || true
	buildah $(BUILDER_FLAGS) build -f deploy/Dockerfile --target prebuilt --platform linux/amd64,linux/arm64 --manifest '$(IMAGE)' .
	buildah $(BUILDER_FLAGS) manifest push --all $(PUSH_FLAGS) --digestfile bin/image/digest '$(IMAGE)' 'docker://$(IMAGE)'

demo: build ## run the main job on a simulated cluster of 42 nodes; ends with the report's path
	bin/promlab --nodes 42 --tame -- bin/promsnap run daily -c testdata/demo/promsnap.yaml --prometheus-url '{url}' --output-dir promsnap-out

# Of the packages that take longest, -short runs what proves most in a second.
LONG        := ./cmd/promsnap ./internal/acceptance/field

check: $(GOLANGCI) ## what to run while you work, under a minute: gofmt, vet, the linter, and most tests of what has changed
	@bad=$$(gofmt -l cmd functions internal templates testdata deploy); [ -z "$$bad" ] || { printf 'gofmt -w these files:\n%s\n' "$$bad" >&2; exit 1; }
	go vet ./...
	$(GOLANGCI) run --allow-parallel-runners ./...
	$(TEST) -short $(LONG)
	$(TEST) $$(go list ./... | grep -vFx "$$(go list $(LONG))")

test: ## run every test that needs nothing but Go
	$(TEST) ./...

race: ## the same under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(TEST) -race -timeout 20m ./...

lint: $(GOLANGCI) $(ACTIONLINT) ## gofmt, vet, staticcheck, the law of imports, the licences of what is linked, go mod tidy, the workflows
	go mod tidy -diff
	go vet ./...
	go vet -tags acceptance,release ./internal/acceptance/...
	$(ACTIONLINT) -shellcheck= -pyflakes=
	$(TEST) -count=1 -run 'LawOfImports|BinaryHoldsNoLab|FunctionHoldsNoKubernetes' ./internal/app
	$(TEST) -count=1 -run Licences ./internal/acceptance/supply
	$(GOLANGCI) run --allow-parallel-runners ./...
	$(GOLANGCI) run --allow-parallel-runners --build-tags acceptance,release ./internal/acceptance/...

# tool installs a program from its package. The version is the end of the program's name in .cache/bin.
define tool
	@echo 'installing $(@F) into $(TOOLS)'
	@mkdir -p $(TOOLS)
	GOFLAGS=-trimpath GOBIN=$(TOOLS)/new go install $(1)@v$(lastword $(subst -, ,$@))
	@mv $(TOOLS)/new/$(patsubst %-$(lastword $(subst -, ,$@)),%,$(@F)) $@
endef

$(GOLANGCI): ; $(call tool,github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
$(ACTIONLINT): ; $(call tool,github.com/rhysd/actionlint/cmd/actionlint)
$(GORELEASER): ; $(call tool,github.com/goreleaser/goreleaser/v2)
$(CYCLONEDX): ; $(call tool,github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod)
$(KREW): ; $(call tool,sigs.k8s.io/krew/cmd/validate-krew-manifest)
$(TOOLS)/helm-4.3.1: ; $(call tool,helm.sh/helm/v4/cmd/helm)
# 1.9.0 wants a version of x/telemetry that the module proxy does not serve.
$(GOVULNCHECK): ; $(call tool,golang.org/x/vuln/cmd/govulncheck)

# What it does not see it does not pass over: without the database nothing is checked, and that is an error.
vuln: $(GOVULNCHECK) ## look for known vulnerabilities in what ships; needs the database VULNDB, https://vuln.go.dev
	@$(GOVULNCHECK) -version; code=0; \
	$(GOVULNCHECK) -db '$(VULNDB)' -tags lambda.norpc ./cmd/promsnap ./functions/report || code=$$?; \
	case $$code in 0|3) ;; *) printf '\n*** NOTHING WAS CHECKED for known vulnerabilities. ***\n%s\n' \
	  'If the database $(VULNDB) cannot be reached from here, run it where it can, or give a copy: make vuln VULNDB=file:///path/to/vulndb' >&2 ;; esac; \
	exit $$code

licenses: ## rewrite docs/licenses.md and docs/licenses.txt
	go test -count=1 -run Licences ./internal/acceptance/supply -update

servers: ## install the servers that acceptance runs into .cache, where they are missing
	testdata/servers/install.sh $(SERVERS)

# It passes over what make test runs too.
# The week has deadlines by the wall clock: it goes first where both want a processor.
acceptance: build servers ## run the real program against real Prometheus servers
	@echo '== beside them, a week of checks while Prometheus, S3 and Slack fail by chance, which mostly waits'
	@$(TEST) -count=1 -timeout 40m -run '^TestSoak$$' -v ./internal/app -soak-slots 2000 >bin/soak.log 2>&1 & soak=$$!; \
	PROMSNAP_SERVERS=$(SERVERS) PROMSNAP_BIN=$(CURDIR)/bin/promsnap nice -n 10 $(TEST) -tags acceptance -count=1 -timeout 60m -skip '^Test(Field|Licences|Classify)$$' ./internal/acceptance/... || failed=1; \
	wait $$soak || failed=1; tail -n 40 bin/soak.log; exit $${failed:-0}

# Every bound is held by the benchmark that prints it. All of them run, whichever of them is missed; what is missed is said at the end.
bench: build servers ## measure speed and memory against the peers, both sides in one run; fails where a bound is missed
	@missed=; bench() { go test -run '^$$' "$$@" || missed="$$missed $${@: -1}"; }; \
	echo '== reading 5,000 series x 720 samples: <= 1/12 of client_golang'"'"'s processor time (strive for 1/20), <= 1/15 of its bytes'; \
	bench -bench Decode -benchtime 5x ./internal/promapi; \
	echo '== drawing, of go-chart'"'"'s processor time: 12 series <= 0.28 (0.2) at 1x, <= 0.22 (0.16) at 2x; 200 series <= 0.1, 1,000 series <= 0.03, a sparkline <= 0.02'; \
	bench -bench . -benchtime 10x ./internal/chart; \
	echo '== a report of 20 panels: <= 20 (15) charts of go-chart'; \
	bench -bench TwentyPanels -benchtime 8x ./internal/report/html; \
	echo '== the whole program on one panel of 5,000 series, against curl: <= 8 (4) times from a replay; from a Prometheus that computes, a selector <= 1.5 (1.1) times, a panel <= 1.1'; \
	echo '   its memory: <= 64 MiB, also where 1,420 of the series breach; 20 panels of 5,000 nodes <= 200 (150) MiB; 6 panels of 5,000 series <= 150 MiB'; \
	echo '== against promsnap of an earlier commit: <= 1.1 times its processor time'; \
	echo '== the Lambda function: first request <= 60 (40) ms after its start; 6 panels of 5,000 series <= 110 MiB'; \
	export PROMSNAP_SERVERS='$(SERVERS)' PROMSNAP_BIN='$(CURDIR)/bin/promsnap'; \
	bench -tags acceptance -bench . -skip Profiled -benchtime 1x -timeout 40m ./internal/acceptance; \
	if [ -n "$$missed" ]; then echo "bench: a bound is missed, or a benchmark failed, in:$$missed" >&2; exit 1; fi

golden: ## rewrite the golden files; look at every one of them before you commit
	go test ./internal/chart ./internal/config ./internal/notify/alertmanager ./internal/notify/pushgateway ./internal/notify/s3 ./internal/notify/slack ./internal/notify/webhook ./internal/panels ./internal/report/json -update
	go test ./deploy/helm -update

# Without a bound, one input that is long and new is made shorter for a minute, and nothing else is tried in it.
fuzz: ## run every fuzz target for FUZZTIME each (default 1m)
	@pkgs=$$(go list ./...); \
	for pkg in $$pkgs; do \
	  list=$$(go test -list '^Fuzz' $$pkg); \
	  for f in $$(printf '%s\n' "$$list" | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f for $(FUZZTIME)"; \
	    go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $$pkg; \
	  done; \
	done

clean: ## remove what was built; .cache stays
	rm -rf bin promsnap-out
