"""``python -m pipeline TASK ...``: luigi with this package's tasks; without a task, what there is."""

from __future__ import annotations

import sys


def main(arguments: list[str] | None = None) -> None:
    """Runs luigi on the arguments; exits with luigi's code."""
    from pipeline import before_luigi, last_words

    last_words.settle_streams()
    sys.excepthook = last_words.hook
    last_words.catch_signals()
    before_luigi.complete_what_is_clear()
    before_luigi.start_quickly()
    from luigi.retcodes import run_with_retcodes

    import pipeline.tasks
    from pipeline.tasks import defaults

    pipeline.tasks.messages.install(command_line_of_ours=True)
    given = sys.argv[1:] if arguments is None else arguments
    defaults.install(given)
    if not given or given[0] in ("-h", "--help", "help"):
        from pipeline.tasks import COMMANDS
        from pipeline.tasks.help import overview

        last_words.show(overview(COMMANDS))
        sys.exit(0)
    if not any(argument.split("=")[0] == "--module" for argument in given):
        given = ["--module", "pipeline", *given]
    run_with_retcodes(given)


if __name__ == "__main__":
    main()
