#!/usr/bin/env bash
# Shows what becomes of a host that was changed. Called by `./dev demo host`, which installs and builds what it needs.
#   run.sh KEDGE DIRECTORY     the built binary; where to leave the files
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kedge=$(realpath "${1:?kedge}") directory=$(realpath -m "${2:?directory}")
demo=(python3 -B "$here/demo.py" --kedge "$kedge" --directory "$directory")

# The management network is the demo's own; the machine's is not touched.
spaces=(unshare --net --mount)
for program in ip nft busybox nsenter; do
  command -v "$program" > /dev/null || exec "${demo[@]}" --without "there is no program '$program'"
done
if [ "$(id -u)" = 0 ]; then
  why=$("${spaces[@]}" mount -t tmpfs tmpfs /srv 2>&1) || exec "${demo[@]}" --without "$why"
  exec "${spaces[@]}" "${demo[@]}"
fi
exec "${demo[@]}" --without "it takes root"
