"""The parameters of the methods: from the registry of the Rust library to keyword arguments and back."""

from __future__ import annotations

import json
import keyword
import re
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from . import _native

__all__ = ["MethodSpec", "Parameter", "as_json", "in_python", "registry"]

# The classes as the field writes the names of the methods. A method that is not here is called after its name in grid files.
_CLASSES = {
    "na": "NA",
    "pairwise": "PA",
    "gpa": "GPA",
    "gcca": "GCCA",
    "gcpa": "GCPA",
    "cca": "CCA",
    "sumcor": "SUMCOR",
    "srm": "SRM",
    "kernel_gcca": "KernelGCCA",
}


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter of a method.

    Attributes
    ----------
    path : tuple of str
        Its keys in a grid file, such as ``("loss", "tau")``.
    keyword : str
        Its keyword argument: the last key, with ``_`` behind a word that Python reserves.
    default : object
        Its default; None where no value means the default.
    domain, about : str
        The values that it can have, and its meaning.
    """

    path: tuple[str, ...]
    keyword: str
    default: Any
    domain: str
    about: str


@dataclass(frozen=True)
class MethodSpec:
    """A method of the registry.

    Attributes
    ----------
    name : str
        Its name in grid files.
    class_name : str
        The name of its class.
    title, summary : str
        Its name in tables, and what it does.
    own : dict
        Parameters by keyword.
    nested : dict
        Parameters of settings, such as ``loss: {tau: 0.08}``, whose last key is unique and that the default setting has.
    paths : frozenset
        The paths of all parameters.
    domains : dict
        The values that each parameter can have, by its path.
    """

    name: str
    class_name: str
    title: str
    summary: str
    own: dict[str, Parameter]
    nested: dict[str, Parameter]
    paths: frozenset[tuple[str, ...]]
    domains: dict[tuple[str, ...], str]

    def keywords(self) -> list[str]:
        """All keyword arguments."""
        return [*self.own, *self.nested]


def _identifier(key: str) -> str:
    return key + "_" if keyword.iskeyword(key) else key


def _spec(method: Mapping[str, Any]) -> MethodSpec:
    parameters = [_parameter(entry) for entry in method["parameters"]]
    defaults = {parameter.path: parameter.default for parameter in parameters}
    own = {parameter.keyword: parameter for parameter in parameters if len(parameter.path) == 1}
    # Settings such as `loss` have no entry of their own.
    for parameter in parameters:
        top = parameter.path[0]
        if all(top != entry.path[0] for entry in own.values()):
            inside = [entry for entry in parameters if entry.path[0] == top]
            domain = "{" + ", ".join(f"{entry.path[-1]}: {entry.domain}" for entry in inside) + "}"
            about = "; ".join(f"{entry.path[-1]}: {entry.about}" for entry in inside)
            own[_identifier(top)] = Parameter((top,), _identifier(top), None, domain, about)
    nested: dict[str, Parameter] = {}
    ambiguous = set(own)
    for parameter in parameters:
        if len(parameter.path) == 1 or not _in_default_setting(parameter.path, defaults):
            continue
        if parameter.domain.startswith("parameters of"):
            continue
        if parameter.keyword in nested or parameter.keyword in ambiguous:
            ambiguous.add(parameter.keyword)
            nested.pop(parameter.keyword, None)
            continue
        nested[parameter.keyword] = parameter
    name = method["name"]
    class_name = _CLASSES.get(name, "".join(part.capitalize() for part in name.split("_")))
    # In the order of the registry.
    order = [parameter.path[0] for parameter in parameters]
    own = dict(sorted(own.items(), key=lambda item: order.index(item[1].path[0])))
    domains = {parameter.path: parameter.domain for parameter in [*own.values(), *parameters]}
    return MethodSpec(name, class_name, method["title"], method["summary"], own, nested, frozenset(defaults), domains)


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    path = tuple(entry["name"].split("."))
    default = entry["default"]
    if default in ("", {}):
        default = None
    return Parameter(path, _identifier(path[-1]), default, entry["domain"], entry["about"])


def _in_default_setting(path: tuple[str, ...], defaults: Mapping[tuple[str, ...], Any]) -> bool:
    """Whether every key of the path stands for the default of the parameter before it, or for one of a plain mapping."""
    return all(defaults.get(path[:end], path[end]) == path[end] for end in range(1, len(path)))


@cache
def registry() -> dict[str, MethodSpec]:
    """The methods by their names in grid files."""
    specs = map(_spec, _native.methods())
    return {spec.name: spec for spec in specs}


def lay_in(current: Any, path: tuple[str, ...], value: Any, spec: MethodSpec) -> Any:
    """The setting ``current`` of the parameter ``path[0]`` with ``value`` at the rest of the path.

    Where the path goes through the default setting and another one is chosen, the value goes to the same key of that one:
    ``training="fast", lr=0.01`` is ``training={"fast": {"lr": 0.01}}``.
    """
    keys = path[1:]
    if isinstance(current, str):
        current = {current: {}}
    mapping = dict(current) if isinstance(current, Mapping) else {}
    if len(mapping) == 1 and len(keys) > 1:
        chosen = next(iter(mapping))
        if chosen != keys[0]:
            other = (path[0], chosen, *keys[1:])
            if other not in spec.paths:
                raise ValueError(
                    f"{spec.class_name}: `{path[-1]}` is a parameter of `{path[0]}: {keys[0]}`, and `{path[0]}` is {chosen!r}"
                )
            keys = other[1:]
    first = next(iter(keys))
    return {**mapping, first: value if len(keys) == 1 else lay_in(mapping.get(first, {}), keys, value, spec)}


def in_python(words: str) -> str:
    """A text of the registry, which speaks of the values of grid files."""
    for word, ours in (("null", "None"), ("true", "True"), ("false", "False")):
        words = re.sub(rf"\b{word}\b", ours, words)
    return words


def as_json(settings: Mapping[str, Any], spec: MethodSpec) -> str:
    """The text of parameters in JSON, as a grid file would have them. Values of another type than expected are refused."""
    plain = {key: _plain(value, spec.class_name) for key, value in settings.items()}
    for key, value in plain.items():
        _check_type(value, (key,), spec)
    return json.dumps(plain, ensure_ascii=False, allow_nan=False)


def _check_type(value: Any, path: tuple[str, ...], spec: MethodSpec) -> None:
    domain = spec.domains.get(path)
    if domain is not None and not _has_type(value, domain):
        one = domain.startswith(("number", "name", "mapping", "{"))
        article = "an" if domain.startswith("integer") else "a" if one else "one of"
        expected = in_python(domain) + (", below 2**64" if isinstance(value, int) and value >= 2**64 else "")
        raise ValueError(f"`{'.'.join(path)}` of {spec.class_name} is {reprlib.repr(value)}, expected {article} {expected}")
    if isinstance(value, Mapping):
        for key, inside in value.items():
            _check_type(inside, (*path, key), spec)


def _has_type(value: Any, domain: str) -> bool:
    """Whether a value has the type of a domain, which is words for people; true for domains that name no type."""
    outside = re.sub(r"\{.*\}", "", domain)
    if value is None:
        return re.search(r"\bnull\b", outside) is not None
    if least := re.match(r"integer >= (\w+)", domain):
        lowest = int(least[1]) if least[1].isdecimal() else 1
        return type(value) is int and lowest <= value < 2**64
    if domain.startswith("number"):
        return type(value) in (int, float)
    if domain.startswith("true, false"):
        return type(value) is bool
    if domain.startswith(("mapping", "{")):
        return isinstance(value, Mapping)
    if domain.startswith("name of a view"):
        return isinstance(value, str)
    words = {word.strip() for word in outside.split(",")} - {""}
    if domain == "task" or not all(re.fullmatch("[a-z_0-9]+", word) for word in words):
        return True
    # A name that needs a value, such as `huber`, is no choice by itself. Of unknown names the library suggests the nearest.
    return isinstance(value, Mapping) or (isinstance(value, str) and f"{{{value}:" not in domain)


def _plain(value: Any, what: str) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            raise ValueError(f"{what} is {value}, expected a finite number")
        return value
    if hasattr(value, "_as_setting"):
        return _plain(value._as_setting(), what)
    if isinstance(value, Mapping):
        return {str(key): _plain(inside, f"{what}.{key}") for key, inside in value.items()}
    # Numbers and arrays of NumPy and others.
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _plain(value.item(), what)
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), what)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray)):
        return [_plain(inside, what) for inside in value]
    raise TypeError(f"{what} is {type(value).__name__}, expected a number, a text, a list or a mapping of these")
