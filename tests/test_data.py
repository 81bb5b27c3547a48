"""Loading, cleaning, prompting, padding and ordering of problems, on files made here."""

import dataclasses
import datetime
import decimal
import json
import math
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from configurations import load
from hypothesis import given, settings
from hypothesis import strategies as st

from kpo_jax.commands.dry_run import describe
from kpo_jax.sampling.prompts import pad_prompts
from kpo_jax.tasks import problem_sets, prompts
from kpo_jax.tasks.problem_sets import final_answer
from kpo_jax.tasks.prompts import DataConfig, Problem, clean, prompt_order
from kpo_jax.tasks.registry import TASKS
from kpo_jax.weights import tokenizers
from kpo_jax.weights.tokenizers import CharTokenizer

MATH = TASKS["math"]()
SHARED = Path(__file__).parents[2] / "shared" / "data"

# The layout of the public DAPO parquet, with its prompt reduced to the parts that are recognised.
DAPO_PROMPT = (
    "Solve this. The last line is of the form Answer: $Answer (without quotes).\n\n{}\n\n"
    'Put it on a line after "Answer:".'
)


class ChatTokenizer(CharTokenizer):
    """A stand-in that shows what the chat template was given."""

    def apply_chat_template(self, messages, enable_thinking=False):
        return "".join(f"[{m['role']}:{m['content']}]" for m in messages) + f"|{enable_thinking}"


def load_problems(config, task=MATH):
    return prompts.load_problems(config, task)


def encode_prompts(problems, tokenizer, config):
    return prompts.encode_prompts(problems, tokenizer, config, MATH)


def prompt_text(problem, tokenizer, config, task=MATH):
    problem = problem if isinstance(problem, Problem) else Problem("p", problem, "1")
    return prompts.prompt_text(problem, tokenizer, prompts.prompt_template(config, task), config.enable_thinking)


def decontaminate(problems, held_out, **how):
    return prompts.decontaminate(problems, [(problem.problem,) for problem in held_out], **how)


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return DataConfig(source="jsonl", path=str(path))


def one_line(error):
    return "\n" not in str(error.value)


# ------------------------------------------------------------------------------------------------------------ loading


def test_arithmetic_needs_no_file():
    problems, dropped = load_problems(DataConfig(num_problems=20))
    assert len(problems) == 20 and dropped == {}
    assert problems == load_problems(DataConfig(num_problems=20))[0]
    assert problems != load_problems(DataConfig(num_problems=20, problem_seed=1))[0]
    test, _ = load_problems(DataConfig(num_problems=20, split="test"))
    assert not {p.problem for p in problems} & {p.problem for p in test}


def test_prompts_that_are_all_the_same_are_contradictory_arithmetic_too():
    with pytest.raises(ValueError, match=r"no problem left; dropped: {'contradictory_answers': 8}"):
        load_problems(DataConfig(prompt="work it out\n", num_problems=8))


def test_rows_of_a_task_are_what_a_reward_will_see():
    """As JSON would have them: numbers of numpy are plain ones, and tuples lists."""
    row = {"n": np.int64(7), "x": [np.float32(0.5)], "of": (1, {"y": np.bool_(False)}), "nan": math.nan, "no": None}
    task = dataclasses.replace(MATH, problems=lambda *_: [Problem("a", "?", "b", row=row)])
    (problem,), _ = load_problems(DataConfig(source="task"), task)
    plain = {"n": 7, "x": [0.5], "of": [1, {"y": False}], "no": None}
    assert {key: problem.row[key] for key in plain} == plain and problem.row["of"][1]["y"] is False
    assert type(problem.row["n"]) is int and math.isnan(problem.row["nan"])


def test_jsonl_rows_become_problems(tmp_path):
    rows = [
        {"id": "a", "problem": "one?", "answer": 1, "solution": "count"},
        {"problem": "half?", "answer": 0.5},
        {"id": "c", "problem": "three?", "answer": "025", "extra": [1]},
    ]
    config = jsonl(tmp_path / "set.jsonl", rows)
    problems, dropped = load_problems(config)
    assert problems == [
        Problem("a", "one?", "1", "count", rows[0]),
        Problem(f"{config.path} line 2", "half?", "0.5", None, rows[1]),
        Problem("c", "three?", "025", None, rows[2]),
    ]
    assert dropped == {}
    assert load_problems(dataclasses.replace(config, num_problems=2))[0] == problems[:2]


