#!/bin/sh
# Prints the Homebrew formula of a release:
#
#   deploy/homebrew/formula.sh VERSION CHECKSUMS     VERSION without v, CHECKSUMS is checksums.txt
set -eu

version=$1 checksums=$2

# archive prints where Homebrew finds the archive of a platform, and its checksum.
archive() {
	file=promsnap_$1.tar.gz
	sum=$(awk -v file="$file" '$2 == file { print $1 }' "$checksums")
	[ ${#sum} = 64 ] || { echo "$checksums has no SHA-256 of $file" >&2; exit 1; }
	echo "      url \"https://github.com/promsnap/promsnap/releases/download/v$version/$file\""
	echo "      sha256 \"$sum\""
}

# Assigned one by one: a failure inside a here-document would go unnoticed.
darwin_arm64=$(archive darwin_arm64)
darwin_amd64=$(archive darwin_amd64)
linux_arm64=$(archive linux_arm64)
linux_amd64=$(archive linux_amd64)

cat <<EOF
class Promsnap < Formula
  desc "Reports on a Kubernetes fleet out of Prometheus, on a schedule"
  homepage "https://github.com/promsnap/promsnap"
  version "$version"
  license "Apache-2.0"

  on_macos do
    on_arm do
$darwin_arm64
    end
    on_intel do
$darwin_amd64
    end
  end

  on_linux do
    on_arm do
$linux_arm64
    end
    on_intel do
$linux_amd64
    end
  end

  def install
    bin.install "promsnap"
    bash_completion.install "completions/promsnap.bash" => "promsnap"
    zsh_completion.install "completions/promsnap.zsh" => "_promsnap"
    fish_completion.install "completions/promsnap.fish"
  end

  test do
    assert_match "promsnap v#{version}", shell_output("#{bin}/promsnap version")
  end
end
EOF
