"""The notebook: it is stored without outputs, it imports what is there and what is public; slow: it runs."""

import ast
import importlib
import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tour.ipynb"


def code_of(book: dict) -> list[str]:
    """The text of each code cell."""
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]


def kept_outputs(book: dict) -> list[int]:
    """The numbers of the cells that keep what a run of them gave."""
    return [
        number
        for number, cell in enumerate(book["cells"])
        if cell.get("outputs") or cell.get("execution_count") is not None
    ]


def missing(code: str) -> list[str]:
    """What the code imports although it is not there, or of the package although it is private."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(node.module, alias.name) for alias in node.names]
        else:
            continue
        for module, name in names:
            try:
                loaded = importlib.import_module(module)
                there = name is None or hasattr(loaded, name)
            except ImportError:
                there = False
            private = module.startswith("kpo_jax") and "._" in f".{module}.{name or ''}"
            found += [f"{module}.{name}" if name else module] * (private or not there)
    return found


def test_the_notebook_is_stored_without_outputs_and_imports_what_is_there():
    book = json.loads(NOTEBOOK.read_text())
    assert book["nbformat"] == 4 and kept_outputs(book) == []
    code = code_of(book)
    assert len(code) > 5 and "kpo_jax.filters.kalman" in "".join(code)
    assert [name for cell in code for name in missing(cell)] == []


def test_negative_control_outputs_and_imports_that_are_not_there_are_found():
    kept = {"cells": [{"outputs": []}, {"outputs": [{"text": "1"}]}, {"outputs": [], "execution_count": 1}]}
    assert kept_outputs(kept) == [1, 2]
    assert missing("import math, no_such\nfrom kpo_jax.masked import mean, no\nfrom kpo_jax.text import _NAME") == [
        "no_such", "kpo_jax.masked.no", "kpo_jax.text._NAME",
    ]  # fmt: skip
    with pytest.raises(SyntaxError):
        missing("%pip install kpo_jax")


@pytest.mark.slow
def test_the_notebook_runs(monkeypatch):
    """In the folder that it lies in, as Jupyter runs it."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    monkeypatch.delenv("XLA_FLAGS", raising=False)  # one CPU device, as a person has
    book = nbformat.read(NOTEBOOK, 4)
    resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(book, timeout=900, kernel_name="python3", resources=resources).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 4
    said = "".join(output.get("text", "") for output in outputs)
    assert "train 4/4" in said and "the filter gives what the run recorded" in said
    tables = [output.data["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})]
    assert len(tables) == 1 and "to the bit" in tables[0] and "| is_kpo_calibrated " in tables[0]

    wrong = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("from kpo_jax import no_such")])
    with pytest.raises(CellExecutionError):  # control: what goes wrong in a cell is no output among others
        NotebookClient(wrong, timeout=60, kernel_name="python3", resources=resources).execute()