def test_every_drop_has_a_reason(tmp_path):
    rows = [
        {"problem": "What is 1 + 1?", "answer": "2"},
        {"problem": "What is 1+1?\n", "answer": " 2"},  # the same up to white space
        {"problem": "What is 2+2?", "answer": "4"},
        {"problem": "what is 2+2?", "answer": "4"},  # another case is another problem: $a$ is not $A$
        {"problem": "Pick a number", "answer": "3"},
        {"problem": "Pick a number", "answer": "7"},
        {"problem": "Pick a number", "answer": "3"},
        {"problem": "sort 1 23", "answer": "1 23"},
        {"problem": "sort 12 3", "answer": "3 12"},  # other numbers
        {"problem": "AIME", "answer": "025"},
        {"problem": "AIME", "answer": "$25$"},  # no contradiction
        {"problem": "no answer", "answer": None},
        {"problem": "no answer", "answer": "  "},
        {"problem": " ", "answer": "1"},
    ]
    problems, dropped = load_problems(jsonl(tmp_path / "set.jsonl", rows))
    assert [p.problem for p in problems] == [
        "What is 1 + 1?", "What is 2+2?", "what is 2+2?", "sort 1 23", "sort 12 3", "AIME",
    ]  # fmt: skip
    assert problems[-1].answer == "025"
    assert dropped == {"duplicate": 2, "contradictory_answers": 3, "empty_answer": 2, "empty_problem": 1}
    assert len(problems) + sum(dropped.values()) == len(rows)


@pytest.mark.parametrize(
    ("answers", "dropped"),
    [
        (["1/2", "\\frac{1}{2}"], {"duplicate": 1}),
        (["9", "9.0"], {"duplicate": 1}),
        (["0.5", "\\dfrac12", ".5", "50\\%"], {"duplicate": 3}),
        (["x+1", "1 + x", "$1+x$"], {"duplicate": 2}),
        (["\\text{(C)}", "C"], {"duplicate": 1}),
        (["(1,2)", "\\left( 1, 2 \\right)"], {"duplicate": 1}),
        (["1/2", "1/3", "0.5"], {"contradictory_answers": 3}),
        (["9", "-9"], {"contradictory_answers": 2}),
        (["50\\%", "1/2", "50"], {"contradictory_answers": 3}),  # the first is equal to both, which are not
        (["\\begin{cases} 1", "\\begin{cases} 2"], {"contradictory_answers": 2}),  # not read
    ],
)
def test_answers_contradict_each_other_only_if_they_differ_as_mathematics(answers, dropped):
    rows = [Problem(str(i), "p", answer) for i, answer in enumerate([*answers, answers[0]])]
    expected = {reason: count + 1 for reason, count in dropped.items()}
    problems = [Problem("q", "q", "1")]
    assert clean([*rows, *problems]) == (rows[: "duplicate" in dropped] + problems, expected)


def test_nan_and_infinity_are_no_answers(tmp_path):
    path = tmp_path / "set.jsonl"
    values = ["NaN", "Infinity", "-Infinity", '"nan"', '"\\\\text{NaN}"', '" "', "1e999", '"\\\\infty"', "2"]
    lines = [f'{{"problem": "{number}", "answer": {value}}}\n' for number, value in enumerate(values)]
    path.write_text("".join(lines), encoding="utf-8")
    problems, dropped = load_problems(DataConfig(source="jsonl", path=str(path)))
    assert [problem.answer for problem in problems] == ["\\infty", "2"]
    assert dropped == {"no_answer": 6, "empty_answer": 1}


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c ", " c", ""]), st.sampled_from(["1", "01", "2", ""])), max_size=12)
)
def test_cleaning_accounts_for_every_row_and_is_idempotent(rows):
    problems, dropped = clean(Problem(str(i), problem, answer) for i, (problem, answer) in enumerate(rows))
    assert len(problems) + sum(dropped.values()) == len(rows)
    assert clean(problems) == (problems, {})


def dapo_rows():
    return [
        {
            "prompt": [{"role": "user", "content": DAPO_PROMPT.format(text)}],
            "reward_model": {"ground_truth": answer, "style": "rule"},
            "extra_info": {"index": str(index)},
        }
        for index, (text, answer) in enumerate([("First.\n\nSecond?", "34"), ("Third?", "5"), ("Third?", "5")])
    ]


def write_parquet(path, rows):
    import pyarrow as pa
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path)


DAPO_FIELDS = dict(problem_field="prompt.0.content", answer_field="reward_model.ground_truth")


def test_nested_parquet_and_its_prompt_wrapper(tmp_path):
    path = tmp_path / "dapo.parquet"
    write_parquet(path, dapo_rows())
    problems, dropped = load_problems(DataConfig(source="parquet", path=str(path), **DAPO_FIELDS))
    assert [(p.problem, p.answer) for p in problems] == [("First.\n\nSecond?", "34"), ("Third?", "5")]
    assert dropped == {"duplicate": 1}


