#!/bin/sh
# Installs the servers that the acceptance tests run, where they are missing:
#
#   testdata/servers/install.sh [DIR]     DIR is .cache/servers in the repository where it is not given
#
#   DIR/prometheus, DIR/promtool          Prometheus 3, built from the module beside this script, and rebuilt when that changes
#   DIR/versitygw                         an S3
#   DIR/etcd, DIR/kube-apiserver,         a Kubernetes control plane and kubectl, built from the modules beside this script
#   DIR/kube-controller-manager, DIR/kubectl
#   DIR/thanos                            a Thanos, built from the module beside this script
#   DIR/victoria-metrics                  a VictoriaMetrics of today
#   DIR/helm, DIR/kubeconform             what the Helm chart is checked and installed with
#   /usr/bin/prometheus                   Debian's Prometheus, node_exporter, Alertmanager, Pushgateway and VictoriaMetrics,
#                                         from apt (as root)
#   /usr/bin/prometheus-node-exporter
#   /usr/bin/prometheus-alertmanager
#   /usr/bin/prometheus-pushgateway
#   /usr/bin/victoria-metrics
#   /usr/bin/docker-registry              an OCI registry, for the Helm chart
#   /usr/sbin/exim4                       a mail server; its service is not started
#
#   DIR/browser/node_modules              what testdata/browser/look.mjs opens a report with
#   DIR/grafana-data/node_modules         Grafana's own code for figures, which judges ours
#   DIR/stepfunctions/node_modules        what runs the state machine of AWS Step Functions
#   /usr/bin/chromium, pdftotext, qpdf    Debian's browser, and what reads and checks PDFs, from apt (as root)
#
#   podman, buildah, crun, runc           what builds and runs the container image, from apt (as root)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-$here/../../.cache/servers}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

need() {
	command -v "$1" >/dev/null && return
	echo "$1 is missing: $2" >&2
	exit 1
}

need go "install Go 1.26 or newer from https://go.dev/dl"

