"""Merlin's pragmas in terms of plain Vitis HLS: a plan for every loop, and what is lost on the way.

What Merlin makes of its pragmas is known from its published outputs (Sisyphus artifact, FPGA 2024) and from AutoDSE
(TODAES 2022); what the tool makes of its directives from UG1399.
"""

from __future__ import annotations

from typing import Literal

from pipeline.kernels.loop_record import LoopRecord
from pipeline.synthesis.lowering import directive
from pipeline.synthesis.lowering.asked import Asked
from pipeline.synthesis.lowering.plan import LoopPlan, Plan
from pipeline.synthesis.lowering.prepare import Prepared
from pipeline.synthesis.lowering.restructure import jam, reduction, unsplittable
from pipeline.synthesis.lowering.result import Done, SiteOutcome

Reassociate = Literal["never", "clause", "always"]
"""When a floating-point sum may be put in another order: never, where a reduction clause allows it, in every loop that
is made parallel."""
MOST_COPIES = 1024
"""Copies that the text of a lowered loop holds at most; above, the tool unrolls by directive."""


def decide(prepared: Prepared, wanted: dict[LoopRecord, Asked], reassociate: Reassociate) -> Plan:
    """The plan for a design point."""
    return _Decision(prepared, wanted, reassociate).plan()


