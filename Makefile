# promsnap. Run `make` for help. Every target prints its commands.

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
# Vet, lint and tests use the build flags of the released programs, so that each package is compiled once.
export CGO_ENABLED := 0
export GOFLAGS := $(strip $(shell go env GOFLAGS 2>/dev/null) -trimpath)
# lint and check run vet. Tests do not run it again, which would take a fresh machine longer than linking.
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
# goreleaser fails in a checkout without a remote, such as an unpacked archive.
REMOTE      := GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=remote.origin.url GIT_CONFIG_VALUE_0=https://github.com/promsnap/promsnap

.PHONY: help build bin/promsnap bin/promlab lambda image images completions chart release demo demo-fleet backtest check test race lint vuln licenses bench servers acceptance golden fuzz clean

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

# The same sources and the same Go give the same bytes in any directory: no path, no stamp of the checkout, no time.
build: ## build bin/promsnap and bin/promlab
	@mkdir -p bin
	$(BUILD) -o bin/ ./cmd/promsnap ./cmd/promlab

bin/promsnap bin/promlab: bin/%:
	@mkdir -p bin
	$(BUILD) -o $@ ./cmd/$*

image: ## build the container image IMAGE for IMAGE_ARCH (amd64 or arm64) from this checkout, with docker, podman or buildah
	@test -n '$(BUILDER)' || { echo 'make image needs docker, podman or buildah' >&2; exit 1; }
	@mkdir -p bin/image
	cp '$(CA_BUNDLE)' bin/image/ca-certificates.crt
	GOOS=linux GOARCH=$(IMAGE_ARCH) $(BUILD) -o bin/image/promsnap-$(IMAGE_ARCH) ./cmd/promsnap
	$(BUILDER) $(BUILDER_FLAGS) build -f deploy/Dockerfile --target prebuilt --build-arg TARGETARCH=$(IMAGE_ARCH) --platform linux/$(IMAGE_ARCH) -t '$(IMAGE)' .

# One commit gives the same zips: no build stamp, no time, no owner.
lambda: ## build bin/lambda-arm64.zip and bin/lambda-amd64.zip for AWS Lambda; CONFIG=promsnap.yaml adds that file, DASHBOARDS=dashboards that directory
	@for arch in $(LAMBDA_ARCHES); do \
	  dir=bin/lambda-$$arch; rm -rf $$dir $$dir.zip; mkdir -p $$dir; \
	  CGO_ENABLED=0 GOOS=linux GOARCH=$$arch go build -tags lambda.norpc -buildvcs=false -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $$dir/bootstrap ./functions/report; \
	  if [ -n "$(CONFIG)" ]; then cp "$(CONFIG)" $$dir/promsnap.yaml; chmod 644 $$dir/promsnap.yaml; fi; \
	  if [ -n "$(DASHBOARDS)" ]; then mkdir $$dir/dashboards; cp "$(DASHBOARDS)"/*.json $$dir/dashboards/; chmod 644 $$dir/dashboards/*; fi; \
	  chmod 755 $$dir/bootstrap; find $$dir -exec env TZ=UTC touch -d 1980-01-01T00:00:00 {} +; \
	  (cd $$dir && TZ=UTC zip -q -X -9 -r ../lambda-$$arch.zip bootstrap $$(ls -d promsnap.yaml dashboards 2>/dev/null || true)); \
	  rm -r $$dir; size=$$(stat -c %s $$dir.zip); echo "$$dir.zip: $$size bytes"; \
	  [ $$size -le 16000000 ] || { echo "$$dir.zip is larger than 16 MB" >&2; exit 1; }; \
	done

completions: bin/promsnap ## write the completions of bash, zsh, fish and PowerShell into bin/completions
	@rm -rf bin/completions; mkdir -p bin/completions
	for shell in bash zsh fish; do bin/promsnap completion $$shell >bin/completions/promsnap.$$shell; done
	bin/promsnap completion powershell >bin/completions/promsnap.ps1

# Helm stores the times of the files. With the time of the commit, one commit gives the same bytes.
chart: $(HELM) ## package the Helm chart into bin/chart
	@rm -rf bin/chart; mkdir -p bin/chart/source
	cp -R deploy/helm/promsnap bin/chart/source/
	find bin/chart/source -exec touch -d @$(CHART_TIME) {} +
	$(HELM) lint --strict --quiet bin/chart/source/promsnap --set cluster=lint,slack.channel=C0123456789,slack.existingSecret=slack
	$(HELM) package bin/chart/source/promsnap --version $(CHART_VERSION) --app-version $(CHART_VERSION) --destination bin/chart

# The tag workflow runs this with RELEASE_FLAGS=--skip=publish,announce. docs/releasing.md has the rest.
release: $(GORELEASER) $(CYCLONEDX) $(KREW) $(HELM) ## build and check all files of a release in bin/release; needs no network once the tools are installed
	$(GORELEASER) check
	PATH="$(TOOLS):$$PATH" GORELEASER_CURRENT_TAG=v$(CHART_VERSION) $(REMOTE) $(GORELEASER) release --clean $(RELEASE_FLAGS)
	$(KREW) -skip-install -manifest bin/dist/krew/promsnap.yaml
	@rm -rf bin/release; mkdir -p bin/release
	cp bin/dist/promsnap_*.{tar.gz,zip,deb,rpm,json} bin/chart/*.tgz bin/release/
	cp bin/dist/krew/promsnap.yaml bin/release/krew.yaml
	deploy/homebrew/formula.sh "$$(sed 's/.*"version":"\([^"]*\)".*/\1/' bin/dist/metadata.json)" bin/dist/checksums.txt >bin/release/promsnap.rb
	cd bin/release && sha256sum * >checksums.txt
	PROMSNAP_RELEASE=$(CURDIR)/bin/release $(TEST) -tags release -count=1 -run TestRelease -v ./internal/acceptance/supply

