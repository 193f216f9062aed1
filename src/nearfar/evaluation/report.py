"""A model card of results as one HTML file: tables, curves and the worst pictures, nothing from elsewhere."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING, Any

from nearfar.evaluation.charts import Axis, Series, legend, line_chart
from nearfar.evaluation.curves import DISTANCES_M, EDGE_DISTANCES_PX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Document = dict[str, Any]

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --faint: #d9d9de; --soft: #6b6b70; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececf0; --paper: #161618; --faint: #3a3a40; --soft: #a0a0a8; }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.4rem; } h3 { font-size: 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--faint);
  vertical-align: top; }
td.n, th.n { text-align: right; }
small, .soft { color: var(--soft); }
svg { width: 100%; max-width: 720px; height: auto; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .tick { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--faint); }
.key { margin-right: 1.2rem; } .key i { display: inline-block; width: .8rem; height: .8rem;
  margin-right: .4rem; border-radius: 2px; }
figure { margin: 0 0 1.4rem; } figure img { max-width: 100%; display: block; }
figcaption { color: var(--soft); font-size: .9rem; }
"""


def page(results: Sequence[tuple[Document, Sequence[bytes]]], title: str = "") -> str:
    """The HTML page of some results: each a document and the JPEG bytes of its worst pictures."""
    documents = [document for document, _ in results]
    names = [label(document) for document in documents]
    heading = title or "Depth, measured: " + ", ".join(dict.fromkeys(d["model"]["name"] for d in documents))
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(heading)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(heading)}</h1>",
        *(_result(document) for document in documents),
        "<h2>Curves</h2>",
        legend(names),
        *_curves(documents, names),
    ]
    for (document, sheets), name in zip(results, names, strict=True):
        parts.append(_worst(document, sheets, name))
    parts.append("</body></html>\n")
    return "".join(parts)


def label(document: Document) -> str:
    """Model, protocol and set of a result."""
    return f"{document['model']['name']} · {document['protocol']['name']} · {document['set']['name']}"


def _result(document: Document) -> str:
    chosen, model, drawing = document["set"], document["model"], document["bootstrap"]
    expected = f" of {chosen['expected']:,} published" if chosen["expected"] else ""
    counts = f"{document['images']:,} pictures judged{expected}"
    counts += f", {document['pixels']:,} pixels" if document["pixels"] else f", {document['pairs']:,} pairs"
    if document["skipped"]:
        counts += f", {len(document['skipped'])} left out"
    percent = round(100 * drawing["level"])
    rows = [
        ("Model", f"{model['name']} ({model['kind']})"),
        ("Weights", model.get("sha256", "")[:16]),
        ("Run by", " ".join(str(model.get(key, "")) for key in ("engine", "input_size")).strip()),
        ("Set", f"{chosen['title']}, {chosen['split']} {chosen['home']}"),
        ("Terms", chosen["terms"]),
        ("Protocol", f"{document['protocol']['title']} ({document['protocol']['source']})"),
        ("Counts", counts),
        ("Measured", document["time"]),
    ]
    facts = "".join(f"<tr><th>{escape(a)}</th><td>{escape(str(b))}</td></tr>" for a, b in rows if b)
    note = (
        f"In brackets the {percent} % interval of a bootstrap over {drawing['unit']} "
        f"({drawing['resamples']:,} drawings)."
    )
    return (
        f"<h2>{escape(label(document))}</h2>"
        f"{_wide(f'<table>{facts}</table>')}"
        f'<h3>Figures</h3>{_wide(_figures(document))}<p class="soft">{note}</p>'
        f"{_groups(document)}"
        f"<details><summary>Every rule</summary>{_wide(_rules(document))}</details>"
    )


def _wide(table: str) -> str:
    """A table that scrolls by itself where the screen is narrow, also by keyboard."""
    return f'<div class="wide" tabindex="0">{table}</div>'


def _figures(document: Document) -> str:
    rows = [
        f"<tr><th>{escape(name)}</th><td class=n>{_number(row['mean'])}</td>"
        f"<td class=n><small>[{_number(row['low'])}, {_number(row['high'])}]</small></td>"
        f"<td class=n>{row['count']:,}</td><td><small>{row['better']} is better</small></td></tr>"
        for name, row in document["figures"].items()
    ]
    heads = "".join(f"<th class=n>{text}</th>" for text in ("Mean", "Interval", "Pictures"))
    return f"<table><tr><th>Figure</th>{heads}<th></th></tr>{''.join(rows)}</table>"


def _groups(document: Document) -> str:
    groups = document["groups"]
    if not groups:
        return ""
    name = _headline(document)
    rows = "".join(
        f"<tr><th>{escape(group or '.')}</th><td class=n>{row['images']:,}</td>"
        f"<td class=n>{_number(row['figures'].get(name))}</td></tr>"
        for group, row in groups.items()
    )
    head = f"<tr><th>Part of the set</th><th class=n>Pictures</th><th class=n>{escape(name)}</th></tr>"
    return f"<details><summary>By parts of the set</summary><table>{head}{rows}</table></details>"


