#!/usr/bin/env bash
# The wheel works outside of a checkout: it plans what the checkout plans, byte for byte, and its main job succeeds.
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
echo "the wheel plans as the checkout does, and its main job succeeds"
