"""Reports of a kernel that an earlier version filed under another hash of it."""

from __future__ import annotations

from dataclasses import replace

from pipeline.kernels import Kernel
from pipeline.kernels.former import former_hash
from pipeline.synthesis.store import ReportStore


def take_over(store: ReportStore, kernel: Kernel) -> int:
    """Files the kernel's reports under its present hash too, where they are under its former one; how many.

    Costs a listing of the store where no kernel of this name has another hash.
    """
    others = [
        address for address in store.addresses(kernel=kernel.name) if address.kernel_hash not in ("", kernel.ast_hash)
    ]
    if not others or (former := former_hash(kernel)) is None:
        return 0
    count = 0
    for address in others:
        if address.kernel_hash == former:
            present = replace(address, kernel_hash=kernel.ast_hash)
            there = store.stored(present, store.keys(address))
            missing = [entry for entry in store.entries(address) if entry.key not in there]
            store.put_batch(present, missing)
            count += len(missing)
    return count
