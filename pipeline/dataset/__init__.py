"""The dataset: published label sets read, tables with checked schemas, splits and the data card.

Light names are here. What needs Arrow lives in its module: :mod:`pipeline.dataset.schemas` (tables, ``write_table``,
``read_table``), :mod:`pipeline.dataset.build` (``build_tables``, ``merge_tables``), :mod:`pipeline.dataset.splits`
(``split_table``) and :mod:`pipeline.dataset.card` (``data_card``, ``card_markdown``). Site names of published sets
become loops in :mod:`pipeline.dataset.site_map`.
"""

from pipeline.dataset.dialects import DIALECTS
from pipeline.dataset.fetch import HLSYN_URL, Fetched, fetch, known_checksum, sha256_of
from pipeline.dataset.labelled import PUBLISHED, LabelledDesign
from pipeline.dataset.published import KernelLabels, PublishedDesign, read_label_set

__all__ = [
    "DIALECTS",
    "HLSYN_URL",
    "PUBLISHED",
    "Fetched",
    "KernelLabels",
    "LabelledDesign",
    "PublishedDesign",
    "fetch",
    "known_checksum",
    "read_label_set",
    "sha256_of",
]
