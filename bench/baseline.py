"""How long does the baseline of a tree take, beside aide and sha256sum?

  baseline.py [--root /usr] [--rounds 3]

The tree of --root, read from the page cache as far as it fits, by everybody in turns within each round:
  kedge      `kedge baseline create` with one and with two threads: every file's SHA-256, and the rest of the manifest
  again      `kedge baseline verify --quick`: what a second look costs when nothing has changed
  sha256sum  `find -type f | xargs sha256sum` with one process and with two: the digests and nothing else
  aide       `aide --init` with two workers, SHA-256 alone and the same attributes; where it is installed
Seconds by the clock and of a core (user and system, with children). Figures are medians; ratios are taken within a round, against
the fastest of the others. Files are read by their owner's rights: as root, everything.
"""

import os
import resource
import shutil
import subprocess
import time

from stage.place import Place, arguments
from stage.processes import end_on_signals
from stage.report import goal, headline, median, table

AIDE = """database_in=file:{place}/aide.db
database_out=file:{place}/aide.db
gzip_dbout=no
num_workers=2
report_url=file:{place}/aide.report
All = p+u+g+n+s+m+l+ftype+caps+sha256
{root} All
"""


def measure(command, good=(0,), shell=False):
    """(seconds by the clock, seconds of a core)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    done = subprocess.run(command, shell=shell, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds = time.monotonic() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in good:
        raise SystemExit(f"bench: {command} ended with {done.returncode}: {done.stderr}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ways(place, root):
    """Name and command of everybody, ours first."""
    manifest = os.path.join(place.directory, "manifest")
    files = f"find '{root}' -xdev -type f -print0 | xargs -0 -n 500"
    found = {f"kedge, {jobs} thread{'s' * (jobs > 1)}":
             dict(command=[place.kedge, "baseline", "create", "--root", root, "--output", manifest, "--jobs", str(jobs)], good=(0, 1))
             for jobs in (1, 2)}
    found["kedge, again"] = dict(command=[place.kedge, "baseline", "verify", "--quick", "--root", root, manifest], good=(0, 1))
    for processes in (1, 2):
        found[f"sha256sum -P{processes}"] = dict(command=f"{files} -P{processes} sha256sum", good=(0, 123), shell=True)
    if shutil.which("aide") is not None:
        settings = os.path.join(place.directory, "aide.conf")
        with open(settings, "w") as file:
            file.write(AIDE.format(place=place.directory, root=root))
        found["aide --init"] = dict(command=["aide", "--init", "--config", settings])
    return found


def main():
    parser = arguments(__doc__)
    parser.add_argument("--root", default="/usr")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    place = Place("baseline", options)
    headline("How long does the baseline of a tree take, beside aide and sha256sum?", place)
    everybody = ways(place, os.path.realpath(options.root))
    measure(**everybody["kedge, 2 threads"])  # into the page cache
    rounds = []
    for _ in range(options.rounds):
        rounds.append({name: measure(**way) for name, way in everybody.items()})
    peers = [name for name in everybody if not name.startswith("kedge")]

    def of_fastest(name, which):
        return median([each[name][which] / min(each[peer][which] for peer in peers) for each in rounds])

    table(["", "by the clock", "of a core", "clock, of the fastest", "core, of the fastest"],
          [[name, *(f"{median([each[name][which] for each in rounds]):.1f} s" for which in (0, 1)),
            *(f"{of_fastest(name, which):.2f}" for which in (0, 1))] for name in everybody])
    clock = of_fastest("kedge, 2 threads", 0)
    goal(f"faster than the fastest of the others, by the clock: {clock:.2f} of its time", clock < 1)
    core = of_fastest("kedge, 2 threads", 1)
    goal(f"and on a core: {core:.2f} of its time", core < 1)


if __name__ == "__main__":
    end_on_signals()
    main()
