#!/bin/sh
# Makes the report of the clusters that promlab serves at the URL $1.
set -eu
mkdir -p promsnap-out
sed "s,{url},$1," testdata/demo/fleet.yaml >promsnap-out/fleet.yaml
bin/promsnap fleet run daily -c promsnap-out/fleet.yaml || [ $? = 1 ] # a cluster is down
