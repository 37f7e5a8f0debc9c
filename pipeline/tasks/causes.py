"""Which causes of failure a command has told: several tasks that fail for one cause give one line."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
from typing import Any

from pipeline.tasks.shared import briefly

_OF_THE_MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN,
}  # fmt: skip
"""Errors that are one cause whichever file they meet."""
_DIGEST = 8
_MOST = 512


class Causes:
    """The causes told so far, over all forked workers of the command."""

    def __init__(self) -> None:
        # Made before luigi forks: what one child tells the others know.
        self._told: Any = multiprocessing.RawArray("c", _DIGEST * _MOST)
        self._count: Any = multiprocessing.RawValue("i", 0)
        self._lock = multiprocessing.Lock()
        self._again: Any = multiprocessing.RawValue("i", 0)

    def is_first(self, line: str, error: BaseException | None = None) -> bool:
        """Whether nothing has told the cause before. It is told from now on; a task whose line is left out counts."""
        digest = hashlib.blake2b(_cause(line, error).encode(), digest_size=_DIGEST).digest()
        with briefly(self._lock):
            count = self._count.value
            # Not .value, which ends at a zero byte.
            told = self._told.raw[: count * _DIGEST]
            if any(told[at : at + _DIGEST] == digest for at in range(0, len(told), _DIGEST)):
                self._again.value += 1
                return False
            if count < _MOST:
                self._told[count * _DIGEST : (count + 1) * _DIGEST] = digest
                self._count.value = count + 1
            return True

    @property
    def again(self) -> int:
        """How many tasks failed for a cause that another had told."""
        return int(self._again.value)


def _cause(line: str, error: BaseException | None) -> str:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, OSError) and error.errno in _OF_THE_MACHINE:
            return f"errno {error.errno}"
        error, seen = error.__cause__ or error.__context__, seen + 1
    return line


causes = Causes()
