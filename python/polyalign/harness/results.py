"""Results of grids: records, tables, figures, differences of methods, scores of single items."""

from __future__ import annotations

import html
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import _native

__all__ = ["Difference", "Differences", "Figure", "Results", "Table", "read_results"]


def read_results(folder: str | os.PathLike[str]) -> Results:
    """The results of a grid that :func:`polyalign.run` or the command line has written, such as ``results/smoke``."""
    return Results(Path(folder))


class Table:
    """A table as the report shows it.

    Attributes
    ----------
    name, title : str
        Its name and its title.
    headers : list of str
        Headers of the columns.
    rows : list of list of str
        The lines; the first `names` columns name a line.
    notes : list of str
        What the intervals mean, and what is missing.
    """

    def __init__(self, name: str, content: dict[str, Any]) -> None:
        self.name = name
        self.title: str = content["title"]
        self.headers: list[str] = content["columns"]
        self.rows: list[list[str]] = content["rows"]
        self.names: int = content["names"]
        self.notes: list[str] = [*content["footnotes"], *content["notes"]]
        self.markdown: str = content["markdown"]
        self._text: str = content["text"]
        self._pieces: list[dict[str, Any]] = content["pieces"]

    @classmethod
    def plain(cls, name: str, title: str, headers: list[str], rows: list[list[str]], notes: list[str]) -> Table:
        """A table without marks."""
        widths = [max(map(len, column)) for column in zip(headers, *rows)] if rows else [len(header) for header in headers]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in [headers, *rows]]
        piece = {"title": "", "headers": headers, "rows": rows, "names": 1, "best": [], "level": []}
        bars = ["| " + " | ".join(row) + " |" for row in [headers, ["---"] * len(headers), *rows]]
        content = {
            "title": title,
            "columns": headers,
            "rows": rows,
            "names": 1,
            "footnotes": [],
            "notes": notes,
            "markdown": "\n\n".join([f"**{title}**", "\n".join(bars), *notes]) + "\n",
            "text": "\n".join([title, "", *lines, "", *notes]),
            "pieces": [piece],
        }
        return cls(name, content)

    def to_dict(self) -> dict[str, list[str]]:
        """The columns by header."""
        return {header: [row[column] for row in self.rows] for column, header in enumerate(self.headers)}

    def __str__(self) -> str:
        return self._text

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        return self.markdown

    def _repr_html_(self) -> str:
        parts = [f"<h4>{html.escape(self.title)}</h4>"]
        for piece in self._pieces:
            if piece["title"] and piece["title"] != self.title:
                parts.append(f"<h5>{html.escape(piece['title'])}</h5>")
            head = "".join(f"<th>{html.escape(text)}</th>" for text in piece["headers"])
            best = {tuple(at) for at in piece["best"]}
            lines = []
            for line, row in enumerate(piece["rows"]):
                cells = []
                for column, text in enumerate(row):
                    shown = html.escape(text)
                    cells.append(f"<td>{f'<b>{shown}</b>' if (line, column) in best else shown}</td>")
                lines.append(f"<tr>{''.join(cells)}</tr>")
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>")
        if self.notes:
            parts.append("<p><small>" + "<br>".join(html.escape(note) for note in self.notes) + "</small></p>")
        return "\n".join(parts)


