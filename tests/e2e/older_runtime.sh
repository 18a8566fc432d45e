#!/usr/bin/env bash
# A pickle of an older scikit-learn is refused with the very command that then serves it. Run by .ci/run.
set -euo pipefail
cd "$(dirname "$0")/../.."

runtime=sklearn-1.6
port=8016
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

echo "Making a pickle in $runtime …"
make --no-print-directory "RUNTIME=$runtime" ".venv-$runtime/.service"
".venv-$runtime/bin/python" - "$work" <<'PY'
import json, pickle, sys
from sklearn.datasets import load_iris
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

frame, truth = load_iris(return_X_y=True, as_frame=True)
model = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=10, random_state=0)).fit(frame, truth)
with open(f"{sys.argv[1]}/iris.pkl", "wb") as file:
    pickle.dump(model, file)
row = frame.iloc[[77]]
with open(f"{sys.argv[1]}/expected.json", "w") as file:
    json.dump({"row": row.to_dict("records")[0], "shares": model.predict_proba(row)[0].tolist()}, file)
PY

echo "It must be refused here, with the command that serves it …"
if .venv/bin/picklefleet inspect "$work/iris.pkl" > "$work/refusal.txt" 2>&1; then
  echo "The pickle of $runtime was not refused:"; cat "$work/refusal.txt"; exit 1
fi
command="make run RUNTIME=$runtime MODEL=$work/iris.pkl"
grep -F "$command" "$work/refusal.txt" || { echo "No '$command' in:"; cat "$work/refusal.txt"; exit 1; }

echo "… and that command must serve it."
export PICKLEFLEET_STORE=$work/store PICKLEFLEET_MACHINE_DIR=$work/machine PICKLEFLEET_KEYS_DIR=$work/keys
$command "PORT=$port" > "$work/log.txt" 2>&1 &
server=$!
for _ in $(seq 300); do
  curl -fs "http://127.0.0.1:$port/readyz" > /dev/null 2>&1 && break
  kill -0 "$server" 2> /dev/null || { cat "$work/log.txt"; exit 1; }
  sleep 0.2
done
.venv/bin/python - "$work" "$port" <<'PY'
import json, sys, urllib.request

expected = json.load(open(f"{sys.argv[1]}/expected.json"))
body = json.dumps({"instances": [expected["row"]]}).encode()
request = urllib.request.Request(
    f"http://127.0.0.1:{sys.argv[2]}/api/v1/predict", body, {"Content-Type": "application/json"}
)
answer = json.load(urllib.request.urlopen(request, timeout=30))
shares = list(answer["predictions"][0]["probabilities"].values())
assert shares == expected["shares"], (shares, expected["shares"])
print("The same probabilities as its maker's, to the last bit:", shares)
PY
kill "$server"
wait "$server" 2> /dev/null || true
server=