def test_a_column_that_python_cannot_hold_is_one_clear_line(tmp_path, monkeypatch):
    import datasets
    import pyarrow as pa
    import pyarrow.parquet

    path = tmp_path / "set.parquet"
    table = {"problem": ["p"], "answer": ["1"], "when": pa.array([2**60], pa.timestamp("us"))}  # the year 38,505
    pyarrow.parquet.write_table(pa.table(table), path)
    with pytest.raises(ValueError, match=r"set\.parquet: cannot be read after row 0 \(.+\)$"):
        load_problems(DataConfig(source="parquet", path=str(path)))

    def rows(*_, **__):
        yield {"problem": "p", "answer": "1"}
        raise ImportError("a sound cannot\nbe decoded")

    monkeypatch.setattr(datasets, "load_dataset", rows)
    with pytest.raises(ValueError, match=r"^cannot load data set 'a/b', split 'train': a sound cannot be decoded$"):
        load_problems(DataConfig(source="hub", path="a/b"))


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "none"])
@pytest.mark.parametrize("fault", ["page", "footer", "cut"])
def test_a_corrupt_parquet_file_is_one_clear_line(tmp_path, compression, fault):
    import pyarrow as pa
    import pyarrow.parquet

    rows = [{"problem": f"p{number} {number**9}", "answer": str(number)} for number in range(500)]
    path = tmp_path / "set.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), path, compression=compression, use_dictionary=False)
    config = DataConfig(source="parquet", path=str(path))
    assert len(load_problems(config)[0]) == 500
    content = bytearray(path.read_bytes())
    if fault == "cut":
        content = content[:-7]
    else:
        start = 8 if fault == "page" else len(content) - 200
        content[start : start + 100] = b"\xff" * 100
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"set\.parquet: (cannot be read after row 0|not a parquet file) \(.+\)$"
    ) as error:
        load_problems(config)
    assert one_line(error) and len(str(error.value)) < 500


def test_a_row_without_an_end_is_not_read_into_memory(tmp_path, monkeypatch):
    config = jsonl(tmp_path / "set.jsonl", [{"problem": "p", "answer": "1"}, {"problem": "p" * 100, "answer": "1"}])
    assert len(load_problems(config)[0]) == 2
    monkeypatch.setattr(problem_sets, "MAX_LINE", 100)
    with pytest.raises(ValueError, match=r"line 2: longer than 100 bytes$"):
        load_problems(config)


def test_answers_of_gsm8k_are_their_last_line():
    assert final_answer("She sells 9 eggs.\nThat makes 9 * 2 = 18.\n#### 18") == "18"
    assert final_answer("1\n#### 1,200 ") == "1,200"
    for text in ("18", "#### 18", "a\n#### 1\nand more", ""):  # no solution before it, or not the last line
        assert final_answer(text) == text


def test_hub_reader_on_a_local_folder(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / "set" / "data"
    folder.mkdir(parents=True)
    write_parquet(folder / "test-00000-of-00001.parquet", dapo_rows())
    config = DataConfig(source="hub", path=str(tmp_path / "set"), split="test", **DAPO_FIELDS)
    assert [p.answer for p in load_problems(config)[0]] == ["34", "5"]
    with pytest.raises(ValueError, match=r"cannot load data set .* split 'validation'") as error:
        load_problems(dataclasses.replace(config, split="validation"))
    assert one_line(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"problem": "p", "answer": "1"}\n\n{"problem": \n', "line 3: not JSON"),
        (b'{"problem": "p", "answer": "1"}\n[1]\n', "line 2: a JSON list; expected an object"),
        (b'{"problem": "p", "answer": "\xff"}\n', "line 1: not JSON"),
        (b"[" * 100_000 + b"\n", "line 1: not JSON"),
        (b'{"problem": "p", "answer": ' + b"9" * 5000 + b"}\n", "line 1: not JSON"),
        (b'{"question": "p", "answer": "1"}\n', "line 1: no field 'problem'; .* question, answer"),
        (b'{"\\n": "p", "answer": "1"}\n', r"line 1: no field 'problem'; .* fields '\\n', answer$"),
        (b'{"problem": "p", "answer": ["1"]}\n', "line 1: field 'answer' is a list; expected text or a number"),
        (b'{"problem": "p", "answer": true}\n', "line 1: field 'answer' is a bool"),
        (b'{"problem": "\\ud800", "answer": "1"}\n', "line 1: field 'problem' is not valid Unicode"),
        (b"", "no problem left; dropped: none, it was empty"),
        (b'{"problem": "p", "answer": ""}\n', "no problem left; dropped: {'empty_answer': 1}"),
    ],
)
def test_bad_jsonl_is_one_clear_line(tmp_path, content, message):
    path = tmp_path / "set.jsonl"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(str(path)) + ".*" + message) as error:
        load_problems(DataConfig(source="jsonl", path=str(path)))
    assert one_line(error) and len(str(error.value)) < 400


