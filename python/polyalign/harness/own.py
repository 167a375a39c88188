"""Methods that are written in Python: their classes, the hash of their source, and their fits.

A method is a class with ``fit(views, seed)``: `views` maps names to ``float32`` arrays of shape (N, d_m), row i of each for the
same item. What it returns has ``transform(view, X)``, to rows of one space for all views, or ``translate(source, target, X)``,
to rows like those of the target, or both. Attributes of the class: ``name`` in tables; ``seeded = False`` if fits do not depend
on the seed; ``version``, a part of the hash of the source, to be raised if something else changes the fits.

The Rust side calls `described`, `fit` and `told`; a fit is not kept in a file.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
import importlib.machinery
import importlib.util
import inspect
import json
import linecache
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..arrays import Array, as_rows

__all__ = ["Fit", "described", "entry", "fit", "folder_of_modules", "live", "told"]

_lock = threading.RLock()
# Folders of the grid files that are being run, the newest last.
_folders: list[str] = []
# Modules by the hash of their source.
_modules: dict[tuple[str, str], ModuleType] = {}
# Hash of the source of modules of packages when they were first seen.
_first_seen: dict[str, str] = {}
# Methods in memory by module, class, parameters and hash.
_live: dict[tuple[str, str, str, str], Any] = {}


class OwnError(Exception):
    """A problem of a method in the words of this module."""


# From a grid file to a class.


def described(module: str, class_name: str, params: str) -> dict[str, Any]:
    """The name of a class in tables, whether its fits depend on the seed, and the hash of its source."""
    cls, source = _class(module, class_name)
    _made(cls, json.loads(params))
    return {"name": _name(cls), "seeded": bool(getattr(cls, "seeded", True)), "source": source}


@contextmanager
def folder_of_modules(folder: Path) -> Iterator[None]:
    """Modules of this folder can be named in grid files, and import each other."""
    text = str(folder.resolve())
    _folders.append(text)
    sys.path.insert(0, text)
    try:
        yield
    finally:
        _folders.remove(text)
        sys.path.remove(text)


def _class(module: str, class_name: str) -> tuple[type, str]:
    with _lock:
        found, source = _module(module)
    cls = getattr(found, class_name, None)
    if not inspect.isclass(cls):
        known = [name for name, value in vars(found).items() if inspect.isclass(value) and hasattr(value, "fit")]
        raise OwnError(f"module `{module}` has no class `{class_name}`; its classes with `fit` are {', '.join(known) or 'none'}")
    if not callable(getattr(cls, "fit", None)):
        raise OwnError(f"class `{class_name}` has no method `fit`, expected fit(views, seed)")
    return cls, _hash(source, str(getattr(cls, "version", "")).encode())


def _module(name: str) -> tuple[ModuleType, bytes]:
    """The module with its source as it is now, whatever was imported before."""
    importlib.invalidate_caches()
    try:
        if "." in name:
            spec = importlib.util.find_spec(name)
        else:
            spec = importlib.machinery.PathFinder.find_spec(name, [*reversed(_folders), *sys.path])
    except ImportError as error:
        raise OwnError(f"module `{name}` cannot be found: {error}") from error
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise OwnError(f"no module `{name}` beside the grid file, and none that Python can import; expected {name}.py")
    source = Path(spec.origin).read_bytes()
    if "." in name or spec.submodule_search_locations is not None:
        return _of_package(name, source), source
    key = (spec.origin, _hash(source))
    if key not in _modules:
        # A name of its own: a module that was imported before may be of an older source.
        private = f"polyalign_method_{name}_{key[1][:12]}"
        module = ModuleType(private)
        module.__file__ = spec.origin
        sys.modules[private] = module
        try:
            exec(compile(source, spec.origin, "exec"), module.__dict__)
        except BaseException:
            del sys.modules[private]
            raise
        _modules[key] = module
    return _modules[key], source


def _of_package(name: str, source: bytes) -> ModuleType:
    now = _hash(source)
    if _first_seen.setdefault(name, now) != now:
        found = f"module `{name}` has changed since it was imported"
        raise OwnError(f"{found}; start Python again, or use a module without a package")
    return importlib.import_module(name)


def _made(cls: type, params: Mapping[str, Any]) -> Any:
    try:
        return cls(**params)
    except TypeError as error:
        raise OwnError(f"{cls.__name__}({', '.join(params)}) cannot be made: {error}") from error


def _name(method: Any) -> str:
    cls = method if inspect.isclass(method) else type(method)
    return str(getattr(method, "name", None) or cls.__name__)


def _hash(*parts: bytes) -> str:
    total = hashlib.sha256(b"polyalign method 1")
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()


# From an object in memory to the entry of a grid file.


def entry(method: Any) -> tuple[dict[str, Any], tuple[str, str, str, str], Any]:
    """The parameters of the method ``python`` for a class or an object, its key, and the object."""
    if inspect.isclass(method):
        method = _made(method, {})
    cls = type(method)
    if not callable(getattr(method, "fit", None)):
        raise TypeError(f"{cls.__name__} has no method `fit`, expected fit(views, seed)")
    params = _params(method)
    source = fingerprint(cls)
    settings = {
        "module": cls.__module__,
        "class": cls.__qualname__,
        "params": params,
        "name": _name(method),
        "seeded": bool(getattr(method, "seeded", True)),
        "source": source,
    }
    return settings, _key(cls.__module__, cls.__qualname__, params, source), method


@contextmanager
def live(methods: Mapping[tuple[str, str, str, str], Any]) -> Iterator[None]:
    """These objects are found by `fit` meanwhile."""
    _live.update(methods)
    try:
        yield
    finally:
        for key in methods:
            _live.pop(key, None)


def _key(module: str, cls: str, params: Mapping[str, Any], source: str) -> tuple[str, str, str, str]:
    return (module, cls, json.dumps(params, sort_keys=True), source)


def _params(method: Any) -> dict[str, Any]:
    if callable(getattr(method, "get_params", None)):
        given = method.get_params()
    else:
        given = {name: value for name, value in getattr(method, "__dict__", {}).items() if not name.startswith("_")}
        given.pop("name", None)
    return {str(name): _plain(value, f"{type(method).__name__}.{name}") for name, value in given.items()}


def _plain(value: Any, what: str) -> Any:
    """The value as JSON has it; arrays by their hash."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else str(value)
    if isinstance(value, np.generic):
        return _plain(value.item(), what)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return {"shape": list(value.shape), "sha256": _hash(value.dtype.str.encode(), np.ascontiguousarray(value).tobytes())}
    if isinstance(value, Mapping):
        return {str(key): _plain(inside, f"{what}.{key}") for key, inside in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inside, what) for inside in value]
    if callable(getattr(value, "get_params", None)):
        return {type(value).__name__: _params(value)}
    raise TypeError(
        f"{what} is {type(value).__name__}, which has no text that tells it from others; "
        "give the class get_params() with numbers and texts, or begin the attribute with `_`"
    )


