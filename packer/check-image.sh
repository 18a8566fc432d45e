#!/usr/bin/env bash
# Look at a machine that is about to become an image: check-image.sh SERVICE_IMAGE_ID. Anything amiss ends the build.
set -euo pipefail

image=${1:?usage: check-image.sh sha256:...}
failed=0
amiss() { echo "AMISS: $*" >&2; failed=1; }

# Hygiene: nothing of this machine, and nothing that is secret, goes into every machine made from it.
[ ! -s /etc/machine-id ] || amiss "/etc/machine-id is not empty: every machine would have one identity"
compgen -G '/etc/ssh/ssh_host_*' > /dev/null && amiss "SSH host keys are left: every machine would have the same"
find /etc/picklefleet \( -name "*.key" -o -name "*.pem" \) -type f | grep . && amiss "keys are left"
find /etc/picklefleet/secrets -type f | grep . && amiss "secrets are left"
find /var/lib/picklefleet/machine -type f | grep . && amiss "files of a machine are left"
find /root /home -name authorized_keys -size +0 2> /dev/null | grep . && [ -z "${container:-}" ] && amiss "somebody's SSH key is left"

# Services: what starts at the first boot, and what must not run before.
for unit in docker picklefleet.target picklefleet-first-boot picklefleet-agent picklefleet-edge picklefleet-worker picklefleet-follow@blue.path picklefleet-follow@green.path; do
  systemctl is-enabled --quiet "$unit" || amiss "$unit is not enabled"
done
for unit in picklefleet-agent picklefleet-edge picklefleet-worker picklefleet@blue picklefleet@green; do
  ! systemctl is-active --quiet "$unit" || amiss "$unit runs while the image is baked"
done
systemd-analyze verify /etc/systemd/system/picklefleet-first-boot.service || amiss "the first boot's unit is wrong"


# The service: carried as an archive by its id, and able to answer a model's golden rows without any network.
[ -f "/var/lib/picklefleet/images/${image#sha256:}.tar" ] || amiss "the service image's archive is not carried"
docker image inspect --format '{{.Id}}' "$image" | grep -qx "$image" || amiss "the service image is not the one named"
docker run --rm --network none --read-only --tmpfs /tmp:size=512m,mode=1777 \
  --shm-size 64m --workdir /tmp --env HOME=/tmp \
  --volume "$(dirname "$0")/check_model.py:/opt/check_model.py:ro" --entrypoint python "$image" /opt/check_model.py \
  || amiss "a model does not answer its golden rows"

[ "$failed" -eq 0 ] && echo "The machine is clean, complete and answers."
exit "$failed"
