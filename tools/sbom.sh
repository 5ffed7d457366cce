#!/usr/bin/env bash
# A CycloneDX bill of materials and a licence list, of the built layers and of the development environment, in dist/sbom.
set -euo pipefail
cd "$(dirname "$0")/.."
OUT=dist/sbom
LAYERS=(.aws-sam/build/{Base,Litert,Duckdb}Layer/python)
mkdir -p "$OUT"

# asked for its module path, this interpreter names what a function sees and nothing of this machine
SEES=$(mktemp)
trap 'rm -f "$SEES"' EXIT
joined=$(IFS=:; echo "${LAYERS[*]/#/$PWD/}")
printf '#!/bin/sh\nPYTHONPATH=%q exec %q -S "$@"\n' "$joined" "$PYTHON313" >"$SEES"
chmod +x "$SEES"

describe() { # name, interpreter
  PYTHONWARNINGS=ignore .venv-supply/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --sv 1.6 \
    -o "$OUT/$1.cdx.json" "$2"
}
describe deployed "$SEES"
describe development .venv

site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
.venv/bin/python tools/licences.py "${LAYERS[@]/#/Deployed=}" "Development=$site" >"$OUT/licences.md"
ls -1 "$OUT"/*
