"""What is known before the first run: labels of other kernels, gathered once."""

from __future__ import annotations

from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.outputs import FolderTarget


class GatherHistories(LoopTask):
    """Reads the labels of other kernels that the search starts from; what is there later is not looked at again."""

    def output(self) -> FolderTarget:
        """``warm-start/`` among the rounds: features and results a kernel, and ``histories.json``."""
        return FolderTarget(self.loop.histories_folder)

    def run(self) -> None:
        """Reads and writes; kernels whose C is not at hand are named and left out."""
        from pipeline.loop.histories import gather_histories

        addresses = self.follow(list(self.loop.other_addresses()), "labels of other kernels")
        with self.output().write() as folder:
            gather_histories(self.loop, addresses, folder)


class LearnProcesses(LoopTask):
    """Learns from the labels of other kernels how designs resemble each other, once for all rounds."""

    def requires(self) -> GatherHistories:
        """The labels."""
        before: GatherHistories = self.clone(GatherHistories)
        return before

    def output(self) -> FolderTarget:
        """``processes/`` among the rounds: the files of the processes, none where there is too little to learn from."""
        return FolderTarget(self.loop.processes_folder)

    def run(self) -> None:
        """Learns, where the search uses it."""
        from pipeline.exploration.meta_processes import STEPS, tell_what_is_usual
        from pipeline.loop.histories import histories_of, learn_from

        histories = histories_of(self.loop) if self.loop.uses_processes() else []
        with self.output().write() as folder:
            if tell_what_is_usual(histories):
                with self.following(STEPS, f"learning from {len(histories)} label sets of other kernels") as advance:
                    learn_from(self.loop, histories, folder, advance)