class Figure:
    """A figure as SVG and PNG; a notebook shows it."""

    def __init__(self, name: str, documents: dict[str, bytes]) -> None:
        self.name = name
        self._documents = documents

    @property
    def svg(self) -> str:
        """The SVG document."""
        return self._documents["svg"].decode()

    @property
    def png(self) -> bytes:
        """The PNG document."""
        return self._documents["png"]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the figure to a file that ends in ``.svg`` or ``.png``."""
        path = Path(path)
        kind = path.suffix.removeprefix(".")
        if kind not in self._documents:
            known = " or ".join(repr("." + end) for end in self._documents)
            raise ValueError(f"{path}: the name ends in {path.suffix!r}, expected {known}")
        path.write_bytes(self._documents[kind])
        return path

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Figure {self.name!r}>"


@dataclass(frozen=True)
class Difference:
    """Two methods by one measure, on one subset of views, under one noise.

    Attributes
    ----------
    a, b : str
        Their names in tables.
    metric, measure : str
        The metric, and its name in tables.
    views, noise : str
        Name of the subset of views, and the noise on the training rows.
    fit_rows : int or None
        Number of training rows; None for all.
    value_a, value_b : float or None
        Their values.
    difference, low, high : float or None
        `value_a` minus `value_b` with its 95% interval, paired over items and seeds; None if there is none.
    p : float or None
        Two-sided p, not adjusted for the number of comparisons.
    detectable : float or None
        Difference that would be found in four of five repetitions.
    items : int
        Number of held-out items.
    reason : str or None
        Why there is no difference.
    """

    a: str
    b: str
    metric: str
    measure: str
    higher_is_better: bool
    views: str
    noise: str
    fit_rows: int | None
    value_a: float | None
    value_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    detectable: float | None
    items: int
    seeds: list[int]
    reason: str | None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the difference."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def __str__(self) -> str:
        rows = "" if self.fit_rows is None else f", {self.fit_rows} training rows"
        noise = "" if self.noise == "none" else f", noise {self.noise}"
        head = f"{self.views}{noise}{rows}: {self.measure} of {self.a} minus {self.b}"
        if self.difference is None:
            return f"{head}: none, because {self.reason}"
        return f"{head} {self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}], p {self.p:.4f}"


class Differences(Sequence[Difference]):
    """Differences of two methods, one for each measure, subset of views, noise and number of training rows.

    If there is one, its attributes are those of the sequence: ``results.compare("gcca", "gpa").p``.
    """

    def __init__(self, found: list[Difference]) -> None:
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, at: Any) -> Any:
        return self._found[at]

    def __iter__(self) -> Iterator[Difference]:
        return iter(self._found)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if len(self._found) != 1:
            raise AttributeError(f"there are {len(self._found)} differences; take one, such as differences[0].{name}")
        return getattr(self._found[0], name)

    def __str__(self) -> str:
        return "\n".join(map(str, self._found))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "<br>".join(html.escape(str(one)) for one in self._found)


class Results:
    """Results of a grid in a folder.

    In a notebook they are shown as the table of all methods by all measures.
    """

    def __init__(self, folder: Path, temporary: tempfile.TemporaryDirectory[str] | None = None) -> None:
        self._stored = _native.Stored.open(folder)
        # The folder is removed once nothing refers to the results.
        self._temporary = temporary
        self._columns: dict[str, Any] | None = None

    @property
    def folder(self) -> Path:
        """The folder of the results."""
        return Path(self._stored.folder)

    @property
    def title(self) -> str:
        """The title of tables and figures."""
        title: str = self._stored.about["title"]
        return title

    @property
    def records(self) -> dict[str, Any]:
        """The columns of the records by name, one value of a metric in each line; `docs/formats.md` describes the columns.

        Numbers with a fraction are arrays of NumPy in which NaN is no value; other columns are lists in which None is no value.
        """
        if self._columns is None:
            self._columns = self._stored.columns()
        return self._columns

    def to_polars(self) -> Any:
        """The records as a data frame of polars."""
        polars: Any = importlib.import_module("polars")
        numbers = {name for name, values in self.records.items() if isinstance(values, np.ndarray)}
        frame = polars.DataFrame(dict(self.records), infer_schema_length=None)
        return frame.with_columns(polars.col(name).fill_nan(None) for name in numbers)

    def to_pandas(self) -> Any:
        """The records as a data frame of pandas."""
        pandas: Any = importlib.import_module("pandas")
        return pandas.DataFrame(dict(self.records))

    @property
    def failures(self) -> list[tuple[str, str]]:
        """The cells and tasks that failed: what it is, and the reason."""
        columns = self.records
        lines = zip(columns["cell"], columns["method"], columns["seed"], columns["task"], columns["metric"], columns["error"])
        failed = []
        for _, method, seed, task, metric, error in lines:
            if error is not None and metric is None and method is not None:
                failed.append((f"{method}, seed {seed}" + (f", {task}" if task else ""), error))
        return failed

    # Tables.

    @property
    def tables(self) -> list[str]:
        """Names of the tables."""
        return list(self._stored.tables())

    def table(self, name: str = "summary") -> Table:
        """A table: all methods by all measures by default. ``Results.tables`` has the names."""
        tables = self._stored.tables()
        if name not in tables:
            raise ValueError(_no("table", name, list(tables)))
        return Table(name, tables[name])

    @property
    def findings(self) -> list[str]:
        """What the grid comes to, a sentence for each task."""
        findings: list[str] = self._stored.sentences()["findings"]
        return findings

    @property
    def warnings(self) -> list[str]:
        """What readers need to know before they use the values."""
        texts: list[str] = self._stored.sentences()["warnings"]
        return texts

    # Differences.

    def compare(
        self, a: str, b: str, metric: str = "rank1", *, views: str | None = None, noise: str | None = None
    ) -> Differences:
        """The differences of two methods with their 95% intervals and p, paired over items and seeds.

        Parameters
        ----------
        a, b : str
            Methods by alias, by name in tables, or by the name of the method.
        metric : str
            The metric, such as ``"rank1"``.
        views, noise : str, optional
            One subset of views, or one noise.
        """
        found = [Difference(**one) for one in self._stored.compare(a, b, metric)]
        kept = [one for one in found if views in (None, one.views) and noise in (None, one.noise)]
        if found and not kept:
            known = sorted({f"views {one.views!r} under noise {one.noise!r}" for one in found})
            raise ValueError(f"no difference on views {views!r} under noise {noise!r}; there are {', '.join(known)}")
        return Differences(kept)

    def scores(
        self,
        method: str | None = None,
        *,
        task: str | None = None,
        quantity: str | None = None,
        seed: int | None = None,
        source: str | None = None,
        target: str | None = None,
    ) -> list[dict[str, Any]]:
        """Scores of single items, such as the rank of the right answer, as they were stored for the intervals.

        Returns
        -------
        list of dict
            For each list of scores what it is of (method, views, noise, seed, task, space, source, target, quantity), and under
            ``values`` a ``float32`` array with one value for each item.
        """
        found: list[dict[str, Any]] = self._stored.scores({"method": method, "task": task, "quantity": quantity})
        wanted = {"seed": seed, "source": source, "target": target}
        return [one for one in found if all(value in (None, one[key]) for key, value in wanted.items())]

    # Figures.

    @property
    def figures(self) -> list[str]:
        """Names of the figures."""
        names: list[str] = self._stored.figures()
        return names

    def plot(self, name: str = "summary") -> Figure:
        """A figure, such as ``"rank1_by_pair"``. ``Results.figures`` has the names."""
        names = self.figures
        if name not in names:
            raise ValueError(_no("figure", name, names))
        return Figure(name, self._stored.figure(name))

    # Files.

    def report(self) -> Path:
        """Writes tables, figures and the report into the folder, and returns the report, ``report.html``."""
        self._stored.draw()
        return self.folder / "report.html"

    def save(self, folder: str | os.PathLike[str], *, report: bool = True) -> Path:
        """Copies the results into a folder that does not exist yet, by default with tables, figures and report."""
        folder = Path(folder)
        if folder.exists():
            raise FileExistsError(f"{folder}: is there already; name a folder that does not exist")
        if report:
            self.report()
        locks = shutil.ignore_patterns("*.lock", ".*")
        shutil.copytree(self.folder, folder, ignore=locks)
        return folder

    def __repr__(self) -> str:
        cells = len(set(self.records["cell"]))
        return f"<Results {self.title!r}: {len(self.records['cell'])} records of {cells} cells>\n{self.table()}"

    def _repr_html_(self) -> str:
        findings = "".join(f"<li>{html.escape(text)}</li>" for text in self.findings)
        warned = "".join(f"<li>{html.escape(text)}</li>" for text in self.warnings)
        parts = [self.table()._repr_html_()]
        if findings:
            parts.append(f"<ul>{findings}</ul>")
        if warned:
            parts.append(f"<p>Read these first:</p><ul>{warned}</ul>")
        return "\n".join(parts)


def _no(kind: str, name: str, known: list[str]) -> str:
    near = _native.nearest(name, known)
    hint = f"did you mean {near!r}? " if near else ""
    return f"no {kind} {name!r}; {hint}the {kind}s here are {', '.join(known) or 'none'}"
