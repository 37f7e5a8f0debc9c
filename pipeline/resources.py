"""Where the data that ships with the package lies: the kernel suite, the cached reports, the tool's templates, what is
known of other kernels.

In a checkout these folders stand beside the package; the wheel carries them inside it, under ``data/``.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import PipelineError

_PACKAGE = Path(__file__).resolve().parent
_HOLDS = {"kernels": "*/*.c", "reports": "*/*.zip", "hls_templates": "*.j2", "models": "*/card.json"}


def shipped_folder(name: str) -> Path:
    """The folder ``kernels``, ``reports``, ``hls_templates`` or ``models`` that came with this package.

    Raises PipelineError where the installation lacks it.
    """
    # What stands beside an installed package is not ours, so the wheel's own folder comes first.
    for folder in (_PACKAGE / "data" / name, _PACKAGE.parent / name):
        if _holds(folder, name):
            return folder
    raise PipelineError(f"the package lacks its folder {name}", file=str(_PACKAGE), fix="install the package again")


def data_folder(name: str) -> Path:
    """The folder of that name in the current folder where it holds what it should, else :func:`shipped_folder`.

    So a checkout's own data serve whoever works in it, whatever is installed, and a folder that is only called alike is
    passed over. Raises PipelineError as :func:`shipped_folder` does.
    """
    here = Path.cwd() / name
    return here if _holds(here, name) else shipped_folder(name)


def _holds(folder: Path, name: str) -> bool:
    found = folder.glob(_HOLDS[name])
    return any(name != "kernels" or file.stem == file.parent.name for file in found)
