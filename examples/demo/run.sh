#!/usr/bin/env bash
# Shows kedge's main job on loopback. Called by `./dev demo`, which installs and builds what it needs.
#   run.sh KEDGE PYTHON DIRECTORY     the built binary; a Python that has moto and boto3; where to leave the files
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec "${2:?python}" -B "$here/demo.py" --kedge "${1:?kedge}" --directory "${3:?directory}"
