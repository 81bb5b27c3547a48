"""The `Problem` record, and problems read from JSON lines, parquet files and data sets of the Hugging Face hub.

`datasets` and `pyarrow` are imported where they are used. Whatever is wrong with a file is a ValueError of one line
that names the place.
"""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Row = tuple[str, dict[str, Any]]  # where it stands, for error messages; and its fields


class Problem(NamedTuple):
    """One problem, its reference answer as text, and a worked solution where the source has one."""

    id: str
    problem: str
    answer: str
    solution: str | None = None


def read_jsonl(path: str) -> Iterator[Row]:
    """Rows of a file with one JSON object per line; blank lines are skipped."""
    _check_file(path)
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            place = f"{path} line {number}"
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{place}: not JSON ({error})") from None
            if not isinstance(fields, dict):
                raise ValueError(f"{place}: a JSON {type(fields).__name__}; expected an object")
            yield place, fields


def read_parquet(path: str, fields: Iterable[str]) -> Iterator[Row]:
    """Rows of a parquet file, with the columns that `fields` start at and, where present, `id` and `solution`."""
    import pyarrow.parquet

    _check_file(path)
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{path}: not a parquet file ({error})") from None
    names = file.schema_arrow.names
    needed = {field.split(".")[0] for field in fields}
    if missing := sorted(needed.difference(names)):
        raise ValueError(f"{path}: no column {missing[0]!r}; has {', '.join(names)}")
    columns = [name for name in names if name in needed | {"id", "solution"}]
    number = 0
    for batch in file.iter_batches(columns=columns):
        for row in batch.to_pylist():
            number += 1
            yield f"{path} row {number}", row


def read_hub(path: str, subset: str, split: str, revision: str) -> Iterator[Row]:
    """Rows of a split of a hub data set (or of a local folder that `datasets` understands)."""
    import datasets

    try:
        rows = datasets.load_dataset(path, subset or None, split=split, revision=revision or None)
    except Exception as error:  # the library lets through its own, the hub's and the network's exceptions
        message = " ".join(str(error).split())[:300]
        raise ValueError(
            f"cannot load data set {path!r}, split {split!r}: {message or type(error).__name__}"
        ) from error
    for number, row in enumerate(rows, start=1):
        yield f"{path} row {number}", row


def parse_rows(rows: Iterable[Row], problem_field: str, answer_field: str) -> Iterator[Problem]:
    """Problems from rows; dots in a field's name reach into nested ones. A row without an id is called by its place."""
    for place, row in rows:
        solution = row.get("solution")
        yield Problem(
            id=str(row.get("id") or place),
            problem=without_instruction(_text_field(row, problem_field, place)),
            answer=final_answer(_text_field(row, answer_field, place)),
            solution=solution if isinstance(solution, str) else None,
        )


def without_instruction(text: str) -> str:
    """The problem alone, when the text is a published DAPO prompt: its answer format, the problem, a reminder."""
    paragraphs = text.strip().split("\n\n")
    if len(paragraphs) >= 3 and "Answer: $Answer" in paragraphs[0] and '"Answer:"' in paragraphs[-1]:
        return "\n\n".join(paragraphs[1:-1])
    return text


def final_answer(text: str) -> str:
    """The answer alone, when the text is a published GSM8K answer: a worked solution with a last line `#### 18`."""
    solution, mark, answer = text.rpartition("\n#### ")
    return answer.strip() if mark and solution and "\n" not in answer.strip() else text


def _text_field(row: dict[str, Any], dotted: str, place: str) -> str:
    value = row
    for part in dotted.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            holds = f"fields {', '.join(value)}" if isinstance(value, dict) else f"a {type(value).__name__}"
            raise ValueError(f"{place}: no field {dotted!r}; there is no {part!r} in {holds}")
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{place}: field {dotted!r} is a {type(value).__name__}; expected text or a number")
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{place}: field {dotted!r} is not valid Unicode (a lone surrogate)") from None
    return text


def _check_file(path: str) -> None:
    if not os.path.isfile(path):
        raise ValueError(f"{path}: no such file")
