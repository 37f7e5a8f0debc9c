"""Which few designs of a kernel to learn from: a coreset by k-means on the model's embeddings, or at random."""

from __future__ import annotations

import hashlib
import warnings

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError
from pipeline.models import DesignModel
from pipeline.terms import ShotsBy
from pipeline.training.data import KernelDesigns
from pipeline.training.forecast import predict_designs

Ints = npt.NDArray[np.int64]


def select_shots(
    model: DesignModel | None,
    designs: KernelDesigns,
    count: int,
    *,
    how: str = ShotsBy.KMEANS,
    seed: int = 0,
    among: npt.NDArray[np.bool_] | None = None,
) -> Ints:
    """(count,) rows of ``designs`` to fine-tune on, ascending and all different; from those usable for regression, or
    ``among`` a mask (N,).

    ``kmeans``: the graph embeddings of the model, in evaluation mode, in ``count`` clusters, and of each the design
    nearest its centre that is not taken yet (arXiv 2410.19225). ``random``: drawn by seed and kernel alone; needs no
    model. Raises PipelineError where there are too few designs.
    """
    if how not in WAYS:
        raise PipelineError(f"no way {how!r} to choose shots", fix=f"choose one of {', '.join(WAYS)}")
    counts = designs.usable if among is None else among
    check_shots(designs, count, counts)
    rows = np.flatnonzero(counts)
    return np.sort(WAYS[ShotsBy(how)](model, designs, rows, count, seed))


def check_shots(designs: KernelDesigns, count: int, among: npt.NDArray[np.bool_]) -> None:
    """Raises PipelineError where ``among``, a mask (N,) of designs, has fewer than ``count``; no model is needed."""
    there = int(among.sum())
    if not 1 <= count <= there:
        raise PipelineError(
            f"{count} shots of {designs.kernel} from {designs.source}, which has {there} designs that count",
            fix=f"choose from 1 to {there}" if there else "choose another kernel or source",
        )


def _at_random(model: DesignModel | None, designs: KernelDesigns, rows: Ints, count: int, seed: int) -> Ints:
    digest = hashlib.sha256(f"{seed} {designs.kernel} {designs.source}".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return draw.choice(rows, size=count, replace=False)


def _of_clusters(model: DesignModel | None, designs: KernelDesigns, rows: Ints, count: int, seed: int) -> Ints:
    if model is None:
        raise PipelineError("k-means shots need a model's embeddings", fix="give a model, or choose random")
    embedding = predict_designs(model, designs.take(rows)).embedding.astype(np.float64)
    return np.asarray(rows[_nearest_to_centres(embedding, count, seed)])


def _nearest_to_centres(points: npt.NDArray[np.float64], count: int, seed: int) -> Ints:
    """The points nearest the centres of ``count`` clusters; where points coincide, the farthest from those chosen."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    different = len(np.unique(points, axis=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        centres = KMeans(min(count, different), n_init=4, random_state=seed).fit(points).cluster_centers_
    distance = ((points[None] - centres[:, None]) ** 2).sum(-1)
    free = np.ones(len(points), bool)
    chosen: list[int] = []
    for centre in np.argsort(distance.min(1), kind="stable"):
        row = int(np.argmin(np.where(free, distance[centre], np.inf)))
        chosen.append(row)
        free[row] = False
    while len(chosen) < count:
        gap = ((points[None] - points[chosen][:, None]) ** 2).sum(-1).min(0)
        row = int(np.argmax(np.where(free, gap, -1.0)))
        chosen.append(row)
        free[row] = False
    return np.array(chosen, np.int64)


WAYS = {ShotsBy.KMEANS: _of_clusters, ShotsBy.RANDOM: _at_random}
"""How shots are chosen, by name."""
