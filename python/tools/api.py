"""Writes the reference page of the Python package, docs/python-api.md, from its docstrings.

    python python/tools/api.py            # writes the page
    python python/tools/api.py --check    # fails if the page is not what it would write

The website of the documents then has one page more, with the same search and the same check of links. Needs griffe.
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

import polyalign as pa
import polyalign.sklearn

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python-api.md"
HEAD = """# Python reference

All public names of the module `polyalign`, from their docstrings. `python/tools/api.py` writes this page.
[python.md](python.md) shows how they work together, [methods.md](methods.md) has the formulas of the methods.
"""
logging.getLogger("griffe").setLevel(logging.ERROR)


def prose(text: str) -> str:
    """Text of a docstring as Markdown: literals in single backticks, what looks like a tag escaped."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    parts = re.split(r"(``[^`]+``|`[^`\n]+`)", text)
    done = []
    for number, part in enumerate(parts):
        if number % 2:
            done.append(f"`{part.strip('`')}`")
        else:
            done.append(part.replace("<", "&lt;").replace("$", "&#36;").replace("*", "\\*"))
    return "".join(done).strip()


def code(annotation: Any) -> str:
    return f"`{str(annotation).strip('`').replace('`', '')}`"


def items(title: str, entries: Any) -> Iterator[str]:
    yield f"**{title}**\n"
    for entry in entries:
        name = getattr(entry, "name", "") or ""
        annotation = getattr(entry, "annotation", None)
        head = f"`{name}`" if name else ""
        if annotation:
            head += f"{' : ' if name else ''}{code(annotation)}"
        text = prose(entry.description).replace("\n\n", "\n\n  ")
        yield f"- {head}: {' '.join(text.split())}" if text else f"- {head}"
    yield ""


def documented(text: str) -> Iterator[str]:
    """The sections of a docstring."""
    for section in griffe.Docstring(inspect.cleandoc(text)).parse("numpy"):
        kind = section.kind.value
        if kind == "text":
            # A paragraph is one line, so that a word at its beginning never starts a list.
            for paragraph in re.split(r"\n\s*\n", section.value):
                yield prose(paragraph) + "\n"
        elif kind == "examples":
            yield "**Examples**\n"
            for which, value in section.value:
                if which.value == "examples":
                    yield f"```python\n{value}\n```\n"
                else:
                    yield prose(value) + "\n"
        elif kind == "admonition":
            yield f"**{section.title}**\n"
            yield prose(section.value.description) + "\n"
        else:
            titles = {"parameters": "Parameters", "other parameters": "Other parameters", "returns": "Returns"}
            titles |= {"raises": "Raises", "attributes": "Attributes", "yields": "Yields", "warns": "Warns"}
            yield from items(titles.get(kind, kind.capitalize()), section.value)


def signature(name: str, thing: Any) -> str:
    try:
        shown = inspect.signature(thing)
    except (TypeError, ValueError):
        return f"{name}(...)"
    parameters = [p.replace(annotation=inspect.Parameter.empty) for p in shown.parameters.values() if p.name not in ("self", "cls")]
    text = f"{name}{shown.replace(parameters=parameters, return_annotation=inspect.Signature.empty)}"
    if len(text) > 96:
        named = [str(p) for p in parameters]
        first = next((at for at, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), None)
        if first is not None:
            named.insert(first, "*")
        text = f"{name}(\n    " + ",\n    ".join(named) + ",\n)"
    return text


def members(cls: type, own: bool) -> Iterator[tuple[str, Any]]:
    """Public functions and properties of a class that have a docstring of their own."""
    classes = [cls] if own else [c for c in cls.__mro__ if c.__module__.startswith("polyalign")]
    for name in dict.fromkeys(name for c in classes for name in vars(c)):
        if name.startswith("_"):
            continue
        thing = inspect.getattr_static(cls, name)
        thing = thing.__func__ if isinstance(thing, (staticmethod, classmethod)) else thing
        if isinstance(thing, property) or inspect.isfunction(thing):
            if inspect.getdoc(thing) and ("polyalign" in (getattr(thing, "__module__", None) or cls.__module__)):
                yield name, thing


def entry(module: str, name: str, thing: Any) -> Iterator[str]:
    yield f"### `{module}.{name}`\n"
    if inspect.isclass(thing) or callable(thing):
        yield f"```python\n{signature(f'{module}.{name}', thing)}\n```\n"
    yield from documented(inspect.getdoc(thing) or "")
    if not inspect.isclass(thing) or issubclass(thing, BaseException):
        return
    is_method = pa.Aligner in thing.__mro__ and thing is not pa.Aligner
    for inner, member in members(thing, own=is_method or module == "pa.sklearn"):
        if isinstance(member, property):
            yield f"#### `{name}.{inner}`\n"
        else:
            yield f"#### `{name}.{inner}`\n"
            yield f"```python\n{signature(f'{name}.{inner}', member)}\n```\n"
        yield from documented(inspect.getdoc(member) or "")


def page() -> str:
    public = {name: getattr(pa, name) for name in pa.__all__ if not name.startswith("_")}
    methods = {n: t for n, t in public.items() if inspect.isclass(t) and issubclass(t, pa.Aligner)}
    modules = {n: t for n, t in public.items() if inspect.ismodule(t)}
    errors = {n: t for n, t in public.items() if inspect.isclass(t) and issubclass(t, BaseException)}
    rest = {n: t for n, t in public.items() if n not in methods and n not in modules and n not in errors and callable(t)}
    lines = [HEAD]
    lines += ["## Methods\n"]
    for name in ["Aligner", *(n for n in methods if n != "Aligner")]:
        lines += entry("pa", name, methods[name])
    lines += ["## Fits, evaluation and grids\n"]
    for name, thing in rest.items():
        lines += entry("pa", name, thing)
    lines += ["## Estimators for scikit-learn\n", prose(inspect.getdoc(polyalign.sklearn) or "").split("\n", 2)[2].strip() + "\n"]
    for name in polyalign.sklearn.__all__:
        lines += entry("pa.sklearn", name, getattr(polyalign.sklearn, name))
    lines += ["## Errors and warnings\n"]
    for name, thing in errors.items():
        lines += entry("pa", name, thing)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the page, do not write it")
    args = parser.parse_args()
    wanted = page()
    if not args.check:
        PAGE.write_text(wanted, encoding="utf-8")
        return
    found = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if found != wanted:
        diff = difflib.unified_diff(found.splitlines(), wanted.splitlines(), str(PAGE.name), "docstrings", lineterm="", n=1)
        print("\n".join(list(diff)[:60]))
        sys.exit(f"{PAGE.name} is not what the docstrings say: run python python/tools/api.py")


if __name__ == "__main__":
    main()