def fingerprint(cls: type) -> str:
    """Hash of what the class does: the file of its module, and the code of the class and of what it uses of its module.

    The code counts beside the file, because the file can be newer than the class, and notebooks have no file.
    """
    module = sys.modules.get(cls.__module__)
    file = getattr(module, "__file__", None)
    source = b""
    if file and file.endswith(".py") and Path(file).is_file():
        source = Path(file).read_bytes()
    parts: list[str] = [str(getattr(cls, "version", ""))]
    _of_class(cls, cls.__module__, parts, set())
    return _hash(source, "\n".join(parts).encode())


# Attributes that Python adds to a class, some of them when it is first used: `copy` adds `__slotnames__`.
_OF_PYTHON = frozenset(
    "__dict__ __weakref__ __doc__ __module__ __firstlineno__ __static_attributes__ __slotnames__ __annotations__ "
    "__annotate_func__ __annotations_cache__ __abstractmethods__ _abc_impl".split()
)


def _of_class(cls: type, module: str, parts: list[str], seen: set[int]) -> None:
    if id(cls) in seen:
        return
    seen.add(id(cls))
    parts.append(f"class {cls.__qualname__}")
    for base in cls.__bases__:
        if base.__module__ == module:
            _of_class(base, module, parts, seen)
    for name, value in sorted(vars(cls).items()):
        if name in _OF_PYTHON:
            continue
        parts.append(name)
        functions = [getattr(value, part, None) for part in ("__func__", "fget", "fset", "func")]
        for function in [value, *functions]:
            if isinstance(function, FunctionType):
                _of_function(function, module, parts, seen)
        if inspect.isclass(value) and value.__module__ == module:
            _of_class(value, module, parts, seen)
        elif _simple(value):
            parts.append(repr(value))


