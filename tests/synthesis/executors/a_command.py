"""A command of its own, for tests that interrupt or kill it.

Its arguments: KIND WORKERS LICENCES FOLDER COUNT SECONDS PREFIX ADDRESS.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.synthesis.executors import LicencePool, make_executor, run_all
from tests.synthesis.executors.counting import counted_jobs, run_counted


def main() -> None:
    kind, workers, licences, folder, count, seconds, prefix, address = sys.argv[1:]
    place = Path(folder)
    jobs = counted_jobs(place, int(count), float(seconds), prefix)
    pool = LicencePool(place / "licences", int(licences))
    options = {"address": address} if address else {}
    with make_executor(kind, workers=int(workers), options=options) as executor:
        for done in run_all(executor, run_counted, jobs, licences=pool):
            print(done.job_id, done.unwrap(), flush=True)


if __name__ == "__main__":
    main()
