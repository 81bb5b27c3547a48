"""Secrets are masked where they are shown, refused where they would be kept, and nothing else is touched."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from kpo_jax import config as config_lib
from kpo_jax import text as redact
from kpo_jax.tasks.prompts import DataConfig

ROOT = Path(__file__).parents[1]
SECRETS = [
    ("HF_TOKEN=abc", "HF_TOKEN=MASKED"),
    ("--api_key=abc", "--api_key=MASKED"),
    ("--hub.apikey=a=b", "--hub.apikey=MASKED"),
    ("WANDB_API_KEY=abc d", "WANDB_API_KEY=MASKED"),
    ("aws_secret_access_key='x y'", "aws_secret_access_key=MASKED"),
    ("SECRET_2=x", "SECRET_2=MASKED"),
    ("--password=", "--password=MASKED"),
    ("--config.data.path=https://me:pw@host/x", "--config.data.path=https://MASKED@host/x"),
    ("https://me:pw@host/x,https://you@host", "https://MASKED@host/x,https://MASKED@host"),
    ("https://me:p@w@host/x", "https://MASKED@host/x"),
    ("https://host/x?se=3&sig=abc%3D&b=4", "https://host/x?se=3&sig=MASKED&b=4"),
    ("https://host/x?part=3&token=abc&b=4", "https://host/x?part=3&token=MASKED&b=4"),
    ("--revision=hf_" + "aB3" * 12, "--revision=MASKED"),
]
HARMLESS = [
    "--config.tokenizer=char",
    "--config.learner.microbatch_tokens=4096",
    "--config.data.answer_field=answer",
    "s3://bucket/a@b",
    "--sigma=3",
    "https://host/x?part=3",
    "monkeys",
    "a b;$(touch /tmp/p)",
    "hf_config=3",
    "models/hf_llama3checkpoint",
    "--keyword=3",
    "",
]


@pytest.mark.parametrize("text, shown", SECRETS)
def test_a_secret_is_masked(text, shown):
    assert redact.mask_words([text]) == [shown]
    assert "abc" not in redact.mask(f"error: {text}")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    assert redact.mask_words([text]) == [text] and redact.mask(text) == text and not redact.holds_secret(text)


def test_the_word_after_a_secrets_flag_is_masked():
    assert redact.mask_words(["--api_key", "abc", "--x", "y", "-token", "z"]) == [
        "--api_key",
        "MASKED",
        "--x",
        "y",
        "-token",
        "MASKED",
    ]


def test_words_on_standard_input_come_back_one_for_one():
    words = ["", "a\nb", "--token=1\n2", "é", " "]
    done = subprocess.run(
        [sys.executable, "-I", "kpo_jax/text.py"],
        input="".join(w + "\0" for w in words),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert done.stdout.split("\0") == ["", "a\nb", "--token=MASKED", "é", " ", ""]


@pytest.mark.parametrize("secret", ["https://me:pw@host/x", "https://host/x?token=pw", "hf_" + "pw0" * 12])
def test_no_configuration_holds_a_secret(secret):
    base = config_lib.Config(data=DataConfig(source="jsonl", path="x.jsonl"))
    for path, config in [
        ("pretrained", dataclasses.replace(base, pretrained=secret)),
        ("data.path", dataclasses.replace(base, data=dataclasses.replace(base.data, path=secret))),
        (
            "eval.sets.a.path",
            dataclasses.replace(
                base, eval=config_lib.EvalConfig(sets={"a": dataclasses.replace(base.data, path=secret)})
            ),
        ),
    ]:
        problems = [line for line in config_lib.problems_of(config) if line.startswith(f"{path}: holds a secret")]
        assert len(problems) == 1 and "pw" not in problems[0].replace("password", "")
    assert not any("a secret" in line for line in config_lib.problems_of(base))


def test_a_prompt_may_speak_of_addresses():
    assert not redact.holds_secret("{problem}\nSee https://host/x?key=abc\n")
    assert redact.holds_secret("https://host/x?key=abc")  # control


def test_the_entry_point_shows_no_secret(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "kpo_jax.main", "--config=configs/tiny.py",
         "--config.data.path=https://me:hunter2@h/x", "--dry_run", "--nonsense_token=hunter2", "token=hunter2", "--config.init_from=https://h/?key=hunter2"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 64 and "hunter2" not in done.stdout + done.stderr, done.stderr
    assert "data.path: holds a secret" in done.stderr or "nonsense_token" in done.stderr
