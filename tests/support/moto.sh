#!/usr/bin/env bash
# The virtual environment build/venv: moto, an emulator of AWS, and boto3, a client that is not ours.
#   moto.sh installed   exit 0 when it is there and complete
#   moto.sh install     makes it
# needs: python3 with venv and pip. The extra s3 with flask serves all that we use; moto[server] would be twice the size.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
requirements=$here/requirements.txt
venv=${KEDGE_VENV:-$here/../../build/venv}

installed() { cmp -s "$requirements" "$venv/complete"; }

install() {
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -r "$requirements"
  cp "$requirements" "$venv/complete"
}

case ${1:-} in
  installed) installed ;;
  install) installed || install ;;
  *) sed -n '2,5p' "$0" >&2 && exit 2 ;;
esac
