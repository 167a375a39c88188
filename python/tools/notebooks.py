"""Runs the notebooks of notebooks/ from beginning to end.

    python python/tools/notebooks.py                    # runs all; fails at the first cell that fails
    python python/tools/notebooks.py --write NAME..     # also writes the outputs into the files

Written outputs have no times of execution and no identifiers that change from run to run.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
LARGEST = 300_000
"""Bytes of a notebook with its outputs."""


def run(path: Path, write: bool) -> None:
    notebook = nbformat.read(path, as_version=4)
    start = time.perf_counter()
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    seconds = time.perf_counter() - start
    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    print(f"{path.name}: {count} cells in {seconds:.0f} s")
    if write:
        for number, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{number}"
            cell.metadata = {}
            if cell.cell_type == "code":
                # Warnings and progress bars name folders and times of this machine.
                cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        nbformat.write(notebook, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="names of notebooks without .ipynb; all if none is named")
    parser.add_argument("--write", action="store_true", help="write the outputs into the files")
    args = parser.parse_args()
    paths = [FOLDER / f"{name}.ipynb" for name in args.names] or sorted(FOLDER.glob("*.ipynb"))
    for path in paths:
        run(path, args.write)
        if path.stat().st_size > LARGEST:
            sys.exit(f"{path.name} has {path.stat().st_size} bytes, at most {LARGEST}")


if __name__ == "__main__":
    main()
