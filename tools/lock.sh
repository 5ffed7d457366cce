#!/usr/bin/env bash
# Write every lock: exact versions, hashes of all their files, and no address of any registry.
# Layers follow the versions of requirements/dev.txt, so that tests and functions run the same code.
set -euo pipefail
cd "$(dirname "$0")/.."
UV=$(realpath "$UV")
export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() { # folder, input, output, flags...
  local folder=$1 input=$2 output=$3
  shift 3
  (cd "$folder" && "$UV" pip compile --quiet --upgrade --generate-hashes --no-emit-index-url \
    --no-emit-find-links "$@" "$input" -o "$output")
  echo "$folder/$output"
}

compile requirements dev.in dev.txt --universal --python-version 3.11
compile requirements sam.in sam.txt --universal --python-version 3.11
compile requirements scan.in scan.txt --universal --python-version 3.11
compile requirements bench.in bench.txt --universal --python-version 3.11
compile requirements shap.in shap.txt --universal --python-version 3.11
compile requirements supply.in supply.txt --universal --python-version 3.11
compile requirements lock.in lock.txt --universal --python-version 3.11
compile requirements peers.in peers.txt --universal --python-version 3.11
compile requirements tflite.in tflite.txt --python-version 3.11 --python-platform linux
compile requirements ministack.in ministack.txt --python-version 3.13 --python-platform linux
compile requirements runtime.in runtime.txt --python-version 3.13 --python-platform linux -c dev.txt
compile requirements cold.in cold.txt --python-version 3.13 --python-platform linux -c dev.txt -c runtime.txt
for layer in base litert duckdb; do
  compile "layers/$layer" requirements.in requirements.txt --python-version 3.13 --python-platform linux \
    -c ../../requirements/dev.txt
done
