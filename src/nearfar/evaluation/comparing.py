"""Two results on the same pictures: is the difference more than chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nearfar.errors import ParameterError
from nearfar.evaluation.bootstrap import Drawing, paired
from nearfar.evaluation.figures import is_higher_better
from nearfar.evaluation.runs import columns, names_of

if TYPE_CHECKING:
    Document = dict[str, Any]

SURE = 0.05
"""Differences of which p is smaller are called differences."""


def compare(first: Document, second: Document, drawing: Drawing) -> Document:
    """The difference of every figure that both results have, by a paired bootstrap over common pictures.

    Raises:
        ParameterError: the results are of other sets or rules, or have no picture in common.
    """
    _check_alike(first, second)
    by_name = [{row["image"]: row for row in document["rows"]} for document in (first, second)]
    common = [name for name in by_name[0] if name in by_name[1]]
    if not common:
        raise ParameterError("The two results have no picture in common.", "Judge both on one set.")
    rows = [[side[name] for name in common] for side in by_name]
    groups = [row["clip"] for row in rows[0]]
    shared = [name for name in names_of(rows[0]) if name in names_of(rows[1])]
    if not shared:
        raise ParameterError("The two results have no figure in common.", "Judge predictions of one kind.")
    return {
        "protocol": first["protocol"]["name"],
        "set": first["set"]["name"],
        "split": first["set"]["split"],
        "first": first["model"],
        "second": second["model"],
        "images": len(common),
        "only_first": len(by_name[0]) - len(common),
        "only_second": len(by_name[1]) - len(common),
        "bootstrap": drawing.describe(),
        "figures": {name: _figure(name, rows, groups, drawing) for name in shared},
    }


def _check_alike(first: Document, second: Document) -> None:
    """ParameterError where two results cannot be set against each other."""
    for what, key in (
        ("protocol", ("protocol", "name")),
        ("set", ("set", "name")),
        ("split", ("set", "split")),
    ):
        a, b = (document[key[0]][key[1]] for document in (first, second))
        if a != b:
            raise ParameterError(
                f"The first result is of the {what} '{a}', the second of '{b}'.", "Judge both alike."
            )
    tracks = [_judging(document) for document in (first, second)]
    if tracks[0] != tracks[1]:
        raise ParameterError(
            "The two results were judged by other crops, caps or cuts.",
            "Judge both with the same flags; the rules stand in the results under protocol.rules.",
        )


def _judging(document: Document) -> Any:
    """What decides on which pixels count: alignments may differ, as kinds of predictions do."""
    rules = document["protocol"]["rules"]
    return rules["cut"], [(track["name"], track["crop"], track["valid_m"]) for track in rules["tracks"]]


def _figure(name: str, rows: list[list[Document]], groups: list[str], drawing: Drawing) -> Document:
    (part, whole), (other, other_whole) = (columns(side, name) for side in rows)
    is_both = (whole > 0) & (other_whole > 0)
    if not is_both.any():
        return {"images": 0}
    kept = [group for group, keep in zip(groups, is_both, strict=True) if keep]
    a, b = (part[is_both], whole[is_both]), (other[is_both], other_whole[is_both])
    found = paired(a, b, kept, drawing)
    sign = 1 if is_higher_better(name) else -1
    each = b[0] / b[1] - a[0] / a[1]
    is_sure = found.p < SURE
    verdict = "second" if sign * found.difference > 0 else "first"
    return {
        "images": int(is_both.sum()),
        "first": float(a[0].sum() / a[1].sum()),
        "second": float(b[0].sum() / b[1].sum()),
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "second_better_on": int(np.count_nonzero(sign * each > 0)),
        "first_better_on": int(np.count_nonzero(sign * each < 0)),
        "better": verdict if is_sure else "no difference shown",
    }