def _of_function(function: FunctionType, module: str, parts: list[str], seen: set[int]) -> None:
    if id(function) in seen:
        return
    seen.add(id(function))
    names: set[str] = set()
    _of_code(function.__code__, parts, names)
    parts.append(repr(function.__defaults__) if _simple(function.__defaults__) else "")
    for name in sorted(names):
        value = function.__globals__.get(name)
        if isinstance(value, FunctionType) and value.__module__ == module:
            parts.append(name)
            _of_function(value, module, parts, seen)
        elif inspect.isclass(value) and value.__module__ == module:
            _of_class(value, module, parts, seen)
        elif value is not None and _simple(value):
            parts.append(f"{name} = {value!r}")
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:
            continue
        if isinstance(value, FunctionType):
            _of_function(value, module, parts, seen)
        elif _simple(value):
            parts.append(repr(value))


def _simple(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_simple(inside) for inside in value)
    return value is None or isinstance(value, (bool, int, float, str, bytes))


def _of_code(code: CodeType, parts: list[str], names: set[str]) -> None:
    names.update(code.co_names)
    parts += [code.co_name, code.co_code.hex(), repr(code.co_names), repr(code.co_varnames)]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _of_code(constant, parts, names)
        elif isinstance(constant, frozenset):
            # Its order differs from process to process.
            parts.append(repr(sorted(map(repr, constant))))
        else:
            parts.append(repr(constant))


# Fits.


class Fit:
    """A fit of a method, with its results as rows that the Rust side reads."""

    def __init__(self, name: str, fitted: Any) -> None:
        self._fitted = fitted
        self.projects = callable(getattr(fitted, "transform", None))
        self.translates = callable(getattr(fitted, "translate", None))
        if not self.projects and not self.translates:
            what = "None" if fitted is None else type(fitted).__name__
            wanted = "an object with transform(view, X) or translate(source, target, X)"
            raise OwnError(f"fit of `{name}` returned {what}, expected {wanted}")
        self.arrays, self.numbers = _size(fitted, 3)
        iterations = getattr(fitted, "iterations", None)
        self.iterations = int(iterations) if isinstance(iterations, (int, np.integer)) and iterations >= 0 else None
        objective = getattr(fitted, "objective", None)
        self.objective = float(objective) if isinstance(objective, (int, float, np.number)) else None

    # The library refuses values that are not finite, with the name of the method.

    def transform(self, names: list[str], x: Array) -> Array:
        """Rows of the view of this name in the space of all views."""
        (view,) = names
        return as_rows(self._fitted.transform(view, x), f"the result of transform({view!r}, X)", finite=False)

    def translate(self, names: list[str], x: Array) -> Array:
        """Rows of the first of two views like those of the second."""
        source, target = names
        rows = self._fitted.translate(source, target, x)
        return as_rows(rows, f"the result of translate({source!r}, {target!r}, X)", finite=False)


def _size(value: Any, depth: int) -> tuple[int, int]:
    """How many arrays an object holds, and how many numbers are in them."""
    if isinstance(value, np.ndarray):
        return (1, int(value.size))
    if depth == 0:
        return (0, 0)
    if isinstance(value, Mapping):
        inside = list(value.values())
    elif isinstance(value, (list, tuple)):
        inside = list(value)
    else:
        inside = list(getattr(value, "__dict__", {}).values())
    sizes = [_size(one, depth - 1) for one in inside]
    return (sum(arrays for arrays, _ in sizes), sum(numbers for _, numbers in sizes))


def fit(cls: tuple[str, str, str, str], name: str, views: dict[str, Array], seed: int, labels: dict[str, Any]) -> Fit:
    """Fits the method of a module and class with parameters in JSON and a hash of its source."""
    module, class_name, text, source = cls
    params = json.loads(text)
    method = _live.get(_key(module, class_name, params, source))
    if method is not None:
        try:
            method = copy.deepcopy(method)
        except Exception:  # noqa: S110, an object that cannot be copied fits as it is
            pass
    else:
        found, now = _class(module, class_name)
        if now != source:
            raise OwnError(f"the source of `{class_name}` is another one than when the grid was read; run the grid again")
        method = _made(found, params)
    given: dict[str, Any] = {}
    try:
        if "labels" in inspect.signature(method.fit).parameters:
            given["labels"] = labels
    except (TypeError, ValueError):
        pass
    return Fit(name, method.fit(views, seed, **given))


def told(error: BaseException) -> str:
    """An exception with the end of its traceback, without the frames of this package."""
    if isinstance(error, OwnError):
        return str(error)
    # A module may have been read again since.
    linecache.checkcache()
    own = str(Path(__file__).parents[1])
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(own)]
    lines = [f"{type(error).__name__}: {error}" if str(error) else type(error).__name__]
    for frame in frames[-3:]:
        lines.append(f"  {frame.filename}, line {frame.lineno}, in {frame.name}: {(frame.line or '').strip()}".rstrip(": "))
    return "\n".join(lines)
