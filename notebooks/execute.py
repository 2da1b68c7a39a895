"""Execute the notebooks: ``make notebooks`` writes them, with outputs, to ``outputs/notebooks``.

The notebooks are percent scripts (Jupytext): a diff can be read, nothing that was computed once can
go stale in them, and JupyterLab opens them as notebooks.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
NOTEBOOKS = tuple(
    sorted(FOLDER.glob("[0-9]*_*.py"), key=lambda path: int(path.stem.partition("_")[0]))
)
LIMIT_S = 600  # for one cell, which may compile


def read(path: Path, parameters: Mapping[str, object] | None = None) -> nbformat.NotebookNode:
    """Read a notebook; other values take the place of those in its cell of parameters."""
    notebook = jupytext.read(path)
    for cell in notebook.cells:
        if parameters and "parameters" in cell.metadata.get("tags", []):
            cell.source = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    return notebook


def execute(notebooks: Sequence[nbformat.NotebookNode], folder: Path) -> None:
    """Execute notebooks one after the other in one kernel, which starts in a folder.

    Raises
        CellExecutionError: a cell failed.
    """
    joined = nbformat.v4.new_notebook(metadata=notebooks[0].metadata)
    joined.cells = [cell for notebook in notebooks for cell in notebook.cells]
    limits = {"timeout": LIMIT_S, "startup_timeout": LIMIT_S}
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(joined, kernel_name="python3", resources=resources, **limits).execute()


def main(into: Path) -> None:
    """Execute every notebook in a kernel of its own and write it with its outputs."""
    into.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        notebook = read(path)
        execute([notebook], FOLDER)
        target = into / path.with_suffix(".ipynb").name
        nbformat.write(notebook, target)
        print(target, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("outputs/notebooks"))