def test_bad_files_are_one_clear_line(tmp_path):
    for source in ("jsonl", "parquet"):
        with pytest.raises(ValueError, match="missing: no such file"):
            load_problems(DataConfig(source=source, path=str(tmp_path / "missing")))
        with pytest.raises(ValueError, match="no such file"):
            load_problems(DataConfig(source=source, path=str(tmp_path)))
    path = tmp_path / "set.parquet"
    path.write_text("not parquet")
    with pytest.raises(ValueError, match=r"set\.parquet: not a parquet file") as error:
        load_problems(DataConfig(source="parquet", path=str(path)))
    assert one_line(error)
    write_parquet(path, dapo_rows())
    with pytest.raises(ValueError, match="no column 'answer'; has prompt, reward_model, extra_info"):
        load_problems(DataConfig(source="parquet", path=str(path)))
    for field, part in (("prompt.1.content", "'1'"), ("prompt.0.text", "'text'"), ("prompt.-1.content", "'-1'")):
        fields = DAPO_FIELDS | {"problem_field": field}
        with pytest.raises(ValueError, match=f"row 1: no field '{field}'; there is no {part}"):
            load_problems(DataConfig(source="parquet", path=str(path), **fields))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (dict(source="csv"), "^source: 'csv' is not one of arithmetic, jsonl, parquet, hub, task$"),
        (dict(source="jsonl"), "^path: empty; source 'jsonl' needs a file"),
        (dict(source="jsonl", path="x", problem_field=""), "^problem_field: empty$"),
        (dict(path="x.jsonl"), "^path: 'x.jsonl' does nothing with source 'arithmetic'; leave it at ''$"),
        (dict(source="jsonl", path="x", split="test"), "^split: 'test' does nothing"),
        (dict(source="parquet", path="x", revision="main"), "^revision: 'main' does nothing"),
        (dict(source="hub", path="x", difficulty="hard"), "^difficulty: 'hard' does nothing .* at 'medium'$"),
        (dict(source="task", difficulty="hard"), "^difficulty: 'hard' does nothing"),
        (dict(difficulty="extreme"), "^difficulty: 'extreme' is not one of easy, medium, hard, chain, long"),
        (dict(split="validation"), "^split: 'validation' is not one of train, test"),
        (dict(template="alpaca"), "^template: 'alpaca' is not one of plain, .* file.py:Name$"),
        (dict(template="kpo_jax.tasks.prompts:clean"), "^template: .* is a function, not a kpo_jax.tasks.Template$"),
        (dict(template="plain", enable_thinking=True), "^enable_thinking: needs a template inside .* not 'plain'$"),
        (dict(prompt="{problem"), "^prompt: a brace without the name of a column"),
        (dict(num_problems=-1), "^num_problems: -1 is not a whole number >= 0$"),
        (dict(max_prompt_length=0), "^max_prompt_length: 0 is not"),
        (
            dict(num_problems=-1, max_prompt_length=0, template="x"),
            "^num_problems: .*; max_prompt_length: .*; template: ",
        ),
    ],
)
def test_bad_config(fields, message):
    with pytest.raises(ValueError, match=message) as error:
        DataConfig(**fields)
    assert one_line(error)


def test_config_is_hashable():
    assert hash(DataConfig(difficulty="easy")) == hash(DataConfig(difficulty="easy"))


def test_decontamination():
    story = " ".join(f"word{i}" for i in range(30))
    held_out = [Problem("t", "What is 1 + 1?", "2"), Problem("s", f"Tale: {story} find x", "3")]
    problems = [
        Problem("0", "What  is 1+1?", "2"),  # equal up to white space
        Problem("1", f"{story.upper()}, find x + y", "4"),  # the story with another question
        Problem("2", " ".join(story.split()[:19]), "5"),  # 19 words in common, not 20
        Problem("3", "What is 1 + 2?", "3"),
    ]
    kept, dropped = decontaminate(problems, held_out)
    assert ([p.id for p in kept], dropped) == (["2", "3"], 2)
    assert [p.id for p in decontaminate(problems, held_out, num_words=19)[0]] == ["3"]
    assert decontaminate(problems, []) == (problems, 0)
    # what stands in all problems is none of any of them; where there is nothing else, nothing is compared
    told = lambda problem: (story, problem.problem)
    asked = [(story, "What is 1 + 1?")]
    assert prompts.decontaminate(problems[2:], asked, told)[1] == 0
    assert [p.id for p in prompts.decontaminate([problems[0], problems[3]], asked, told)[0]] == ["3"]
    assert prompts.decontaminate(problems, [(story,)], lambda problem: (story,))[1] == 0
    # a text without spaces has words, too
    story = "甲乙两人同时从相距三十千米的两地相向而行甲每小时走六千米"
    of_story = [Problem("c", f"{story}问几小时相遇", "3")]
    chinese = [Problem("4", f"{story}求乙的速度", "4"), Problem("5", f"{story[:19]}求甲", "5")]
    assert [p.id for p in decontaminate(chinese, of_story)[0]] == ["5"]


# ------------------------------------------------------------------------------------------------------------ prompts


def test_templates():
    problem = "Solve {x} for \\frac{a}{b}."
    text = {
        name: prompt_text(problem, ChatTokenizer(), DataConfig(template=name))
        for name in ("plain", "dapo", "math", "base")
    }
    assert text["plain"] == problem + "\n"
    assert all(problem in prompt for prompt in text.values())
    assert "Answer: $Answer" in text["dapo"] and "\\boxed" not in text["dapo"]
    assert "\\boxed{}" in text["math"] and "Answer:" not in text["math"]
    for name, inner, thinking in (("chat", "math", False), ("chat", "math", True), ("chat_dapo", "dapo", False)):
        config = DataConfig(template=name, enable_thinking=thinking)
        assert prompt_text(problem, ChatTokenizer(), config) == f"[user:{text[inner]}]|{thinking}"
    assert (
        text["base"].startswith(f"Question: {problem}\n") and "\\boxed{}" in text["base"] and text["base"].endswith(":")
    )
    short = prompt_text(problem, ChatTokenizer(), DataConfig(template="chat_short"))
    assert re.fullmatch(r"\[user:.*\]\[assistant:Answer: 4\]" + re.escape(f"[user:{problem}]|False"), short)