# packages installs Debian's packages, as root.
packages() {
	need apt-get "the acceptance tests need Debian's packages: $*"
	if [ "$(id -u)" != 0 ]; then
		echo "run as root, then again: apt-get install --no-install-recommends $*" >&2
		exit 1
	fi
	echo "servers: apt-get install $*"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

set --
for command in prometheus prometheus-node-exporter prometheus-alertmanager prometheus-pushgateway victoria-metrics docker-registry curl zip; do
	[ -x "/usr/bin/$command" ] || set -- "$@" "$command"
done
[ $# = 0 ] || packages "$@"

# mail installs Exim. Its package would start a server for this machine's mail.
mail() {
	[ -x /usr/sbin/exim4 ] && return
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ] || [ "$(id -u)" != 0 ]; then
		packages exim4-daemon-light
		return
	fi
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
	trap 'rm -f "$policy"' EXIT
	packages exim4-daemon-light
	rm -f "$policy"
	trap - EXIT
}
mail

# What a built server depends on: the toolchain, the flags, the module's pins.
version=3.15.0
ldflags="-s -w -X github.com/prometheus/common/version.Version=$version"
stamp=$({ go env GOVERSION GOOS GOARCH && echo "$ldflags" && cat "$here/prometheus/go.mod" "$here/prometheus/go.sum"; } | cksum)
if [ -x "$dir/prometheus" ] && [ -x "$dir/promtool" ] && [ "$(cat "$dir/prometheus.stamp" 2>/dev/null)" = "$stamp" ]; then
	echo "servers: Prometheus $version is in $dir"
else
	echo "servers: building Prometheus $version into $dir (about three minutes of CPU)"
	rm -f "$dir/prometheus.stamp"
	(cd "$here/prometheus" && nice go build -mod=readonly -tags remove_all_sd -trimpath -ldflags "$ldflags" -o "$dir/" \
		github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool)
	echo "$stamp" >"$dir/prometheus.stamp"
fi

# image installs what builds and runs a container image.
image() {
	set --
	for command in podman buildah crun runc; do
		command -v "$command" >/dev/null || set -- "$@" "$command"
	done
	[ $# = 0 ] || packages "$@"
}
image

# browser installs what the page is looked at with: Chromium, Node and the modules that testdata/browser pins.
browser() {
	set --
	[ -x /usr/bin/chromium ] || set -- "$@" chromium
	command -v node >/dev/null || set -- "$@" nodejs
	command -v npm >/dev/null || set -- "$@" npm
	command -v pdftotext >/dev/null || set -- "$@" poppler-utils
	command -v qpdf >/dev/null || set -- "$@" qpdf
	[ $# = 0 ] || packages "$@"

	modules=$(cksum <"$here/../browser/package-lock.json")
	if [ "$(cat "$dir/browser/stamp" 2>/dev/null)" = "$modules" ]; then
		echo "servers: the browser's modules are in $dir/browser"
		return
	fi
	echo "servers: npm ci into $dir/browser"
	mkdir -p "$dir/browser"
	cp "$here/../browser/package.json" "$here/../browser/package-lock.json" "$dir/browser/"
	(cd "$dir/browser" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error)
	echo "$modules" >"$dir/browser/stamp"
}
browser

# stepfunctions installs the interpreter of state machines that testdata/stepfunctions pins.
stepfunctions() {
	need node "browser should have installed it"
	modules=$(cksum <"$here/../stepfunctions/package-lock.json")
	if [ "$(cat "$dir/stepfunctions/stamp" 2>/dev/null)" = "$modules" ]; then
		echo "servers: the interpreter of Step Functions is in $dir/stepfunctions"
		return
	fi
	echo "servers: npm ci into $dir/stepfunctions"
	mkdir -p "$dir/stepfunctions"
	cp "$here/../stepfunctions/package.json" "$here/../stepfunctions/package-lock.json" "$dir/stepfunctions/"
	(cd "$dir/stepfunctions" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error)
	echo "$modules" >"$dir/stepfunctions/stamp"
}
stepfunctions

# grafana installs the modules that testdata/grafana pins. Their own dependencies are not pinned.
grafana() {
	need node "browser should have installed it"
	modules=$({ node --version && cat "$here/../grafana/package.json"; } | cksum)
	if [ "$(cat "$dir/grafana-data/stamp" 2>/dev/null)" = "$modules" ]; then
		echo "servers: @grafana/data is in $dir/grafana-data"
		return
	fi
	echo "servers: npm install of @grafana/data into $dir/grafana-data (137 MB, about 20 seconds)"
	rm -rf "$dir/grafana-data"
	mkdir -p "$dir/grafana-data"
	cp "$here/../grafana/package.json" "$dir/grafana-data/"
	(cd "$dir/grafana-data" && npm install --ignore-scripts --legacy-peer-deps --no-package-lock \
		--no-audit --no-fund --loglevel error)
	echo "$modules" >"$dir/grafana-data/stamp"
}
grafana

# tool installs a program whose module needs no wrapper: NAME PACKAGE@VERSION COST
tool() {
	stamp="$(go env GOVERSION GOOS GOARCH | tr '\n' ' ')$2"
	if [ -x "$dir/$1" ] && [ "$(cat "$dir/$1.stamp" 2>/dev/null)" = "$stamp" ]; then
		echo "servers: $1 is in $dir"
		return
	fi
	echo "servers: building $1 into $dir ($3)"
	rm -f "$dir/$1.stamp"
	(cd "$dir" && GOFLAGS='' GOBIN="$dir" nice go install -trimpath -ldflags '-s -w' "$2")
	echo "$stamp" >"$dir/$1.stamp"
}
# An S3 that verifies signatures and knows conditional writes.
tool versitygw github.com/versity/versitygw/cmd/versitygw@v1.8.0 "about a minute and a half of CPU"
tool victoria-metrics github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@v1.150.0 "about 20 seconds of CPU"
tool helm helm.sh/helm/v4/cmd/helm@v4.3.1 "about two minutes of CPU"
tool kubeconform github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0 "seconds"

# wrapped installs programs from the module beside this script that pins them: MODULE TAGS LDFLAGS COST NAME=PACKAGE...
wrapped() {
	module=$1 tags=$2 flags=$3 cost=$4
	shift 4
	stamp=$({ go env GOVERSION GOOS GOARCH && echo "$tags$flags" && cat "$here/$module/go.mod" "$here/$module/go.sum"; } | cksum)
	for program in "$@"; do
		name=${program%%=*}
		if [ -x "$dir/$name" ] && [ "$(cat "$dir/$name.stamp" 2>/dev/null)" = "$stamp" ]; then
			echo "servers: $name is in $dir"
			continue
		fi
		echo "servers: building $name into $dir ($cost)"
		rm -f "$dir/$name.stamp"
		(cd "$here/$module" && GOFLAGS='' CGO_ENABLED=0 nice go build -mod=readonly -tags "$tags" -trimpath -ldflags "$flags" -o "$dir/$name" "${program#*=}")
		echo "$stamp" >"$dir/$name.stamp"
	done
}
wrapped thanos slicelabels '-s -w' "about three minutes of CPU" thanos=github.com/thanos-io/thanos/cmd/thanos
wrapped etcd '' '-s -w' "about half a minute of CPU" etcd=go.etcd.io/etcd/server/v3
# Without a version of its own an API server says v0.0.0, which charts' kubeVersion refuses.
kubernetes=1.36.3
versions="-X k8s.io/component-base/version.gitVersion=v$kubernetes -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=36"
wrapped kubernetes '' "-s -w $versions -X k8s.io/client-go/pkg/version.gitVersion=v$kubernetes" "one to five minutes of CPU, 2 GB of memory" \
	kube-apiserver=k8s.io/kubernetes/cmd/kube-apiserver kube-controller-manager=k8s.io/kubernetes/cmd/kube-controller-manager \
	kubectl=k8s.io/kubernetes/cmd/kubectl
