#!/usr/bin/env bash
# Bake a machine image: bake.sh azure|local. Its version is the commit's time, its tags say what it was made from.
# Needs packer, docker, openssl and ansible on the PATH, the service image (make image), and for Azure a signed-in `az`.
set -euo pipefail
cd "$(dirname "$0")/.."

where=${1:?usage: bake.sh azure|local}
name=${IMAGE:-picklefleet:local}
keys=${PICKLEFLEET_KEYS_DIR:-var/keys}
kept=$PWD/var/packer
mkdir -p "$kept/trust"

image=$(docker image inspect --format '{{.Id}}' "$name") || { echo "There is no image $name: make image" >&2; exit 2; }
[ -f "$keys/trust.json" ] || { echo "$keys/trust.json is missing: what machines trust (picklefleet trust init)." >&2; exit 2; }
if [ "$where" = azure ]; then # every machine of terraform/ tells its metrics there: without, its agent would not start
  docker run --rm --entrypoint python "$image" -c 'import azure.monitor.opentelemetry.exporter' 2> /dev/null ||
    { echo "$name can't tell Azure Monitor anything: make image EXTRAS=\"azure-monitor plots\"" >&2; exit 2; }
fi
cp "$keys/trust.json" "$kept/trust/trust.json" # public keys alone: what is secret comes at the first boot
docker save --output "$kept/picklefleet.tar" "$name"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=check \
  -keyout "$kept/key.pem" -out "$kept/certificate.pem" 2> /dev/null
cat "$kept/certificate.pem" "$kept/key.pem" > "$kept/edge.pem" && rm "$kept/certificate.pem" "$kept/key.pem"

# A gallery wants three numbers without leading zeros: year, month and day, hour and minute of the commit.
version=$(TZ=UTC git log -1 --format=%cd --date=format-local:'%Y %m%d %H%M' | awk '{printf "%d.%d.%d", $1, $2, $3}')
commit=$(git rev-parse --short=12 HEAD)
locks=$(cat requirements.txt runtimes/*.txt | sha256sum | cut -c1-12)
variables=(
  -var "version=$version" -var "service_image=$image" -var "archive=$kept/picklefleet.tar" -var "trust=$kept/trust"
  -var "certificate=$kept/edge.pem"
  -var "tags={\"commit\"=\"$commit\",\"locks\"=\"$locks\",\"service-image\"=\"${image#sha256:}\"}"
)

templates=packer
if packer version | grep -q 'v1\.6\.'; then
  rm -rf "$kept/old" && python3 packer/derive.py "$kept/old/packer" && templates=$kept/old/packer
else
  packer init packer
fi
case $where in
  azure) packer build -only='azure-arm.machine' "${variables[@]}" "$templates" ;;
  local) packer build -only='docker.machine' "${variables[@]}" "$templates" ;;
  *) echo "bake.sh azure|local" >&2; exit 2 ;;
esac
echo "$version" > "$kept/version"
echo "Machine image $version (commit $commit, locks $locks, service image ${image:7:12})"