ROW = {
    "problem": "of the row",
    "question": "Which?",
    "choices": ["a{b}", "{problem}"],
    "meta": {"level": 3, "é": None, "dotted.name": True},
    "with.dot": 0.5,
    "0": "zero",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{problem} {question}", "Which? Which?"),  # problem is the problem's text, whatever column it came from
        ("{choices.0}|{choices.1}", "a{b}|{problem}"),  # what was put in is not read again
        ("{choices}", '["a{b}", "{problem}"]'),
        ("{meta.level}{meta.é}{with.dot}{0}", "30.5zero"),
        ("{{problem}} {{{problem}}} \\frac{{1}}{{2}}", "{problem} {Which?} \\frac{1}{2}"),
        ("no column at all", "no column at all"),
    ],
)
def test_the_text_of_a_prompt_takes_any_column(text, expected):
    problem = Problem("here", "Which?", "1", None, ROW)
    assert prompt_text(problem, CharTokenizer(), DataConfig(prompt=text)) == expected


@pytest.mark.parametrize(
    "text", ["{1}", "{nothing}", "{problem.__class__}", "{meta.keys}", "{choices.-1}", "{problem!r}"]
)
def test_a_column_that_is_not_there_is_one_clear_line(text):
    problem = Problem("here", "Which?", "1", None, ROW)
    with pytest.raises(ValueError, match=re.escape(f"here: no field {text[1:-1]!r}")) as error:
        prompt_text(problem, CharTokenizer(), DataConfig(prompt=text))
    assert one_line(error)


@pytest.mark.parametrize("text", ["{", "}", "{}", "{problem}}", "a {b {c}"])
def test_a_lone_brace_is_refused(text):
    with pytest.raises(ValueError, match=r"^prompt: a brace without the name of a column"):
        DataConfig(prompt=text)


def test_a_prompt_inside_the_chat_template_and_a_system_message():
    config = DataConfig(template="chat", prompt="{problem}!", system="Be brief.")
    assert prompt_text("1+1", ChatTokenizer(), config) == "[system:Be brief.][user:1+1!]|False"
    for field in ({"system": "Be brief."}, {"enable_thinking": True}):
        message = f"data.{next(iter(field))}: it needs a template inside the tokenizer's chat template"
        with pytest.raises(ValueError, match=message):
            prompt_text("1+1", ChatTokenizer(), DataConfig(**field))


def test_a_template_of_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text('from kpo_jax.tasks import Template\nMINE = Template("Q: {problem} A:")\nBROKEN = Template("{")\n')
    assert prompt_text("1+1", CharTokenizer(), DataConfig(template=f"{path}:MINE")) == "Q: 1+1 A:"
    for name, message in (("BROKEN", "a brace without"), ("NONE", "has no 'NONE'")):
        with pytest.raises(ValueError, match=f"^template: .*{message}"):
            DataConfig(template=f"{path}:{name}")


class LiteralTokenizer(ChatTokenizer):
    """Shows what was made literal, and begins its texts."""

    def __init__(self):
        super().__init__()
        self.start_ids = (0,)

    def literal(self, text):
        return f"({text})"


def test_what_comes_from_the_data_is_made_literal_and_the_rest_is_not():
    problem = Problem("here", "1+1", "2", None, {"x": 3})
    config = DataConfig(prompt="a{problem}b{x}")
    assert prompt_text(problem, LiteralTokenizer(), config) == "a(1+1)b(3)"
    config = DataConfig(template="chat_short", system="s")
    text = prompt_text(problem, LiteralTokenizer(), config)
    assert text.startswith("[system:s]") and text.endswith("[user:(1+1)]|False")
    chat = problem._replace(messages=(("system", "y"), ("user", "1+1")))
    assert prompt_text(chat, LiteralTokenizer(), DataConfig()) == "[system:(y)][user:(1+1)]|False"


def test_a_plain_prompt_begins_as_the_tokenizer_begins_a_text_and_a_chat_by_itself():
    tokenizer, problem = LiteralTokenizer(), Problem("here", "1+1", "2")
    begun = encode_prompts([problem], tokenizer, DataConfig(max_prompt_length=7))[0].tokens
    assert begun == [[0, *tokenizer.encode("(1+1)\n")]]
    with pytest.raises(ValueError, match="none of 1 prompts fits"):  # the begin of text counts
        encode_prompts([problem], tokenizer, DataConfig(max_prompt_length=6))
    tokenizer.encode = lambda text: [0, 5]  # a text that begins itself
    assert encode_prompts([problem], tokenizer, DataConfig())[0].tokens == [[0, 5]]
    tokenizer.encode = lambda text: [5]
    chats = [(problem, DataConfig(template="chat")), (problem._replace(messages=(("user", "1+1"),)), DataConfig())]
    for one, config in chats:
        assert encode_prompts([one], tokenizer, config)[0].tokens == [[5]]


# ------------------------------------------------------------------------------------------------------ chat messages


