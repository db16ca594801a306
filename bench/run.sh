#!/usr/bin/env bash
# One benchmark by its name. Called by `./dev bench`, which builds what is measured.
#   run.sh NAME [OPTION...]     the program bench/NAME.py with these options
#   run.sh                      which there are, and what each asks
# The Python client of Kafka is in a virtual environment of its own, build/bench/venv.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$here/../build/bench/venv

if [ $# = 0 ]; then
  for program in "$here"/*.py; do
    grep -q 'arguments(__doc__)' "$program" || continue
    printf '%-12s %s\n' "$(basename "$program" .py)" "$(sed -n '1s/^"""//p' "$program")"
  done
  exit
fi
program=$here/$1.py
grep -q 'arguments(__doc__)' "$program" 2> /dev/null || { echo "there is no benchmark '$1'" >&2 && exit 2; }
if ! cmp -s "$here/requirements.txt" "$venv/complete"; then
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/complete"
fi
exec "$venv/bin/python" -B "$program" "${@:2}"
