"""The data card states what is in the tables, and the same tables give the same card."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pipeline.dataset.build import build_tables
from pipeline.dataset.card import card_markdown, data_card
from pipeline.dataset.schemas import TABLES, write_table
from pipeline.dataset.splits import split_table
from tests.dataset.label_sets import hlsyn, labelled, plain
from tests.dataset.test_build import KERNEL, ROWS, SPACE


def test_card_counts_hashes_and_warns(tmp_path: Path) -> None:
    tables = build_tables(ROWS, {"top": KERNEL}, {"top": SPACE})
    tables["splits"] = split_table(tables["labels"])
    card = data_card(tables, {"seed": 7, "inputs": {"estimator": {"sha256": "0" * 64}}})
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    assert list(card["tables"]) == list(TABLES)
    for name, table in tables.items():
        write_table(tmp_path / name, name, table)
        stated = card["tables"][name]["sha256"]
        assert stated == (hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() if name != "runs" else None)
    assert card["sources"]["vitis-2024.2"]["status"] == {"licence": 1, "ok": 1, "timeout": 1}
    assert card["sources"]["vitis-2024.2"]["licence"] == "not recorded"
    assert card["kernels"]["top"]["kernel_hash"] == KERNEL.ast_hash
    assert card["statistics"]["estimator"]["cycles"]["median"] == 60
    assert card["provenance"]["seed"] == 7
    assert any("estimates by an analytical model" in warning for warning in card["warnings"])
    assert any("2 sources" in warning for warning in card["warnings"])
    page = card_markdown(card)
    assert "estimates by an analytical model" in page
    assert "2024-01-01" not in page + json.dumps(card), "times stay in runs"
    later = build_tables(ROWS[::-1], {"top": KERNEL}, {"top": SPACE})
    later["splits"] = tables["splits"]
    assert data_card(later, card["provenance"]) == card


def test_an_empty_dataset_has_a_card_that_says_so() -> None:
    card = data_card(build_tables([], {}, {}), {})
    assert card["warnings"] == ["The dataset has no labels."]
    assert card_markdown(card)


def test_published_sets_are_credited() -> None:
    card = data_card(build_tables(labelled(hlsyn()) + labelled(plain()), {}, {}), {})
    assert {name: facts["licence"] for name, facts in card["sources"].items()} == dict.fromkeys(
        ("hlsyn-v18", "hlsyn-v20", "vitis-plain"), "CC BY-SA 4.0"
    )
    assert all(facts["attribution"] in card_markdown(card) for facts in card["sources"].values())
    assert card["sources"]["vitis-plain"]["outside_space"] is None
    assert card["sources"]["vitis-plain"]["status"] == {"ok": 4_256, "failed_unspecified": 2_301, "no_verdict": 3}
