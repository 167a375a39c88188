"""One class for each method of the registry of the Rust library.

The classes are made when the module is imported; ``methods.pyi`` shows them to type checkers and editors, and is written by
``python -m polyalign.stubs``.
"""

from __future__ import annotations

import inspect
from typing import Any

from .base import Aligner
from .params import MethodSpec, Parameter, in_python, registry

__all__ = ["Loaded"]


class Loaded(Aligner):
    """A fit from a file of a method that this program does not know. It transforms, but cannot be fitted again."""

    _spec = MethodSpec(
        "loaded", "Loaded", "Loaded", "A fit of a method that this program does not know", {}, {}, frozenset(), {}
    )

    def _check(self) -> None:
        pass

    def fit(self, *_: Any, **__: Any) -> Any:
        raise TypeError(f"this fit is of the method {self._fitted().origin['method']!r}, which this program does not know")


def _documentation(spec: MethodSpec) -> str:
    lines = [f"{spec.title}: {spec.summary}.", ""]
    if spec.own:
        lines += ["Parameters", "----------"]
    for name, parameter in [*spec.own.items(), *spec.nested.items()]:
        where = f" (``{'.'.join(parameter.path)}``)" if len(parameter.path) > 1 else ""
        lines += [f"{name} : {in_python(parameter.domain)}, default {parameter.default!r}"]
        lines += [f"    {in_python(parameter.about)}{where}."]
    return "\n".join(lines)


def _signature(spec: MethodSpec) -> inspect.Signature:
    def keyword(name: str, parameter: Parameter) -> inspect.Parameter:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=parameter.default)

    return inspect.Signature([keyword(name, parameter) for name, parameter in spec.own.items()])


def _class(spec: MethodSpec) -> type[Aligner]:
    content = {
        "__doc__": _documentation(spec),
        "__module__": __name__,
        "__signature__": _signature(spec),
        "_spec": spec,
    }
    return type(spec.class_name, (Aligner,), content)


globals().update({spec.class_name: _class(spec) for spec in registry().values()})
__all__ += [spec.class_name for spec in registry().values()]  # pyright: ignore[reportUnsupportedDunderAll]
