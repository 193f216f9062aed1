"""Write ``docs/reference/api.md`` from the service's OpenAPI document, and the table of settings.

    python tools/api_reference.py            # writes both; a test holds them to the code

The table goes between two marks of ``docs/how-to/operate-the-service.md``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nearfar.options import describe
from nearfar.service import create_app
from nearfar.settings import Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
API = DOCS / "reference" / "api.md"
OPERATE = DOCS / "how-to" / "operate-the-service.md"
BEGIN, END = "<!-- settings: python tools/api_reference.py -->\n", "<!-- end of settings -->\n"
HEAD = """# The API, operation by operation

Made by `python tools/api_reference.py` from the service's OpenAPI document (`/openapi.json`): do not edit.
What it all means, with examples: [the HTTP service](http.md).
"""


def reference(document: dict[str, Any]) -> str:
    """The document as Markdown: a section for each operation."""
    parts = [HEAD]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(section(f"{method.upper()} {path}", operation))
    return "\n".join(parts)


def section(title: str, operation: dict[str, Any]) -> str:
    """One operation: what it needs, takes and answers."""
    lines = [f"## `{title}`", "", f"{operation.get('summary', '')}.", ""]
    if operation.get("x-scope"):
        lines += [f"Scope of the key, where keys are needed: `{operation['x-scope']}`.", ""]
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        lines += [f"Body: {', '.join(f'`{kind}`' for kind in body)}.", ""]
    rows = [parameter(row) for row in operation.get("parameters", [])]
    if rows:
        lines += ["| Parameter | Type | Meaning |", "| --- | --- | --- |", *rows, ""]
    lines += ["| Status | Answer | Media types |", "| --- | --- | --- |"]
    lines += [answer(status, row) for status, row in operation["responses"].items()]
    return "\n".join([*lines, ""])


def parameter(row: dict[str, Any]) -> str:
    """A row of the table of parameters."""
    schema = row.get("schema", {})
    kind = schema.get("type", "")
    limits = [
        f"{word} {schema[key]:g}" for key, word in (("minimum", "≥"), ("maximum", "≤")) if key in schema
    ]
    if "default" in schema:
        limits.append(f"default {cell(schema['default'])}")
    choices = schema.get("enum", [])
    text = row.get("description", "")
    if choices and len(choices) < 20:
        text += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    where = "" if row["in"] == "query" else f" ({row['in']})"
    return f"| `{row['name']}`{where} | {', '.join([kind, *limits])} | {cell(text)} |"


def answer(status: str, row: dict[str, Any]) -> str:
    """A row of the table of answers."""
    kinds = ", ".join(f"`{kind}`" for kind in row.get("content", {}))
    return f"| {status} | {cell(row.get('description', ''))} | {kinds} |"


def cell(value: object) -> str:
    """A text that stays within its cell."""
    return " ".join(str(value).split()).replace("|", "\\|")


def settings_table() -> str:
    """Every setting: variable, flag, default, meaning."""
    rows = ["| Variable | Flag | Default | Meaning |", "| --- | --- | --- | --- |"]
    for info in describe(Settings):
        limits = "" if info.low is None else f" At least {info.low:g}." if info.high is None else ""
        if info.low is not None and info.high is not None:
            limits = f" {info.low:g} to {info.high:g}."
        choices = f" One of {', '.join(info.choices)}." if info.choices else ""
        default = f"`{str(info.default).lower() if info.type == 'bool' else info.default}`"
        shown = "(empty)" if info.default == "" else default
        flag = info.name.replace("_", "-")
        rows.append(
            f"| `NEARFAR_{info.name.upper()}` | `--{flag}` | {shown} | {cell(info.help)}{choices}{limits} |"
        )
    return "\n".join(rows) + "\n"


def with_settings(text: str) -> str:
    """The operator's page with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + settings_table() + END + rest.partition(END)[2]


def document() -> dict[str, Any]:
    """The document of a service with its usual settings."""
    found: dict[str, Any] = create_app(Settings(engine="fake")).openapi()
    return found


def main() -> None:
    """Write both."""
    API.write_text(reference(document()), encoding="utf-8")
    OPERATE.write_text(with_settings(OPERATE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
