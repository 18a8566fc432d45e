#!/usr/bin/env bash
# Apply the plan that was shown: apply.sh staging|production. While a release moves anything it waits for its turn.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=${1:?usage: apply.sh staging|production}
root=terraform/environments/$environment
kept=$PWD/var/terraform/$environment
[ -f "$kept/plan" ] || { echo "There is no plan: make plan ENVIRONMENT=$environment" >&2; exit 2; }
[ -n "${STATE_ACCOUNT:-}" ] || { echo "STATE_ACCOUNT must name the storage account of the state (terraform/bootstrap)." >&2; exit 2; }

terraform -chdir="$root" init -input=false -reconfigure \
  -backend-config="storage_account_name=$STATE_ACCOUNT" -backend-config="container_name=$environment" \
  -backend-config="key=terraform.tfstate" > "$kept/init.txt"
apply=(terraform -chdir="$root" apply -input=false "$kept/plan")
# A release and an apply hold the same claim: neither changes scale sets under the other.
[ -z "${PICKLEFLEET_STORE:-}" ] || apply=(.venv/bin/picklefleet release exclusively -- "${apply[@]}")
"${apply[@]}"
