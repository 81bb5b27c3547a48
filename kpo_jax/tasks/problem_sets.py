"""The `Problem` record, and problems read from JSON lines, parquet files and data sets of the Hugging Face hub.

`datasets` and `pyarrow` are imported where they are used. Whatever is wrong with a file is a ValueError of one line
that names the place.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

Row = tuple[str, dict[str, Any]]  # where it stands, for error messages; and its fields
MAX_LINE = 2**26  # bytes of a row; a file without a line break is not read into memory


class Problem(NamedTuple):
    """One problem of a task.

    Attributes:
      id: names the problem in files and messages.
      problem: the question as text; for a row of chat messages, what the last of them asks.
      answer: the reference answer as text; empty where the task has none.
      solution: a worked solution, where the source has one.
      row: every column of the row that the problem was made of, as it was read.
      messages: (role, text) of each chat message, where the row holds a whole conversation in place of a question.
    """

    id: str
    problem: str
    answer: str
    solution: str | None = None
    row: Mapping[str, Any] = MappingProxyType({})
    messages: tuple[tuple[str, str], ...] = ()


def read_jsonl(path: str) -> Iterator[Row]:
    """Rows of a file with one JSON object per line; blank lines are skipped."""
    _check_file(path)
    with open(path, "rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), start=1):
            place = f"{path} line {number}"
            if len(line) > MAX_LINE:
                raise ValueError(f"{place}: longer than {MAX_LINE:,} bytes")
            if not line.strip():
                continue
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{place}: not JSON ({error})") from None
            if not isinstance(fields, dict):
                raise ValueError(f"{place}: a JSON {type(fields).__name__}; expected an object")
            yield place, fields


def read_parquet(path: str, fields: Iterable[str]) -> Iterator[Row]:
    """Rows of a parquet file with all their columns, among which must be those that `fields` start at."""
    import pyarrow.parquet

    _check_file(path)
    # what pyarrow raises where bytes are wrong, or a value is none of Python's
    broken = (pyarrow.ArrowException, OSError, ValueError, MemoryError, OverflowError)
    try:
        file = pyarrow.parquet.ParquetFile(path)
    except broken as error:
        raise ValueError(f"{path}: not a parquet file ({_one_line(error)})") from None
    names = file.schema_arrow.names
    needed = {field.split(".")[0] for field in fields if field not in names}
    if missing := sorted(needed.difference(names)):
        raise ValueError(f"{path}: no column {missing[0]!r}; has {', '.join(names)}")
    number, batches = 0, file.iter_batches()
    while True:
        try:
            batch = next(batches, None)
            rows = batch.to_pylist() if batch is not None else []
        except broken as error:
            raise ValueError(f"{path}: cannot be read after row {number:,} ({_one_line(error)})") from None
        if batch is None:
            return
        for row in rows:
            number += 1
            yield f"{path} row {number}", row


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


def read_hub(path: str, subset: str, split: str, revision: str) -> Iterator[Row]:
    """Rows of a split of a hub data set (or of a local folder that `datasets` understands)."""
    import datasets

    try:
        rows = datasets.load_dataset(path, subset or None, split=split, revision=revision or None)
        for number, row in enumerate(rows, start=1):  # which decodes images and sounds, or cannot
            yield f"{path} row {number}", row
    except Exception as error:  # the library lets through its own, the hub's and the network's exceptions
        raise ValueError(f"cannot load data set {path!r}, split {split!r}: {_one_line(error)}") from error


def parse_rows(rows: Iterable[Row], problem_field: str, answer_field: str) -> Iterator[Problem]:
    """Problems from rows; dots in a field's name reach into nested ones. A row without an id is called by its place.

    A problem field that holds a list of chat messages makes a problem with `messages`. An empty `answer_field` makes
    problems without a reference answer.
    """
    for place, row in rows:
        solution = row.get("solution")
        messages = _messages(_asked_of_the_model(row, problem_field, place), problem_field, place)
        text = messages[-1][1] if messages else _text_field(row, problem_field, place)
        yield Problem(
            id=str(row.get("id") or place),
            problem=without_instruction(text),
            answer=final_answer(_text_field(row, answer_field, place)) if answer_field else "",
            solution=solution if isinstance(solution, str) else None,
            row=row,
            messages=messages,
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


def find(row: Mapping[str, Any], name: str, place: str) -> Any:
    """The value of a column, or of a nested field that dots and positions lead to. Nothing but a plain look-up.

    Raises ValueError, one line that starts with `place`, if there is none.
    """
    if name in row:
        return row[name]
    value = row
    for part in name.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            shown = lambda field: field if field.isprintable() else repr(field)
            fields = isinstance(value, Mapping) and ", ".join(shown(str(field)) for field in value)
            holds = f"fields {fields or '(none)'}" if isinstance(value, Mapping) else f"a {type(value).__name__}"
            raise ValueError(f"{place}: no field {name!r}; there is no {part!r} in {holds}")
    return value


def _asked_of_the_model(row: Mapping[str, Any], name: str, place: str) -> Any:
    """The value of the problem field. Raises ValueError, one line, if that is within a message of another than the
    user.
    """
    value, (around, _, _) = find(row, name, place), name.rpartition(".")
    message = find(row, around, place) if around and name not in row else None
    if _is_message(message) and message["role"] != "user":
        found = f"field {name!r} is a message of role {message['role']!r}, not the question"
        raise ValueError(f"{place}: {found}; {name.rsplit('.', 2)[0]!r} takes all messages")
    return value


def _is_message(value) -> bool:
    return isinstance(value, Mapping) and "role" in value and "content" in value


def _messages(value, name: str, place: str) -> tuple[tuple[str, str], ...]:
    """(role, text) of every message, if the value is a list of chat messages; else nothing."""
    if not (isinstance(value, list) and value and all(_is_message(message) for message in value)):
        return ()
    for message in value:
        for key in ("role", "content"):
            if not isinstance(message[key], str):
                kind = type(message[key]).__name__
                raise ValueError(f"{place}: field {name!r} holds a message whose {key} is a {kind}; expected text")
            check_unicode(message[key], name, place)
    if value[-1]["role"] != "user":
        raise ValueError(f"{place}: field {name!r} ends with a message of role {value[-1]['role']!r}, not 'user'")
    return tuple((message["role"], message["content"]) for message in value)


def _text_field(row: Mapping[str, Any], name: str, place: str) -> str:
    value = find(row, name, place)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(f"{place}: field {name!r} is a {type(value).__name__}; expected text or a number")
    return check_unicode(str(value), name, place)


def check_unicode(text: str, name: str, place: str) -> str:
    """The text. Raises ValueError, one line, if it cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{place}: field {name!r} is not valid Unicode (a lone surrogate)") from None
    return text


def _check_file(path: str) -> None:
    if not os.path.isfile(path):
        raise ValueError(f"{path}: no such file")
