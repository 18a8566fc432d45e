#!/usr/bin/env bash
# Plan one environment: plan.sh staging|production. The plan and its text are kept in var/terraform/<environment>/.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=${1:?usage: plan.sh staging|production}
root=terraform/environments/$environment
kept=$PWD/var/terraform/$environment
[ -f "$root/fleet.tfvars.json" ] || { echo "$root/fleet.tfvars.json is missing: copy example.tfvars.json and fill it in." >&2; exit 2; }
[ -n "${STATE_ACCOUNT:-}" ] || { echo "STATE_ACCOUNT must name the storage account of the state (terraform/bootstrap)." >&2; exit 2; }

mkdir -p "$kept"
terraform -chdir="$root" init -input=false -reconfigure \
  -backend-config="storage_account_name=$STATE_ACCOUNT" -backend-config="container_name=$environment" \
  -backend-config="key=terraform.tfstate" > "$kept/init.txt"

# Which image each colour boots is known to the release journal alone.
colours=()
if [ -n "${PICKLEFLEET_STORE:-}" ]; then
  .venv/bin/picklefleet release assignments --terraform > "$kept/colours.tfvars.json"
  colours=(-var-file="$kept/colours.tfvars.json")
fi

terraform -chdir="$root" plan -input=false -var-file=fleet.tfvars.json "${colours[@]}" -out="$kept/plan" > /dev/null
terraform -chdir="$root" show -no-color "$kept/plan" | tee "$kept/plan.txt"
