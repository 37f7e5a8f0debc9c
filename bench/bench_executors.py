"""What an executor adds to a run, against the same process started by ``subprocess.run`` in a loop.

The process is ``/bin/true``, which takes no time, so all of it is our side's. A pool of spawned processes stands for
the alternative to threads. Usage: ``python bench/bench_executors.py [JOBS]`` (400 by default).
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.synthesis.executors import LicencePool, check_cancelled, held_descriptors, make_executor, run_all

WORKERS = 4
REPEATS = 3
LICENCES = 4


def one_run(job: str) -> str:
    """A tool that takes no time, with its licence."""
    check_cancelled()
    subprocess.run(["/bin/true"], pass_fds=held_descriptors(), check=True)
    return job


def least(work: Callable[[], None]) -> float:
    """Least seconds over the repeats."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Prints milliseconds a job and the ratio to the loop; start and end of an executor apart."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    jobs = {str(number): str(number) for number in range(count)}
    print(f"{count} runs of /bin/true, best of {REPEATS}; {WORKERS} workers where there are any")

    def loop() -> None:
        for job in jobs:
            one_run(job)

    baseline = least(loop) / count

    def tell(name: str, seconds: float, start: float) -> None:
        a_job = seconds / count
        print(
            f"{name:32} {1000 * a_job:7.2f} ms a job  {a_job / baseline:6.2f} x the loop  "
            f"{1000 * (a_job - baseline):+7.2f} ms    start {start:6.3f} s"
        )

    tell("subprocess.run in a loop", baseline * count, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        pool = LicencePool(Path(folder) / "licences", LICENCES)
        kinds = ["serial", "local"] + (["dask"] if importlib.util.find_spec("distributed") else [])
        for kind in kinds:
            options = {"scratch": folder} if kind == "dask" else {}
            began = time.perf_counter()
            with make_executor(kind, workers=WORKERS, options=options) as executor:
                start = time.perf_counter() - began
                for name, licences in ((kind, None), (f"{kind}, {LICENCES} licences in a folder", pool)):

                    def through(executor=executor, licences=licences) -> None:  # type: ignore[no-untyped-def]
                        for done in run_all(executor, one_run, jobs, licences=licences):
                            done.unwrap()

                    tell(name, least(through), start)
        if "dask" not in kinds:
            print("dask: not installed (pip install 'hls-moe-pipeline[farm]')")
    began = time.perf_counter()
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn")) as processes:
        list(processes.map(one_run, list(jobs)[:WORKERS]))
        start = time.perf_counter() - began

        def mapped() -> None:
            for _ in processes.map(one_run, jobs):
                pass

        tell("a pool of spawned processes", least(mapped), start)


if __name__ == "__main__":
    main()