def chat_rows(*roles):
    messages = [{"role": role, "content": f"{role} text {place}"} for place, role in enumerate(roles)]
    return [{"prompt": messages, "reward_model": {"ground_truth": "34"}}]


def test_messages_of_a_row_are_passed_on_as_they_are(tmp_path):
    path = tmp_path / "chat.parquet"
    write_parquet(path, chat_rows("system", "user"))
    config = DataConfig(source="parquet", path=str(path), **DAPO_FIELDS | {"problem_field": "prompt"})
    (problem,), _ = load_problems(config)
    assert problem.messages == (("system", "system text 0"), ("user", "user text 1"))
    assert (problem.problem, problem.answer) == ("user text 1", "34")
    assert prompt_text(problem, ChatTokenizer(), config) == "[system:system text 0][user:user text 1]|False"
    with pytest.raises(ValueError, match="the char tokenizer has no chat template; it takes neither rows of chat mess"):
        prompt_text(problem, CharTokenizer(), config)
    with pytest.raises(ValueError, match="its row has a system message already"):
        prompt_text(problem, ChatTokenizer(), dataclasses.replace(config, system="Be brief."))
    for field in ({"template": "chat"}, {"prompt": "{problem}"}):
        with pytest.raises(
            ValueError, match=f"^data.{next(iter(field))}: .* row 1 holds chat messages, which are passed"
        ):
            encode_prompts([problem], ChatTokenizer(), dataclasses.replace(config, **field))


def test_the_system_text_is_never_taken_for_the_question(tmp_path):
    path = tmp_path / "chat.parquet"
    write_parquet(path, chat_rows("system", "user"))
    config = DataConfig(source="parquet", path=str(path), **DAPO_FIELDS)
    with pytest.raises(
        ValueError, match="is a message of role 'system', not the question; 'prompt' takes all"
    ) as error:
        load_problems(config)
    assert one_line(error)
    second = dataclasses.replace(config, problem_field="prompt.1.content")  # the control: the user's is one
    assert load_problems(second)[0][0].problem == "user text 1"
    # elsewhere a message of any role may be named
    other = dataclasses.replace(second, prompt="{prompt.0.content}: {problem}", answer_field="prompt.0.content")
    (problem,), _ = load_problems(other)
    assert problem.answer == "system text 0"
    assert prompt_text(problem, ChatTokenizer(), other) == "system text 0: user text 1"


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "ends with a message of role"),
        ([{"role": "user", "content": None}], "a message whose content is a NoneType; expected text"),
        ([{"role": "user", "content": [{"type": "text"}]}], "a message whose content is a list; expected text"),
        ([{"role": "user", "content": "\ud800"}], "not valid Unicode"),
        ([{"role": "user"}], "field 'prompt' is a list; expected text or a number"),
        ([], "field 'prompt' is a list; expected text or a number"),
    ],
)
def test_bad_messages_are_one_clear_line(tmp_path, messages, message):
    config = jsonl(tmp_path / "set.jsonl", [{"prompt": messages, "answer": "1"}])
    with pytest.raises(ValueError, match=message) as error:
        load_problems(dataclasses.replace(config, problem_field="prompt"))
    assert one_line(error)


# ---------------------------------------------------------------------------------------------- problems of all kinds


def test_rows_keep_every_column(tmp_path):
    rows = [{"problem": "p", "answer": "1", "nested": [[1], [2, 3]], "é\u2028": {"a": None}, "null": None}]
    (problem,), _ = load_problems(jsonl(tmp_path / "set.jsonl", rows))
    assert problem.row == rows[0]
    path = tmp_path / "set.parquet"
    write_parquet(path, rows)
    (problem,), _ = load_problems(DataConfig(source="parquet", path=str(path)))
    assert problem.row == rows[0]


def test_dates_and_decimals_go_into_a_prompt_without_quotes():
    row = {"when": datetime.date(2020, 1, 2), "price": decimal.Decimal("7.50"), "many": [1, "a"], "no": None, "t": True}
    problem = Problem("p", "?", "1", row=row)
    prompt = DataConfig(prompt="{problem} {when} {price} {many} {no} {t}")
    assert prompt_text(problem, CharTokenizer(), prompt) == '? 2020-01-02 7.50 [1, "a"]  true'


def test_problems_are_the_same_if_their_prompts_are(tmp_path):
    rows = [{"problem": "which?", "choices": [i, 9], "answer": str(i)} for i in (1, 2, 1)]
    config = jsonl(tmp_path / "set.jsonl", rows)
    assert load_problems(dataclasses.replace(config, prompt="{problem} {choices.0}"))[1] == {"duplicate": 1}
    with pytest.raises(ValueError, match=r"no problem left; dropped: \{'contradictory_answers': 3\}"):  # the control
        load_problems(config)
    with pytest.raises(ValueError, match=r"line 1: no field 'choices\.2'"):
        load_problems(dataclasses.replace(config, prompt="{problem} {choices.2}"))
    talk = [[{"role": r, "content": c} for r, c in (("user", a), ("assistant", "ok"), ("user", "go"))] for a in "abb"]
    config = jsonl(tmp_path / "set.jsonl", [{"prompt": messages, "answer": "1"} for messages in talk])
    problems, dropped = load_problems(dataclasses.replace(config, problem_field="prompt"))
    assert len(problems) == 2 and dropped == {"duplicate": 1}