def _rules(document: Document) -> str:
    rules = document["protocol"]["rules"]
    rows = [(key, value) for key, value in rules.items() if key != "tracks"]
    for track in rules["tracks"]:
        prefix = f"{track['name']}: " if track["name"] else ""
        rows += [(prefix + key, value) for key, value in track.items() if key != "name"]
    cells = (f"<tr><th>{escape(key)}</th><td>{escape(_text(value))}</td></tr>" for key, value in rows)
    return f"<table>{''.join(cells)}</table>"


def _text(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _headline(document: Document) -> str:
    """The protocol's figure, or the first where the kind has no such."""
    name: str = document["protocol"]["headline"]
    return name if name in document["figures"] else next(iter(document["figures"]))


def _curves(documents: Sequence[Document], names: Sequence[str]) -> Iterable[str]:
    has_bins = any(document["curves"]["distance_m"] for document in documents)
    if has_bins:
        bins = _used(documents)
        axis = Axis("true distance in metres", _bin_ticks(bins))
        title = "AbsRel against distance"
        yield _chart(title, "AbsRel", axis, _binned(documents, names, "distance_m", bins))
        axis = Axis("pixels to the nearest outline of the truth", _bin_ticks(EDGE_DISTANCES_PX))
        title = "AbsRel against the distance to an outline"
        yield _chart(title, "AbsRel", axis, _binned(documents, names, "edge_distance_px", EDGE_DISTANCES_PX))
    for figure in dict.fromkeys(_headline(document) for document in documents):
        axis = Axis("share of pictures, best to worst", tuple((n / 4, f"{25 * n} %") for n in range(5)))
        chosen = [
            Series(name, _by_picture(document, figure))
            for document, name in zip(documents, names, strict=True)
        ]
        yield _chart(f"{figure} picture by picture", figure, axis, chosen)


def _chart(title: str, unit: str, axis: Axis, series: Sequence[Series]) -> str:
    if not any(one.points for one in series):
        return f'<h3>{escape(title)}</h3><p class="soft">The truth is too sparse to tell outlines.</p>'
    return f"<h3>{escape(title)}</h3>{line_chart(title, unit, axis, series)}"


def _used(documents: Sequence[Document]) -> tuple[float, ...]:
    """The bins of distance up to the farthest that any result has."""
    farthest = max(row["from"] for document in documents for row in document["curves"]["distance_m"])
    return DISTANCES_M[: DISTANCES_M.index(farthest) + 2]


def _bin_ticks(bins: tuple[float, ...]) -> tuple[tuple[float, str], ...]:
    """Lower ends of the bins, beneath the borders."""
    count = len(bins) - 1
    return tuple((place / count, f"{bins[place]:g}") for place in range(count))


def _binned(
    documents: Sequence[Document], names: Sequence[str], key: str, bins: tuple[float, ...]
) -> list[Series]:
    """A point in the middle of each bin that has pixels."""
    count = len(bins) - 1
    places = {low: (place + 0.5) / count for place, low in enumerate(bins[:-1])}
    return [
        Series(name, tuple((places[row["from"]], row["abs_rel"]) for row in document["curves"][key]))
        for document, name in zip(documents, names, strict=True)
    ]


def _by_picture(document: Document, figure: str) -> tuple[tuple[float, float], ...]:
    values = [row["figures"].get(figure) for row in document["rows"]]
    is_higher = document["figures"].get(figure, {}).get("better") == "higher"
    ordered = sorted((value for value in values if value is not None), reverse=is_higher)
    last = max(1, len(ordered) - 1)
    return tuple((place / last, value) for place, value in enumerate(ordered))


def _worst(document: Document, sheets: Sequence[bytes], name: str) -> str:
    if not sheets:
        return ""
    figure = _headline(document)
    judges = document["protocol"]["judges"]
    what = (
        "Photo with its pairs (disk: nearer point; red: told wrong) and the map."
        if judges == "pairs"
        else "Photo, truth, what was found (one scale of colours, near is bright), and |z − z*| / z* "
        "up to 0.5. Grey: not judged."
    )
    figures = "".join(
        f'<figure><img alt="{escape(row["image"])}" src="data:image/jpeg;base64,'
        f'{base64.b64encode(sheet).decode()}">'
        f"<figcaption>{place}. {escape(row['image'])}: {escape(figure)} {_number(row['value'])}</figcaption>"
        "</figure>"
        for place, (row, sheet) in enumerate(zip(document["worst"], sheets, strict=True), 1)
    )
    return f'<h2>Worst {len(sheets)}: {escape(name)}</h2><p class="soft">{what}</p>{figures}'


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"
