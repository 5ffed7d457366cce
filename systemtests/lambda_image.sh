#!/usr/bin/env bash
# Make a local image that stands in for public.ecr.aws/lambda/python:3.13, for machines that cannot pull the real one.
#
# It holds what the real one has where the real one has it: CPython under /var/lang, the runtime client and boto3 under
# /var/runtime, and the entry point. CPython and the C library are this machine's own. It lacks everything else, so it
# proves packaging and handlers, not AWS's operating system.
#
# usage: PYTHON313=/path/to/python3.13 lambda_image.sh RUNTIME_FOLDER      (root is not needed, a Docker daemon is)
set -euo pipefail

runtime=$1
processor=$(uname -m)
tag=public.ecr.aws/lambda/python:3.13-${processor/aarch64/arm64}
made_from=$(cat "$0" "$runtime/.ready" "$PYTHON313" | sha256sum | cut -c1-16)
if [ "$(docker image inspect -f '{{index .Config.Labels "made-from"}}' "$tag" 2>/dev/null)" = "$made_from" ]; then
  exit 0
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,usr/bin,tmp,proc,sys,dev,etc/pki/tls/certs,opt,var/task,var/runtime,var/rapid,var/lang/bin,var/lang/lib}
chmod 1777 "$root/tmp"

# a shell, and the commands that SAM's Dockerfile calls
cp /bin/busybox "$root/bin/"
for name in sh mv cp rm ls chmod mkdir cat env; do ln -s busybox "$root/bin/$name"; done
ln -s /bin/env "$root/usr/bin/env"

# the interpreter and its standard library, compiled, without what never runs in a function
prefix=$("$PYTHON313" -c 'import sys; print(sys.base_prefix)')
cp "$prefix/bin/python3.13" "$root/var/lang/bin/"
tar -C "$prefix/lib" -cf - --exclude='python3.13/test' --exclude='python3.13/idlelib' --exclude='python3.13/ensurepip' \
  --exclude='python3.13/config-*' --exclude='python3.13/site-packages/*' --exclude='__pycache__' python3.13 |
  tar -C "$root/var/lang/lib" -xf -
cp -R "$runtime/." "$root/var/runtime/"
"$PYTHON313" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / \
  "$root/var/lang/lib/python3.13" "$root/var/runtime" >/dev/null || true # some of the library's own samples do not compile

# every shared library that those load, at the path where the loader will look
libraries() {
  ldd "$prefix/bin/python3.13" "$prefix"/lib/python3.13/lib-dynload/*.so 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*' | grep -v ':$'
  for name in libstdc++.so.6 libgcc_s.so.1 libm.so.6 libdl.so.2 librt.so.1 libpthread.so.0 libnss_dns.so.2 libnss_files.so.2; do
    ldconfig -p | awk -v name="$name" '$1 == name && !seen++ {print $NF}' # to the end, or ldconfig breaks its pipe
  done
}
libraries | sort -u | while read -r library; do
  case $library in
    *lib-dynload*) ;;
    "$prefix"/*) cp -L "$library" "$root/var/lang/lib/" ;;
    *) cp -L --parents "$library" "$root/" ;;
  esac
done

cp /etc/ssl/certs/ca-certificates.crt "$root/etc/pki/tls/certs/ca-bundle.crt"
printf 'root:x:0:0:root:/root:/bin/sh\nsbx_user1051:x:993:990::/tmp:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"

cat >"$root/var/runtime/start.py" <<'PYTHON'
"""Put the task, then the layers, before the runtime's own packages, as Lambda does; then serve invocations."""
import os
import sys

sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], "/opt/python/lib/python3.13/site-packages", "/opt/python"]
from awslambdaric.__main__ import main

main(["bootstrap", os.environ["_HANDLER"]])
PYTHON
cat >"$root/var/runtime/bootstrap" <<'SHELL'
#!/bin/sh
export AWS_EXECUTION_ENV=AWS_Lambda_python3.13 PYTHONPATH=/var/runtime
exec /var/lang/bin/python3.13 /var/runtime/start.py
SHELL
cat >"$root/lambda-entrypoint.sh" <<'SHELL'
#!/bin/sh
export _HANDLER="$1"
[ -n "$AWS_LAMBDA_RUNTIME_API" ] && exec /var/runtime/bootstrap
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
SHELL
chmod 755 "$root/var/runtime/bootstrap" "$root/lambda-entrypoint.sh"

tar -C "$root" -c . | docker import -c "LABEL made-from=$made_from" \
  -c 'ENV PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin LANG=en_US.UTF-8 TZ=:UTC' \
  -c 'ENV LD_LIBRARY_PATH=/var/lang/lib:/var/runtime:/var/task:/var/task/lib:/opt/lib' \
  -c 'ENV LAMBDA_TASK_ROOT=/var/task LAMBDA_RUNTIME_DIR=/var/runtime' \
  -c 'WORKDIR /var/task' -c 'ENTRYPOINT ["/lambda-entrypoint.sh"]' - "$tag" >/dev/null
echo "Made $tag, $(docker image inspect -f '{{.Size}}' "$tag" | awk '{printf "%.0f MB", $1 / 1e6}')."
