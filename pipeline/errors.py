"""The one kind of error that users see: a single line that says where, what and what to do."""

from __future__ import annotations


class PipelineError(Exception):
    """A problem with an input or the environment, told in one line.

    ``str(error)`` reads ``file:line:column: problem; fix`` with the parts that are known.
    Line and column count from 1.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        fix: str | None = None,
    ) -> None:
        self.problem = " ".join(problem.split())
        self.file = file
        self.line = line
        self.column = column
        self.fix = " ".join(fix.split()) if fix else None
        super().__init__(str(self))

    def __str__(self) -> str:
        place = self.file or ""
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        text = f"{place}: {self.problem}" if place else self.problem
        return f"{text}; {self.fix}" if self.fix else text

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process boundaries by pickle; keyword arguments are lost without this.
        return (_rebuild, (type(self), self.problem, self.file, self.line, self.column, self.fix))


def _rebuild(
    kind: type[PipelineError],
    problem: str,
    file: str | None,
    line: int | None,
    column: int | None,
    fix: str | None,
) -> PipelineError:
    return kind(problem, file=file, line=line, column=column, fix=fix)
