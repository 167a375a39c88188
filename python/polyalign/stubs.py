"""Writes ``methods.pyi``, which shows the classes of the methods to type checkers and editors.

``python -m polyalign.stubs`` writes the file; a test compares it with the registry.
"""

from __future__ import annotations

import re
from pathlib import Path

from . import methods
from .params import MethodSpec, Parameter, registry

__all__ = ["FILE", "text"]

FILE = Path(__file__).with_name("methods.pyi")

_HEAD = '''"""One class for each method of the registry of the Rust library. Written by ``python -m polyalign.stubs``."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from .base import Aligner

__all__ = [
    "Loaded",
{names}
]

class Loaded(Aligner):
    """A fit from a file of a method that this program does not know. It transforms, but cannot be fitted again."""
'''


def text() -> str:
    """The content of the file for the registry of this build."""
    specs = registry().values()
    names = "\n".join(f'    "{spec.class_name}",' for spec in specs)
    return _HEAD.format(names=names) + "".join(map(_class, specs))


def _class(spec: MethodSpec) -> str:
    documentation = (getattr(methods, spec.class_name).__doc__ or "").replace("\\", "\\\\")
    lines = ["", f"class {spec.class_name}(Aligner):"]
    inside = ('"""' + documentation + '\n"""').split("\n")
    lines += [("    " + line).rstrip() for line in inside]
    types = {parameter: _type(parameter, spec) for parameter in [*spec.own.values(), *spec.nested.values()]}
    for name, parameter in spec.own.items():
        lines.append(f"    {name}: {types[parameter]}")
    keywords = [(name, parameter, _default(parameter)) for name, parameter in spec.own.items()]
    # Of a setting: no value means that of the setting.
    keywords += [(name, parameter, "...") for name, parameter in spec.nested.items()]
    if not keywords:
        lines.append("    def __init__(self) -> None: ...")
    else:
        lines += ["    def __init__(", "        self,", "        *,"]
        lines += [f"        {name}: {types[parameter]} = {default}," for name, parameter, default in keywords]
        lines.append("    ) -> None: ...")
    return "\n".join(lines) + "\n"


def _type(parameter: Parameter, spec: MethodSpec) -> str:
    """The type of the values in the domain of a parameter, which is words for people."""
    domain = parameter.domain
    nothing = parameter.default is None or re.search(r"\bnull\b", domain) is not None
    end = " | None" if nothing else ""
    if domain.startswith("integer"):
        return "int" + end
    if domain.startswith("number"):
        return "float" + end
    if domain.startswith("true, false"):
        return "bool" + end
    if domain.startswith("name of a view"):
        return "str" + end
    if "mapping from parameters to lists" in domain:
        return "Mapping[str, Sequence[Any]]" + end
    if domain.startswith(("mapping", "{")):
        return "Mapping[str, Any]" + end
    words = [word.strip() for word in domain.split(",")]
    names = [word for word in words if re.fullmatch(r"[a-z_0-9]+", word) and word != "null"]
    depth = len(parameter.path)
    plain = not any(path[:depth] == parameter.path and len(path) > depth for path in spec.paths)
    if names and len(names) == len([word for word in words if word != "null"]) and domain != "task":
        literal = f"Literal[{', '.join(map(_quoted, names))}]"
        # A name with settings of its own can be a mapping of one key, or a method.
        return literal + ("" if plain else " | Mapping[str, Any] | Aligner") + end
    return "str | Mapping[str, Any] | Aligner" + end


def _default(parameter: Parameter) -> str:
    value = parameter.default
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(name: str) -> str:
    return f'"{name}"'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
