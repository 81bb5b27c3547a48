"""Random bytes and random values where problems, tokenizers and configurations are read: what is wrong is one line, and
memory is bounded.

A few inputs of each reader always, up to 10,000 with -m slow; the same ones every time.
"""

import io
import json

import pytest
from hypothesis import strategies as st
from test_tokenizers import write_tokenizer
from test_weights_fuzz import HOW_MANY, altered, check, damaged, refused

from kpo_jax import config as config_lib
from kpo_jax.recording import workdir
from kpo_jax.tasks.problem_sets import parse_rows, read_jsonl, read_parquet
from kpo_jax.tasks.prompts import DataConfig, clean, encode_prompts
from kpo_jax.tasks.registry import TASKS
from kpo_jax.weights.tokenizers import _read_json, load_tokenizer

FEWER = [40, pytest.param(1000, marks=pytest.mark.slow)]  # where one takes a twentieth of a second
ROWS = [
    {"problem": "What is $\\frac{1}{2}$?", "answer": "1/2", "id": "a", "solution": "It is it.", "nested": {"x": [1]}},
    {"problem": [{"role": "system", "content": "Be"}, {"role": "user", "content": "So <eos>?"}], "answer": 0.5},
    {"problem": "What is $\\frac{1}{2}$?", "answer": "\\frac12"},
]
SAME, SPECIAL = DataConfig(source="jsonl", path="here"), {256, 257}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    template = "{% for m in messages %}<pad>{{ m.content }}{% endfor %}"
    return load_tokenizer(write_tokenizer(tmp_path_factory.mktemp("bytes"), eos_token="<eos>", chat_template=template))


def read_problems(rows, tokenizer) -> None:
    """All that happens to rows before a run; what is left over are prompts whose special tokens are the template's."""
    problems, _ = clean(parse_rows(rows, "problem", "answer"))
    if problems:
        encoded, _ = encode_prompts(problems, tokenizer, SAME, TASKS["math"]())
        for problem, ids in zip(encoded.problems, encoded.tokens, strict=True):
            assert sum(index in SPECIAL for index in ids) == len(problem.messages)


@pytest.mark.parametrize("kind", ["bytes", "values"])
@pytest.mark.parametrize("how_many", HOW_MANY)
def test_jsonl(how_many, kind, tokenizer, tmp_path):
    path, outcomes = tmp_path / "set.jsonl", set()
    text = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    as_text = lambda rows: b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    def body(content):
        path.write_bytes(content)
        outcomes.add(refused(lambda: read_problems(read_jsonl(str(path)), tokenizer)))

    check(how_many, damaged(text) if kind == "bytes" else altered(ROWS).map(as_text), body)
    assert outcomes == {True, False}


@pytest.mark.parametrize("compression", ["snappy", "none"])
@pytest.mark.parametrize("how_many", FEWER)
def test_parquet(how_many, compression, tokenizer, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet

    path, file, outcomes = tmp_path / "set.parquet", io.BytesIO(), set()
    rows = [{"problem": f"{number}?", "answer": str(number), "more": [{"x": number}]} for number in range(40)]
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), file, compression=compression)

    def body(content):
        path.write_bytes(content)
        read = lambda: read_problems(read_parquet(str(path), ["problem", "answer"]), tokenizer)
        outcomes.add(refused(read))

    check(how_many, damaged(file.getvalue()), body)
    assert outcomes == {True, False}


GENERATION = {"eos_token_id": [255, 257], "temperature": 0.6, "transformers_version": "5.0.0"}


@pytest.mark.parametrize("kind", ["bytes", "values"])
@pytest.mark.parametrize("how_many", HOW_MANY)
def test_documents_beside_a_tokenizer(how_many, kind, tmp_path):
    write_tokenizer(tmp_path, generation=GENERATION, eos_token="<eos>")
    path, outcomes, text = tmp_path / "generation_config.json", set(), json.dumps(GENERATION).encode()

    def body(content):
        path.write_bytes(content)
        outcomes.add(refused(_read_json, str(tmp_path), path.name, None))

    check(
        how_many, damaged(text) if kind == "bytes" else altered(GENERATION).map(lambda x: json.dumps(x).encode()), body
    )
    assert False in outcomes and (True in outcomes or kind == "values")


@pytest.mark.parametrize("name", ["generation_config.json", "config.json", "tokenizer_config.json", "tokenizer.json"])
@pytest.mark.parametrize("how_many", FEWER)
def test_tokenizers(how_many, name, tmp_path):
    template = "{% for m in messages %}{{ m.content }}<pad>{% endfor %}"
    config = {"model_type": "qwen3", "vocab_size": 300, "eos_token_id": 257}
    write_tokenizer(tmp_path, generation=GENERATION, config=config, eos_token="<eos>", chat_template=template)
    path, outcomes = tmp_path / name, set()
    document = json.loads(path.read_text(encoding="utf-8"))
    small = {key: value for key, value in document.items() if key != "model"}

    def body(content):
        text = json.dumps(document | content) if isinstance(content, dict) else content
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        outcomes.add(refused(load_tokenizer, str(tmp_path)))

    check(how_many, st.one_of(damaged(json.dumps(document).encode()), altered(small)), body)
    assert outcomes == {True, False}


@pytest.mark.parametrize("how_many", FEWER)
def test_configurations_that_were_kept(how_many, tmp_path):
    path, outcomes = tmp_path / "config.json", set()
    plain = json.loads(json.dumps(config_lib.load_file("configs/tiny.py:kpo_weak")))
    text = json.dumps(plain).encode()

    def body(content):
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        outcomes.add(refused(workdir.run_config, str(tmp_path)))

    check(how_many, st.one_of(damaged(text), altered(plain)), body)
    assert outcomes == {True, False}


@pytest.mark.parametrize("how_many", FEWER)
def test_values_of_a_configuration(how_many):
    plain, outcomes = config_lib.load_file("configs/tiny.py:kpo_weak"), set()

    def body(changed):
        config, problems = config_lib.checked(changed)
        assert config is not None or problems
        assert all("\n" not in config_lib.line(problem) for problem in problems)
        outcomes.add(bool(problems))

    check(how_many, altered(json.loads(json.dumps(plain))), body)
    assert outcomes == {True, False}
