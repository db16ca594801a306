#!/usr/bin/env bash
# A log of kedge, read by what others have written (main.go): it must find nothing wrong with it, and see what is.
#   check.sh KEDGE MAKE_LOG FOLDER     FOLDER is made anew
set -euo pipefail
kedge=$(realpath "$1") make_log=$(realpath "$2") folder=$3
peer=$folder/peer
rm -rf "$folder"
mkdir -p "$folder"
folder=$(realpath "$folder") peer=$folder/peer
(cd "$(dirname "${BASH_SOURCE[0]}")" && go build -o "$peer" .)
"$make_log" "$folder"
cd "$folder"

says() {
  local wanted=$1 said
  shift
  said=$("$@" 2>&1) || true
  [[ $said == *"$wanted"* ]] || { echo "$*: says '$said', not '$wanted'" >&2 && exit 1; }
  echo "$said"
}
damaged() { # FILE BYTE: that byte of the file becomes another
  cp -r log bad
  printf '\xff' | dd of="bad/$1" bs=1 seek="$2" conv=notrunc status=none
  says "$3" "$peer" log.pub bad
  rm -rf bad
}

says "66000 entries are what was signed" "$peer" log.pub log kept/*
says "136 pairs of checkpoints are consistent" "$peer" log.pub log kept/*
for number in 0 7 255 256 30001 65999; do
  "$kedge" audit prove "$number" --log log --output-file proof --record-file record > /dev/null
  says "is entry $number of 66000" "$peer" -proof proof log.pub record
  printf x >> record
  says "invalid transparency proof" "$peer" -proof proof log.pub record
done
damaged tile/entries/100 300 "hash mismatch"
damaged tile/0/200 40 "hash mismatch"
damaged tile/1/000 40 "downloaded inconsistent tile"
damaged checkpoint 25 "malformed note"
sed 's/^65536$/65535/' kept/65536 > kept/forged
says "invalid signature" "$peer" log.pub log kept/forged
