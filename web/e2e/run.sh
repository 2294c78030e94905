#!/usr/bin/env bash
# Starts the demo on a free port with a data folder of its own, runs the
# browser test against it and ends it.
set -euo pipefail
bin=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
"$bin" demo --data "$work/data" --listen 127.0.0.1:0 >"$work/out" 2>"$work/err" &
pid=$!
finish() {
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
for _ in $(seq 1 600); do
  link=$(sed -n 's/^Open //p' "$work/out")
  [ -n "$link" ] && break
  kill -0 "$pid" 2>/dev/null || { cat "$work/err" >&2; exit 2; }
  sleep 0.5
done
[ -n "${link:-}" ] || { echo "the demo did not start" >&2; cat "$work/err" >&2; exit 2; }
EVIDENT_URL="$link" node "$here/run.mjs" "${SHOTS:-$here/shots}"
