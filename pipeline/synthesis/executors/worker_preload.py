"""What a Dask worker process does first: it ties its life to its parent's (``--preload`` of this module).

distributed lets a worker end when a pipe from its parent closes, which a thread of the worker has to notice; the
kernel needs nobody (prctl(2), PR_SET_PDEATHSIG, Linux).
"""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any

PR_SET_PDEATHSIG = 1


def dask_setup(worker: Any) -> None:
    """Called by distributed in the worker's main thread."""
    parent = os.getppid()
    # In a job script the worker may be the first process of a container, or its parent a shell: only a nanny counts.
    if getattr(worker, "nanny", None) is None or parent <= 1:
        return
    # An interrupt is for the command's first process, which ends its workers; here it would only be a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
