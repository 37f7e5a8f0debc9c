"""Designs per second and peak memory of the model against the same network run on every design by itself.

``python bench/bench_models.py [--kernels 1,8,32] [--designs 64] [--threads N] [--model hmoe-2]``

The graphs are random but of the size and shape of HLSyn's (400 nodes, 1200 edges, 335 one-hot edge columns, 153 node
columns, 8 nodes in scope). Weights are the same in both. Every measurement runs in a process of its own; peak memory is
that process's, beyond what it held once its libraries were loaded. Three ways of prediction:

* a batch as training sees it, the kernels encoded anew for each batch;
* the same with the kernels' encodings kept, as when a space is scored in batches of this size;
* a stream of many designs of one kernel through ``pipeline.models.predict``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.models import DesignModel, KernelGraph, ModelConfig, collate, collate_designs, joint_loss, predict
from tests.models.graphs import random_designs, random_kernel
from tests.models.plain import PlainModel, design_batch, plain_tensors

FEATURES, EDGES = 153, 335


def kernels(count: int) -> list[KernelGraph]:
    """Graphs of HLSyn-like size."""
    return [
        random_kernel(
            seed, nodes=400, edges=1200, blocks=25, scope=8, features=FEATURES, classes=EDGES, name=f"kernel {seed}"
        )
        for seed in range(count)
    ]


def setting(model: str, count: int, designs: int) -> tuple[ModelConfig, list[KernelGraph], list[tuple[int, Tensor]]]:
    """Configuration, kernels, and designs dealt evenly over the kernels."""
    config = ModelConfig.published(model, FEATURES, EDGES)
    graphs = kernels(count)
    spread = [(i % count, random_designs(graphs[i % count], 1, i)[0]) for i in range(designs)]
    return config, graphs, spread


def repeated(work: Callable[[], object], budget: float, most: int) -> float:
    """The least seconds that the work takes (others may use the machine), over 1 to ``most`` runs within the budget."""
    taken: list[float] = []
    while not taken or (sum(taken) < budget and len(taken) < most):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def measure(what: str, model: str, count: int, designs: int, threads: int) -> tuple[float, float]:
    """Seconds per batch (per design for a stream), and peak MiB beyond the start."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    before = peak()
    config, graphs, spread = setting(model, count, designs)
    net = DesignModel(config)
    labels = torch.rand(designs, len(config.targets))
    work: Callable[[], object]
    warm_up, budget, most = 3, 3.0, 50
    way, phase = what.split()
    if way == "plain":
        plain = PlainModel(config)
        plain.load_state_dict(plain_tensors(config, net.state_dict()))
        plain.train(phase == "train")
        optimiser = torch.optim.Adam(plain.parameters(), 5e-4)
        warm_up, budget, most = 0, 12.0, 3
        chosen = [(graphs[kernel], values) for kernel, values in spread]
        small = design_batch(chosen[:2], EDGES)
        with torch.inference_mode():
            plain(small)
        # Collated in advance, as by a loader in the background.
        data = design_batch(chosen, EDGES)

        def plain_predict() -> None:
            with torch.inference_mode():
                plain(data)

        def plain_train() -> None:
            optimiser.zero_grad()
            joint, _, _, low, high = plain(data)
            loss = ((joint[..., 0] - labels) ** 2).mean(0).sum() + config.low_balance * low
            loss = loss + config.high_balance * high
            loss.backward()
            optimiser.step()

        work = plain_predict if phase == "predict" else plain_train
    elif way == "stream":
        net.eval()
        values = random_designs(graphs[0], designs, 1)

        def stream() -> None:
            for _ in predict(net, graphs[0], [values]):
                pass

        work, warm_up, most = stream, 1, 3
    else:
        batch, points = collate(graphs), collate_designs(spread)
        net.train(phase == "train")
        kept = net.encode(batch).detach() if way == "kept" else None
        adam = torch.optim.Adam(net.parameters(), 5e-4)

        def fast_predict() -> None:
            with torch.inference_mode():
                net(batch if way == "kept" else collate(graphs), points, kept)

        def fast_train() -> None:
            adam.zero_grad()
            loss = joint_loss(net(collate(graphs), points), labels, config)
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()

        work = fast_predict if phase == "predict" else fast_train
    for _ in range(warm_up):
        work()
    seconds = repeated(work, budget, most)
    return seconds, peak() - before


def peak() -> float:
    """The largest resident size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(*arguments: object) -> tuple[float, float]:
    """``measure`` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, arguments)


def main() -> None:
    """Prints one block of lines per number of kernels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", default="1,8,32")
    parser.add_argument("--designs", type=int, default=64)
    parser.add_argument("--stream", type=int, default=20000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--model", default="hmoe-2")
    options = parser.parse_args()
    designs, threads, model = options.designs, options.threads, options.model
    print(f"{model}, batch of {designs} designs, {threads} threads, torch {torch.__version__}; x = times the plain one")
    plain_speed = 0.0
    for count in map(int, options.kernels.split(",")):
        print(f"{count} kernel(s)")
        for phase, ways in (("predict", ("plain", "fast", "kept")), ("train", ("plain", "fast"))):
            base, base_memory = 0.0, 0.0
            for way in ways:
                seconds, memory = apart(f"{way} {phase}", model, count, designs, threads)
                base, base_memory = base or seconds, base_memory or memory
                if way == "plain" and phase == "predict":
                    plain_speed = designs / seconds
                name = {"plain": "plain", "fast": "once per kernel", "kept": "encoding kept"}[way]
                print(
                    f"  {phase:<8}{name:<18}{designs / seconds:>12,.1f} designs/s{base / seconds:>9.1f} x"
                    f"{memory:>10,.0f} MiB{base_memory / max(memory, 0.1):>9.1f} x less",
                    flush=True,
                )
    seconds, memory = apart("stream predict", model, 1, options.stream, threads)
    speed = options.stream / seconds
    ratio = f"{speed / plain_speed:>9.1f} x" if plain_speed else ""
    print(f"  stream of {options.stream:,} designs   {speed:>12,.1f} designs/s{ratio}{memory:>10,.0f} MiB")
    print(f"  a million designs: {1e6 / speed:,.0f} s")


if __name__ == "__main__":
    main()