# The release workflow runs this, so that the image has the programs of the archives.
images: ## build the image IMAGE for amd64 and arm64 from bin/release and push it, with buildah
	@mkdir -p bin/image
	cp '$(CA_BUNDLE)' bin/image/ca-certificates.crt
	for arch in amd64 arm64; do \
	  tar -xzf bin/release/promsnap_linux_$$arch.tar.gz -C bin/image promsnap; \
	  mv bin/image/promsnap bin/image/promsnap-$$arch; \
	done
	buildah $(BUILDER_FLAGS) manifest rm '$(IMAGE)' 2>/dev/null || true
	buildah $(BUILDER_FLAGS) build -f deploy/Dockerfile --target prebuilt --platform linux/amd64,linux/arm64 --manifest '$(IMAGE)' .
	buildah $(BUILDER_FLAGS) manifest push --all $(PUSH_FLAGS) --digestfile bin/image/digest '$(IMAGE)' 'docker://$(IMAGE)'

demo: build ## make a report of a simulated cluster of 42 nodes and print its path
	bin/promlab --nodes 42 --tame --alerts -- bin/promsnap run daily -c testdata/demo/promsnap.yaml --prometheus-url '{url}' --output-dir promsnap-out

demo-fleet: build ## make one report of twelve simulated clusters, of which one is down, and print its path
	bin/promlab --clusters 12 --nodes 24 --tame -- testdata/demo/fleet.sh '{url}'

backtest: build ## count how often other levels would have alerted in a month of the simulated cluster
	bin/promlab --nodes 42 --tame -- bin/promsnap backtest check -c testdata/demo/promsnap.yaml --prometheus-url '{url}'

# The slowest packages, of which check runs only the -short tests.
LONG        := ./cmd/promsnap ./internal/acceptance/field

check: $(GOLANGCI) ## run this while you work, under a minute: gofmt, vet, the linter, and most tests of changed packages
	@bad=$$(gofmt -l cmd functions internal templates testdata deploy); [ -z "$$bad" ] || { printf 'gofmt -w these files:\n%s\n' "$$bad" >&2; exit 1; }
	go vet ./...
	$(GOLANGCI) run --allow-parallel-runners ./...
	$(TEST) -short $(LONG)
	$(TEST) $$(go list ./... | grep -vFx "$$(go list $(LONG))")

