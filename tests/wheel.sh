#!/usr/bin/env bash
# The wheel works outside of a checkout: it plans what the checkout plans, byte for byte, and its main job succeeds.
# The container file copies what is needed to build it, and the action's installation installs it.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$(realpath -s "${PYTHON:-$(command -v python)}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m build --quiet --wheel --outdir "$work/dist" .
"$python" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "$work"/dist/*.whl
for contract in highwayapi v3-openai chat-conversation myrouter basic-gateway; do
    "$python" -m conformance plan --contract "$contract" --seed 7 --json > "$work/checkout.json"
    (cd "$work" && venv/bin/chat-conformance plan --contract "$contract" --seed 7 --json > wheel.json)
    cmp "$work/checkout.json" "$work/wheel.json"
done
(cd "$work" && venv/bin/chat-conformance run --depth smoke --out run && test -s run/report.html)

mkdir "$work/source" "$work/copied"
for name in $(awk '$1 == "COPY" && $2 !~ /^--/ { for (n = 2; n < NF; n++) print $n }' Containerfile); do
    cp -r "$name" "$work/source/"
done
"$python" -m build --quiet --wheel --outdir "$work/copied" "$work/source"
files() { "$python" -m zipfile --list "$1"/*.whl | awk '{ print $1 }' | sort; }
diff <(files "$work/dist") <(files "$work/copied")

install=$("$python" -c 'import sys; from ruamel.yaml import YAML
print(next(step["run"] for step in YAML(typ="safe").load(open("action.yml"))["runs"]["steps"] if step.get("id") == "install"))')
mkdir "$work/runner"
(cd "$work" && PATH="$(dirname "$python"):$PATH" RUNNER_TEMP="$work/runner" GITHUB_OUTPUT="$work/outputs" GITHUB_ACTION_PATH="$OLDPWD" bash -e -c "$install")
(cd "$work" && runner/chat-conformance/bin/chat-conformance --version)
if test -f conformance/report/selfcheck.json; then # the figures of the self-proof travel with the release
    grep -q '"killed": [0-9]' "$work/run/report.json"
fi
echo "the wheel plans as the checkout does, and its main job succeeds"