def test_a_column_that_is_not_unicode_is_one_line(tmp_path):
    config = jsonl(tmp_path / "set.jsonl", [{"problem": "p", "x": "\ud800", "answer": "1"}])
    with pytest.raises(ValueError, match="line 1: field 'x' is not valid Unicode"):
        load_problems(dataclasses.replace(config, prompt="{problem}{x}"))


def test_a_task_without_reference_answers(tmp_path):
    config = jsonl(tmp_path / "set.jsonl", [{"problem": "write a poem"}, {"problem": "write  a poem"}])
    problems, dropped = load_problems(dataclasses.replace(config, answer_field=""))
    assert [p.answer for p in problems] == [""] and dropped == {"duplicate": 1}


def test_encoding_drops_and_counts_long_prompts():
    problems = [Problem(str(n), "1" * n, "1") for n in (3, 9, 4, 10, 8)]
    tokenizer = CharTokenizer()
    encoded, dropped = encode_prompts(problems, tokenizer, DataConfig(max_prompt_length=9))
    assert [p.id for p in encoded.problems] == ["3", "4", "8"]  # the newline of the template counts
    assert dropped == 2
    assert [tokenizer.decode(tokens) for tokens in encoded.tokens] == [p.problem + "\n" for p in encoded.problems]
    with pytest.raises(ValueError, match=r"none of 5 prompts fits data\.max_prompt_length 2"):
        encode_prompts(problems, tokenizer, DataConfig(max_prompt_length=2))
    with pytest.raises(ValueError, match="no symbol for 'é'"):
        encode_prompts([Problem("0", "é", "1")], tokenizer, DataConfig())
    with pytest.raises(ValueError, match="no chat template"):
        encode_prompts(problems, tokenizer, DataConfig(template="chat"))


def test_padding():
    tokens, lengths = pad_prompts([[5, 6, 7], [8]], length=4, pad_id=9)
    assert tokens.tolist() == [[5, 6, 7, 9], [8, 9, 9, 9]] and lengths.tolist() == [3, 1]
    assert tokens.dtype == lengths.dtype == np.int32
    tokens, lengths = pad_prompts([], length=4, pad_id=9)
    assert tokens.shape == (0, 4) and lengths.shape == (0,)
    with pytest.raises(ValueError, match="have 1 to 5 tokens; must have 1 to 4"):
        pad_prompts([[1], [1, 2, 3, 4, 5]], length=4, pad_id=0)
    with pytest.raises(ValueError, match="have 0 to 1 tokens"):
        pad_prompts([[], [1]], length=4, pad_id=0)


# -------------------------------------------------------------------------------------------------------------- order


def epochs_are_permutations(order, num_problems, prompts_per_step, num_epochs=3):
    num_steps = -(-num_epochs * num_problems // prompts_per_step)
    stream = np.concatenate([order(step) for step in range(num_steps)])[: num_epochs * num_problems]
    return all(sorted(epoch) == list(range(num_problems)) for epoch in stream.reshape(num_epochs, num_problems))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.integers(1, 40), st.integers(1, 100))
def test_each_epoch_holds_every_problem_once(seed, num_problems, prompts_per_step):
    def order(step):
        indices = prompt_order(seed, step, num_problems, prompts_per_step)
        assert indices.shape == (prompts_per_step,)
        return indices

    assert epochs_are_permutations(order, num_problems, prompts_per_step)