class _Decision:
    def __init__(self, prepared: Prepared, wanted: dict[LoopRecord, Asked], reassociate: Reassociate) -> None:
        self.prepared = prepared
        self.wanted = wanted
        self.reassociate = reassociate
        self.result = Plan()
        self.flattened: dict[LoopRecord, str] = {}
        """Loops that a pipeline around them unrolls, with what asked for it."""
        self.refused_flatten: dict[LoopRecord, str] = {}

    def plan(self) -> Plan:
        self._flatten()
        # Callees first: whether a call holds a rolled loop decides what can be done around it.
        for function in reversed(self._order()):
            for record in self.prepared.readers[function].records:
                if record.parent is None:
                    self._loop(record, jammed=False)
        order = [record for reader in self.prepared.readers.values() for record in reader.records]
        self.result.loops = {record: self.result.loops[record] for record in order}
        self.result.outcomes.sort(key=lambda item: (item.site, item.loop))
        return self.result

    def _order(self) -> list[str]:
        """Functions, callers before callees as far as there is no recursion."""
        order: list[str] = []
        state: set[str] = set()

        def visit(name: str) -> None:
            if name in state:
                return
            state.add(name)
            for call, _ in self.prepared.calls[name]:
                visit(call.name.name)
            order.append(name)

        for name in self.prepared.readers:
            visit(name)
        return order[::-1]

    # Flatten: a pipeline that unrolls everything inside ------------------------------------------------------------

    def _flatten(self) -> None:
        for record, asked in self.wanted.items():
            if asked.pipeline != "flatten" or record in self.flattened:
                continue
            inner = self._everything_inside(record)
            endless = next((loop for loop in inner if loop.trip is None), None)
            if endless is not None:
                self.refused_flatten[record] = (
                    f"the loop on line {endless.node.coord.line} inside has no fixed number of iterations and cannot "
                    "be unrolled"
                )
                continue
            for loop in inner:
                self.flattened[loop] = asked.pipeline_site or "flatten"

    def _everything_inside(self, record: LoopRecord) -> list[LoopRecord]:
        inner = self.prepared.below(record)
        for function in sorted(self.prepared.called(record)):
            inner += self.prepared.readers[function].records
        return inner

    # One loop -------------------------------------------------------------------------------------------------------

    def _loop(self, record: LoopRecord, *, jammed: bool) -> None:
        asked = self.wanted[record]
        plan = self.result.loops[record] = LoopPlan()
        children = self.prepared.children(record)
        # Children are planned first; whether this loop's copies move into them is known only after, and then they are
        # planned again with that knowledge.
        marks = len(self.result.outcomes)
        for child in children:
            self._loop(child, jammed=jammed)
        calls = any(
            not self.result.loops[loop].full
            for function in self.prepared.called(record)
            for loop in self.prepared.readers[function].records
            if loop in self.result.loops
        )
        fine = not calls and all(self.result.loops[loop].full for loop in self.prepared.below(record))
        if record in self.flattened:
            self._unrolled(record, asked, plan)
            return
        self._parallel(record, asked, plan, fine=fine, jammed=jammed)
        if plan.copies == "jam":
            del self.result.outcomes[marks:]
            for child in children:
                self._loop(child, jammed=True)
            self._parallel(record, asked, plan, fine=fine, jammed=jammed)
        self._tile(record, asked, plan)
        self._pipeline(record, asked, plan, fine=fine)
        if record.trip is None and record.trip_max is not None:
            plan.directives.append(directive.tripcount(record.trip_min or 0, record.trip_max))

    def _unrolled(self, record: LoopRecord, asked: Asked, plan: LoopPlan) -> None:
        plan.full = True
        plan.factor = record.trip or 1
        plan.copies = "pragma"
        if not asked.hls_unroll:
            plan.directives.append(directive.UNROLL)
        by = self.flattened[record]
        if asked.hls_pipeline:
            # The tool stops at a pipelined loop that it has to unroll (HLS 214-274).
            self.result.unpipelined.add(record)
            self.result.notes.append(
                f"the source's #pragma HLS pipeline on {self.prepared.ids[record]} gives way to the pipeline of {by}"
            )
        lost = f"the loop is unrolled by the pipeline of {by} around it"
        if asked.pipeline_site is not None:
            self._say(asked.pipeline_site, record, asked.pipeline or "",
                      Done.APPLIED if asked.pipeline == "off" else Done.NO_EFFECT,
                      "" if asked.pipeline == "off" else lost)  # fmt: skip
        if asked.parallel_site is not None:
            alone = asked.parallel in (1, None)
            self._say(asked.parallel_site, record, str(asked.parallel or ""),
                      Done.APPLIED if alone else Done.NO_EFFECT, "" if alone else lost)  # fmt: skip
        if asked.tile_site is not None:
            alone = asked.tile == 1
            self._say(asked.tile_site, record, str(asked.tile), Done.APPLIED if alone else Done.NO_EFFECT,
                      "" if alone else lost)  # fmt: skip

    def _parallel(self, record: LoopRecord, asked: Asked, plan: LoopPlan, *, fine: bool, jammed: bool) -> None:
        site = asked.parallel_site
        if site is None:
            return
        trip = record.trip
        factor = asked.parallel if asked.parallel is not None else trip
        value = "" if asked.parallel is None else str(asked.parallel)
        if factor is None:
            self._say(site, record, value, Done.APPROXIMATED, "sequential: the number of iterations varies")
            return
        if trip is not None:
            factor = min(factor, max(trip, 1))
        if factor == 1:
            self._say(site, record, value, Done.APPLIED, "")
            return
        if asked.hls_pipeline and factor == trip:
            self._say(site, record, value, Done.APPROXIMATED, "sequential: the source's own #pragma HLS pipeline stays")
            return
        if asked.hls_unroll:
            self._say(site, record, value, Done.NO_EFFECT, "the source's own #pragma HLS unroll stays")
            return
        plan.factor = factor
        if fine:
            self._fine(record, asked, plan, site, value)
            return
        moved = jam(self.prepared, record)
        reason = moved if isinstance(moved, str) else None
        if reason is None and not isinstance(moved, str) and jammed and moved.spread:
            reason = "copies of a loop around it are moved into it already, and both need variables of their own"
        if reason is None and factor > MOST_COPIES:
            reason = f"more than {MOST_COPIES} copies"
        if reason is None and self._calls_inside(record):
            reason = "it calls functions that hold loops"
        if reason is not None or isinstance(moved, str):
            plan.factor = 1
            self._say(site, record, value, Done.APPROXIMATED, f"sequential: {reason}")
            return
        plan.copies, plan.jam = "jam", moved
        plan.full = factor == trip
        self._say(
            site,
            record,
            value,
            Done.APPROXIMATED,
            "the copies run side by side inside the inner loops, where Merlin duplicates whole loop nests",
        )

    def _calls_inside(self, record: LoopRecord) -> bool:
        return any(self.prepared.readers[name].records for name in self.prepared.called(record))

    def _fine(self, record: LoopRecord, asked: Asked, plan: LoopPlan, site: str, value: str) -> None:
        plan.full = plan.factor == record.trip
        plan.copies = "pragma"
        how = ""
        allowed = self.reassociate == "always" or (self.reassociate == "clause" and asked.reduction is not None)
        if allowed and plan.factor <= MOST_COPIES:
            found = reduction(self.prepared, record, asked.reduction)
            if isinstance(found, str):
                if asked.reduction is not None:
                    how = f"unrolled in order, the sum stays a chain: {found}"
            else:
                plan.copies, plan.reduction = "sum", found
                how = f"the terms of {found.symbol.name} are added as a tree"
        elif asked.reduction is not None:
            how = "unrolled in order, the sum stays a chain"
        self._say(site, record, value, Done.APPLIED, how)

    def _tile(self, record: LoopRecord, asked: Asked, plan: LoopPlan) -> None:
        site, tile = asked.tile_site, asked.tile
        if site is None:
            return
        value = str(tile)
        if tile == 1:
            self._say(site, record, value, Done.APPLIED, "")
            return
        reason = unsplittable(self.prepared, record)
        trip = record.trip
        if trip is None:
            self._say(site, record, value, Done.NO_EFFECT, "not tiled: the number of iterations varies")
        elif tile >= -(-trip // plan.factor):
            self._say(site, record, value, Done.NO_EFFECT, "not tiled: a tile would hold all iterations")
        elif reason is not None:
            self._say(site, record, value, Done.APPROXIMATED, f"not tiled: {reason}")
        else:
            plan.tile = tile
            plan.tile_directives.append(directive.PIPELINE_OFF)
            self._say(site, record, value, Done.APPLIED, "strip-mined; buffers stay at the top of the kernel")

    def _pipeline(self, record: LoopRecord, asked: Asked, plan: LoopPlan, *, fine: bool) -> None:
        site, value = asked.pipeline_site, asked.pipeline
        mine: list[directive.LoweredDirective] = []
        done, how = Done.APPLIED, ""
        if plan.full:
            mine.append(directive.UNROLL)
            if value == "off" or value is None:
                how = ""
            else:
                done, how = Done.NO_EFFECT, "the loop is unrolled completely by its own factor"
        elif asked.hls_pipeline:
            how = "the source's own #pragma HLS pipeline stays"
            done = Done.NO_EFFECT if site else done
        elif value is None:
            if record.innermost and fine:
                mine.append(directive.PIPELINE)
        elif value == "off":
            mine.append(directive.PIPELINE_OFF)
        elif (value == "flatten" and record not in self.refused_flatten) or fine:
            mine.append(directive.PIPELINE)
        else:
            done = Done.APPROXIMATED
            how = "the loop runs one iteration after another: Vitis HLS has no pipeline over loops that stay rolled"
            if record in self.refused_flatten:
                how = f"not pipelined: {self.refused_flatten[record]}"
            self._keep_apart(record)
        if plan.copies == "pragma" and not plan.full:
            # A tile holds whole groups of copies; where the last tile is not full, its body is guarded.
            divides = plan.tile > 0 or (record.trip is not None and record.trip % plan.factor == 0)
            mine.append(directive.unroll(plan.factor, divides=divides))
        if plan.tile:
            mine.append(directive.NO_FLATTEN)
        plan.directives[:0] = mine
        if site is not None:
            self._say(site, record, value or "", done, how)

    def _keep_apart(self, record: LoopRecord) -> None:
        """Merlin keeps a coarse pipeline's loop as it is; the tool is kept from merging it with a loop inside."""
        for child in self.prepared.children(record):
            plan = self.result.loops[child]
            where = plan.tile_directives if plan.tile else plan.directives
            if not plan.full and directive.NO_FLATTEN not in where:
                where.append(directive.NO_FLATTEN)

    def _say(self, site: str, record: LoopRecord, value: str, done: Done, how: str) -> None:
        self.result.outcomes.append(SiteOutcome(site, self.prepared.ids[record], value, done, how))
