"""What every task that reads a kernel takes beside its name: compiler flags, further files, the top function."""

from __future__ import annotations

import shlex

import luigi

from pipeline.errors import PipelineError
from pipeline.project import Flags, parse_flags

CFLAGS = "--cflags"


class KernelOptions:
    """The options, for tasks with one or more kernels; ``[kernel]`` in luigi.cfg holds what they are by default."""

    top = luigi.Parameter(
        default="",
        config_path={"section": "kernel", "name": "top"},
        description="top function, where the file leaves it open",
    )
    cflags = luigi.Parameter(
        default="",
        config_path={"section": "kernel", "name": "cflags"},
        description='compiler flags, as "-I include -DN=64"; the tool gets them too',
    )
    files = luigi.Parameter(
        default="",
        config_path={"section": "kernel", "name": "files"},
        description="further C files that the kernel is made of, comma-separated",
    )

    @property
    def asked(self) -> list[str]:
        """These options as they are typed, without those left alone."""
        given = {"top": self.top, "cflags": self.cflags, "files": self.files}
        return [shlex.quote(f"--{name}={value}") for name, value in given.items() if value]


def flags_of(cflags: str) -> Flags:
    """The flags of ``[vitis] options``, which the tool has always got, and those of the option after them.

    Raises PipelineError for flags that are none.
    """
    from pipeline.tasks.vitis import pairs, section, vitis

    own = pairs(section(vitis).options, "vitis").get("cflags", "")
    return parse_flags(own, "[vitis] options cflags") + parse_flags(cflags, CFLAGS)


def joined(words: list[str]) -> list[str]:
    """A command line with the value of ``--cflags`` joined to it: argparse takes ``-DN=4`` for an option of its own."""
    found: list[str] = []
    following = iter(words)
    for word in following:
        if word == CFLAGS or (word.startswith("--") and word.endswith("-cflags") and word[2:3].isupper()):
            value = next(following, None)
            found.append(word if value is None else f"{word}={value}")
        else:
            found.append(word)
    return found


def single(kernels: int, option: str, **given: str) -> None:
    """Raises PipelineError where options that describe one kernel are given with several; ``option`` names them."""
    named = [f"--{name}" for name, value in given.items() if value]
    if named and kernels != 1:
        verb = "goes" if len(named) == 1 else "go"
        raise PipelineError(f"{' and '.join(named)} {verb} with a single kernel", fix=f"name it with {option}")