def test_the_epoch_property_sees_the_usual_mistakes():
    def drawn_anew(step):
        return np.random.default_rng(step).integers(10, size=4)

    def tail_of_the_epoch_lost(step):
        permutation = np.random.default_rng(step * 4 // 10).permutation(10)
        return np.resize(permutation[step * 4 % 10 :], 4)

    assert not epochs_are_permutations(drawn_anew, 10, 4)
    assert not epochs_are_permutations(tail_of_the_epoch_lost, 10, 4)


def test_epochs_and_seeds_have_orders_of_their_own():
    orders = {tuple(prompt_order(seed, epoch, 50, 50)) for seed in range(10) for epoch in range(10)}
    assert len(orders) == 100  # in particular (seed 1, epoch 0) is not (seed 0, epoch 1)


def test_positions_are_uniform():
    first = Counter(int(prompt_order(seed, 0, 8, 1)[0]) for seed in range(800))
    assert set(first) == set(range(8)) and max(first.values()) < 150 and min(first.values()) > 60


def test_order_is_pinned():
    """A change here breaks the promise that a resumed run sees the data the interrupted one would have seen."""
    assert prompt_order(0, 0, 10, 10).tolist() == [0, 8, 9, 3, 7, 5, 1, 2, 6, 4]
    assert prompt_order(1, 7, 10, 4).tolist() == [6, 5, 7, 5]  # two of epoch 2, two of epoch 3


@pytest.mark.parametrize("arguments", [(-1, 0, 5, 1), (0, -1, 5, 1), (0, 0, 0, 1), (0, 0, 5, 0)])
def test_bad_order(arguments):
    with pytest.raises(ValueError, match="prompt order for seed"):
        prompt_order(*arguments)


# ---------------------------------------------------------------------------------------------------------- real sets


@pytest.mark.skipif(not SHARED.exists(), reason="no data sets beside the repository")
def test_facts_of_the_real_sets():
    def load(name):
        return load_problems(DataConfig(source="jsonl", path=str(SHARED / f"{name}.jsonl")))

    dapo, dropped = load("dapo_math_17k")
    with open(SHARED / "dapo_math_17k.jsonl", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert len(rows) == 17_917
    assert len({"".join(row["problem"].split()) for row in rows}) == 16_921
    # Text by text 11 problems have two answers; 15 when white space does not count.
    answers = {}
    for row in rows:
        answers.setdefault(row["problem"], set()).add(row["answer"])
    assert sum(len(values) > 1 for values in answers.values()) == 11
    assert len(dapo) == 16_921 - 15
    assert dropped == {"duplicate": 981, "contradictory_answers": 30}
    assert all(re.fullmatch(r"-?\d+", problem.answer) for problem in dapo)

    for name, rows_kept, rows_hit, problems_hit in (
        ("math500", 500, 31, 26),
        ("aime24", 30, 4, 1),
        ("aime25", 30, 2, 2),
    ):
        held_out, dropped = load(name)
        assert len(held_out) == rows_kept and dropped == {}
        assert decontaminate(dapo, held_out)[1] == rows_hit
        assert decontaminate(held_out, dapo)[1] == problems_hit
    assert decontaminate(dapo, load("gsm8k_train")[0])[1] == 0
    assert any(problem.answer.startswith("0") for problem in load("aime24")[0])


# ------------------------------------------------------------------------------------------- before a device is touched


def dry_run(tmp_path, rows, **changes):
    """What a dry run says of a configuration whose training problems are these rows."""
    data = jsonl(tmp_path / "set.jsonl", rows)
    changes = (
        dict(data__source="jsonl", data__difficulty="medium", data__path=data.path, warm_start__num_steps=0) | changes
    )
    config, faults = load("configs/tiny.py:kpo_weak", **changes)
    assert not faults
    return describe(config)


ROWS = [{"problem": f"{number}+1=", "answer": str(number + 1)} for number in range(40)]


def test_a_dry_run_says_what_training_would_say_of_its_data(tmp_path):
    assert "  train          40 problems, prompts of 5 to 6 tokens\n" in dry_run(tmp_path, ROWS)
    rows = [*ROWS, ROWS[0], {"problem": "3+x=", "answer": "see the \\begin{cases} above"}]
    said = dry_run(tmp_path, rows)
    assert "  train: 41 problems; dropped: duplicate 1\n" in said
    assert (
        "  train: 1 of 41 reference answers cannot be read by the grader, and are right only as they are written: "
        "'see the \\\\begin{cases} above' of " in said
    )
    assert "cannot be read" not in dry_run(tmp_path, rows, reward__kind="countdown")  # which reads no reference
    for fault, message in (
        ({"question": "1+1=", "answer": "2"}, "line 41: no field 'problem'"),
        ({"problem": "1+1=", "answer": None, "x": "é"}, None),
        ({"problem": "É+1=", "answer": "2"}, "no symbol for 'É'"),
    ):
        if message is None:
            assert "dropped: empty_answer 1" in dry_run(tmp_path, [*ROWS, fault])
            continue
        with pytest.raises(ValueError, match=message) as error:
            dry_run(tmp_path, [*ROWS, fault])
        assert one_line(error)
    with pytest.raises(ValueError, match=r"rollout\.prompts_per_step: .* is more than the 3 training problems"):
        dry_run(tmp_path, ROWS[:3])


def test_a_dry_run_opens_the_tokenizer(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"neither tokenizer\.json nor tokenizer_config\.json"):
        dry_run(tmp_path, ROWS, tokenizer=str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="no such directory, and not a hub id"):
        dry_run(tmp_path, ROWS, tokenizer="../missing")


def test_a_dry_run_does_not_ask_the_hub(tmp_path, monkeypatch):
    def ask(*_, **__):
        raise AssertionError("the hub was asked")

    monkeypatch.setattr(prompts, "read_hub", ask)
    monkeypatch.setattr(tokenizers, "_from_pretrained", ask)
    said = dry_run(tmp_path, ROWS, tokenizer="Qwen/Qwen3-4B")
    assert "  train          40 problems\n" in said
    assert "tokenizer 'Qwen/Qwen3-4B' is on the hub and was not opened: no prompt is encoded" in said
    hub = dict(data__source="hub", data__path="a/b")
    assert said != dry_run(tmp_path, ROWS, **hub) and "train: 'a/b' is on the hub and was not opened" in dry_run(
        tmp_path, ROWS, **hub
    )
    with pytest.raises(AssertionError, match="the hub was asked"):  # the control: a local folder is opened
        dry_run(tmp_path, ROWS, **hub | {"data__path": str(tmp_path)})