test: ## run every test that needs only Go
	$(TEST) ./...

race: ## run the same tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(TEST) -race -timeout 20m ./...

lint: $(GOLANGCI) $(ACTIONLINT) ## run gofmt, vet, staticcheck, go mod tidy and actionlint, and check the imports and the licences
	go mod tidy -diff
	go vet ./...
	go vet -tags acceptance,release ./internal/acceptance/...
	$(ACTIONLINT) -shellcheck= -pyflakes=
	$(TEST) -count=1 -run 'LawOfImports|BinaryHoldsNoLab|FunctionHoldsNoKubernetes' ./internal/app
	$(TEST) -count=1 -run Licences ./internal/acceptance/supply
	$(GOLANGCI) run --allow-parallel-runners ./...
	$(GOLANGCI) run --allow-parallel-runners --build-tags acceptance,release ./internal/acceptance/...

# tool installs a program from its package. Its name in .cache/bin ends with its version.
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
# 1.9.0 needs a version of x/telemetry that the module proxy does not have.
$(GOVULNCHECK): ; $(call tool,golang.org/x/vuln/cmd/govulncheck)

# Without the database nothing is checked, which is an error.
vuln: $(GOVULNCHECK) ## look for known vulnerabilities in the released programs; needs the database VULNDB, https://vuln.go.dev
	@$(GOVULNCHECK) -version; code=0; \
	$(GOVULNCHECK) -db '$(VULNDB)' -tags lambda.norpc ./cmd/promsnap ./functions/report || code=$$?; \
	case $$code in 0|3) ;; *) printf '\n*** NOTHING WAS CHECKED for known vulnerabilities. ***\n%s\n' \
	  'If the database $(VULNDB) cannot be reached from here, run this elsewhere, or use a copy: make vuln VULNDB=file:///path/to/vulndb' >&2 ;; esac; \
	exit $$code

licenses: ## rewrite docs/licenses.md and docs/licenses.txt
	go test -count=1 -run Licences ./internal/acceptance/supply -update

servers: ## install the servers of acceptance into .cache if they are missing
	testdata/servers/install.sh $(SERVERS)

# It skips the tests of make test. The simulated week has deadlines in real time, so it has priority.
# The simulated month counts messages.
acceptance: build servers ## run the real program against real Prometheus servers
	@echo '== at the same time, a simulated week of checks in which Prometheus, S3 and Slack fail at random, and a month with incidents'
	@$(TEST) -c -o bin/app.test ./internal/app; \
	simulate() { cd internal/app; exec "$$@" -test.timeout 60m -test.v; }; \
	simulate ../../bin/app.test -soak-slots 2000 -test.run '^TestSoak$$' >bin/soak.log 2>&1 & soak=$$!; \
	GOGC=400 simulate nice -n 10 ../../bin/app.test -month-length 720h -test.run '^TestMonth$$' >bin/month.log 2>&1 & month=$$!; \
	PROMSNAP_SERVERS=$(SERVERS) PROMSNAP_BIN=$(CURDIR)/bin/promsnap nice -n 10 $(TEST) -tags acceptance -count=1 -parallel 4 -timeout 60m -skip '^Test(Field|Licences|Classify)$$' ./internal/acceptance/... || failed=1; \
	wait $$soak || failed=1; wait $$month || failed=1; tail -n 40 bin/soak.log bin/month.log; exit $${failed:-0}

