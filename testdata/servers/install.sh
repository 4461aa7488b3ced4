#!/bin/sh
# Installs the servers that the acceptance tests run, where they are missing:
#
#   testdata/servers/install.sh [DIR]     DIR is .cache/servers in the repository where it is not given
#
#   DIR/prometheus, DIR/promtool          Prometheus 3, built from the module beside this script, and rebuilt when that changes
#   /usr/bin/prometheus                   Debian's Prometheus and node_exporter, from apt (as root)
#   /usr/bin/prometheus-node-exporter
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

missing=
for command in prometheus prometheus-node-exporter curl; do
	[ -x "/usr/bin/$command" ] || missing="$missing $command"
done
if [ -n "$missing" ]; then
	need apt-get "the acceptance tests need Debian's packages:$missing"
	if [ "$(id -u)" != 0 ]; then
		echo "run as root, then again: apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	echo "servers: apt-get install$missing"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

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
