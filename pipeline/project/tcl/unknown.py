"""Values that a script alone does not tell, and why a script cannot be read on."""

from __future__ import annotations


class Unknown(str):
    """The value of something that is not done here; ``why`` says what. As a text it is empty."""

    __slots__ = ("why",)
    why: str

    def __new__(cls, why: str) -> Unknown:
        """An unknown value for this reason."""
        made = super().__new__(cls, "")
        made.why = why
        return made


def first_unknown(values: object) -> Unknown | None:
    """The first unknown value of several, None where all are known."""
    return next((value for value in values if isinstance(value, Unknown)), None)  # type: ignore[attr-defined]


class Refused(Exception):
    """The script cannot be read: ``problem`` and the line (from 1) of the file that it stands in."""

    def __init__(self, problem: str, line: int | None = None, file: str | None = None) -> None:
        self.problem, self.line, self.file = problem, line, file
        super().__init__(problem)


class Raised(Exception):
    """An error of the script's own, which ``catch`` may take."""