# Each benchmark checks its own bounds. All of them run, and the end lists the missed bounds.
bench: build servers ## measure speed and memory against other programs in one run; fails if a bound is missed
	@missed=; bench() { go test -run '^$$' "$$@" || missed="$$missed $${@: -1}"; }; \
	echo '== reading 5,000 series x 720 samples: <= 1/12 of client_golang'"'"'s processor time (goal 1/20), <= 1/15 of its bytes'; \
	echo '== forecasts and changes of 5,000 series over four weeks: <= 0.1 (0.06) of client_golang'"'"'s processor time to read them'; \
	bench -bench 'Decode|Foresight' -benchtime 5x ./internal/promapi; \
	echo '== drawing, of go-chart'"'"'s processor time: 12 series <= 0.28 (0.2) at 1x, <= 0.22 (0.16) at 2x; 200 series <= 0.1, 1,000 series <= 0.03, a sparkline <= 0.02; a chart of 12 x 720 on a terminal <= 5 ms'; \
	bench -bench . -benchtime 10x ./internal/chart; \
	echo '== a report of 20 panels: <= 20 (15) charts of go-chart'; \
	bench -bench TwentyPanels -benchtime 8x ./internal/report/html; \
	echo '== the PDF of a report of 24 panels, of the processor time of their pictures: <= 0.3 (0.2), also with every chart'; \
	bench -bench PDF -benchtime 8x ./internal/report/pdf; \
	echo '== a complete run with one panel of 5,000 series, against curl: <= 8 (4) times from a replay; from a real Prometheus, a selector <= 1.5 (1.1) times, a panel <= 1.1'; \
	echo '   its memory: <= 64 MiB, also with 1,420 series in breach; 20 panels of 5,000 nodes <= 200 (150) MiB; 6 panels of 5,000 series <= 150 MiB'; \
	echo '== Node Exporter Full with every row open, 125 panels over a day: <= 200 (150) MiB, a page of <= 5 (4) MB,'; \
	echo '   <= 0.4 (0.3) of the processor time of go-chart that only draws the same curves, with its queries; skipped without PROMSNAP_DASHBOARDS'; \
	echo '== a back-test of 5,000 series over 30 days at 5 minutes: <= 1.5 (1.3) times the processor time of decoding its answers alone, <= 128 (100) MiB'; \
	echo '== 500 alerting rules over a day: <= 1.2 (1.1) times the time of their queries'; \
	echo '== against promsnap of an earlier commit, without foresight: <= 1.1 times its processor time'; \
	echo '== the daily report with forecasts, changes and requests against use: <= 1.3 (1.2) times its processor time without'; \
	echo '== a fleet: 1,000 parts of 50 nodes and 20 panels reduced in <= 10 (5) s, <= 128 (100) MiB'; \
	bench -bench Reduce -benchtime 1x ./internal/fleet; \
	echo '== the Lambda function: first request <= 60 (40) ms after its start; 6 panels of 5,000 series <= 110 MiB'; \
	export PROMSNAP_SERVERS='$(SERVERS)' PROMSNAP_BIN='$(CURDIR)/bin/promsnap'; \
	bench -tags acceptance -bench . -skip Profiled -benchtime 1x -timeout 40m ./internal/acceptance; \
	if [ -n "$$missed" ]; then echo "bench: a bound is missed, or a benchmark failed, in:$$missed" >&2; exit 1; fi

golden: ## rewrite the golden files; review each of them before you commit
	go test ./internal/acceptance/rulefiles ./internal/chart ./internal/config ./internal/metrics ./internal/notify/alertmanager ./internal/notify/letter ./internal/notify/pushgateway ./internal/notify/s3 ./internal/notify/slack ./internal/notify/webhook ./internal/panels ./internal/report/html ./internal/report/json ./internal/report/tuning ./internal/snapshot -update
	go test ./cmd/promsnap -run '^Test(Tell(Backtests|Metrics)|(Query|Targets)OnATerminal)$$' -update
	go test ./deploy/helm -update

# Without this bound, go test spends a minute on minimizing one long new input.
fuzz: ## run every fuzz target for FUZZTIME each (default 1m)
	@pkgs=$$(go list ./...); \
	for pkg in $$pkgs; do \
	  list=$$(go test -list '^Fuzz' $$pkg); \
	  for f in $$(printf '%s\n' "$$list" | grep '^Fuzz' || true); do \
	    echo "== $$pkg $$f for $(FUZZTIME)"; \
	    go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $$pkg; \
	  done; \
	done

clean: ## remove the built files, but not .cache
	rm -rf bin promsnap-out
