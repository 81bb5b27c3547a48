"""What a workdir says of its run: the configuration in config.json, and the source of what it loaded by reference.

`sources.json` maps each location (file.py, or package.module) to its text, so that a run can be evaluated, exported and
replayed from its workdir alone, and so that a file which has changed since is noticed. `problems.json` tells the
problems that it is trained on from others.
"""

import json

from absl import logging

from kpo_jax import references
from kpo_jax.config import Config, difference, from_dict, to_dict
from kpo_jax.files import write_whole
from kpo_jax.places import folder
from kpo_jax.runtime import distributed
from kpo_jax.tasks.prompts import ProblemSet

CONFIG, SOURCES, PROBLEMS = "config.json", "sources.json", "problems.json"


def plain_config(workdir: str) -> dict:
    """The configuration of the run in `workdir` as nested dicts; what it loads by reference comes from the workdir too.

    Raises ValueError, one line, if there is none.
    """
    path = folder(workdir) / CONFIG
    if not path.is_file():
        raise ValueError(f"--workdir: no run in {workdir} (no {CONFIG})")
    references.use(kept_sources(workdir))
    try:
        plain = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path}: not JSON: {error}") from None
    if not isinstance(plain, dict):
        raise ValueError(f"{path}: a JSON {type(plain).__name__}, not a configuration")
    return plain


def run_config(workdir: str) -> Config:
    """The same as a Config. Raises ValueError, one line, if there is none or it is not one of this version."""
    plain = plain_config(workdir)
    try:
        return from_dict(plain)
    except ValueError as error:
        raise ValueError(f"{folder(workdir) / CONFIG}: not a configuration of this version: {error}") from error


def kept_sources(workdir: str) -> dict[str, str]:
    """The source texts that the run keeps, by location; {} if it keeps none."""
    path = folder(workdir) / SOURCES
    try:
        return {str(k): str(v) for k, v in json.loads(path.read_text()).items()} if path.is_file() else {}
    except (ValueError, AttributeError) as error:
        raise ValueError(f"{path}: not a mapping of locations to sources: {error}") from None


def changes(workdir: str, config: Config, *, allow_change: bool) -> list[str]:
    """The lines by which `config` would change the trajectory of the run in `workdir`; [] for a new run or none.

    A file that was loaded by reference and is not the one that the run keeps is such a line too. With `allow_change`
    lines are only logged.
    """
    path = folder(workdir) / CONFIG
    if not path.exists():
        return []
    kept = kept_sources(workdir)
    try:
        lines = difference(from_dict(json.loads(path.read_text())), config)
    except ValueError as error:
        lines = [f"{path}: not a configuration of this version: {error}"]
    for location, text in references.loaded().items():
        if location in kept and kept[location] != text:
            digests = f"{references.digest(kept[location])} -> {references.digest(text)}"
            lines.append(f"{location}: the file has changed since the run began ({digests})")
    if not allow_change:
        return lines
    for line in lines:
        logging.warning("configuration changed on resume: %s", line)
    return []


def other_problems(workdir: str, train: ProblemSet) -> str:
    """The line by which `train` is not what the run in `workdir` is trained on; "" if it is, or nothing is known."""
    path = folder(workdir) / PROBLEMS
    kept = json.loads(path.read_text()) if path.is_file() else _known(train)
    if kept == _known(train):
        return ""
    return (
        f"data: the {len(train.problems):,} training problems are not the {kept['count']:,} that the run began with; a "
        "file has changed, or eval.sets, whose problems are not trained on (decontaminate)"
    )


def write_problems(workdir: str, train: ProblemSet) -> None:
    """Leave in `workdir` what tells the training problems from others."""
    write_whole(folder(workdir) / PROBLEMS, json.dumps(_known(train)) + "\n")


def _known(train: ProblemSet) -> dict:
    return {"count": len(train.problems), "sha256": train.digest}


def make(workdir: str) -> None:
    """Make the directory if it is not there. Raises ValueError, one line, if that cannot be."""
    try:
        folder(workdir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--workdir: {workdir} cannot be made: {error.strerror}") from error


def write_config(workdir: str, config: Config) -> None:
    """Leave the configuration, and the source of what it loaded by reference, in `workdir`."""
    if distributed.is_first():
        if sources := references.loaded():
            write_whole(folder(workdir) / SOURCES, json.dumps(sources, indent=2) + "\n")
        write_whole(folder(workdir) / CONFIG, json.dumps(to_dict(config), indent=2) + "\n")
