#!/usr/bin/env bash
# Runs a test that says with an exit code of its own that something which it needs is not installed.
#   needed.sh CODE COMMAND...   as COMMAND ends; but where nothing may be skipped (KEDGE_TEST_ALL, as `./dev test --all`
#                               sets it) CODE is a failure, as KEDGE_NEEDS makes it for tests in C++
set -uo pipefail
code=${1:?exit code} status=0
shift
# What the command starts belongs to whoever started us.
export KAFKA_OWNER=${KAFKA_OWNER:-$PPID}
"$@" || status=$?
if [ "$status" = "$code" ] && [ -n "${KEDGE_TEST_ALL:-}" ]; then
  echo "nothing may be skipped here" >&2
  exit 1
fi
exit "$status"
