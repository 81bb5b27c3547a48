"""Templates: the text around a problem. Imports nothing but the problem, as workers that grade answers load it too.

In a template's text `{problem}` is the problem, and any other name in braces is a column of its row: `{numbers}`, or
`{meta.level}` and `{choices.0}` for what is nested. A brace of its own is written twice. Names are looked up and
nothing more, so no text of a template or of a data set is ever evaluated.
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from kpo_jax.tasks.problem_sets import Problem, check_unicode, find, without_instruction

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")

_DAPO = (
    "Work out the problem below step by step. Finish with one line of the form Answer: $Answer, where $Answer stands "
    "for the final answer.\n\n{problem}\n\nDo not forget the last line, Answer: $Answer."
)
_MATH = "{problem}\nThink step by step and put the final answer within \\boxed{{}}."

# For models that have not been taught to follow instructions: a text to be continued, without the markers of a chat. It
# ends in "Solution:", as "Answer:" invites the bare answer, and not in white space, which belongs to the token that
# comes next. After its answer a base model likes to go on with a question of its own; sampler.stop = ("\nQuestion:",)
# ends the response there.
_BASE = "Question: {problem}\nWork step by step and put the final answer within \\boxed{{}}.\nSolution:"

# Two problems of the arithmetic's `single`, of which neither is in its test split, with their work in words.
_WORKED = (
    (
        "What is 3 + 4?",
        "We add 3 and 4. We start with 3 and add 1 four times: 4, 5, 6, 7. So 3 plus 4 is equal to 7.\nAnswer: 7",
    ),
    (
        "What is 5 * 4?",
        "We multiply 5 by 4. We add 5 four times: 5, 10, 15, 20. So 5 times 4 is equal to 20.\nAnswer: 20",
    ),
)


class Template(NamedTuple):
    """How a problem is put to a model.

    Attributes:
      text: the text around the problem, see the top of this module.
      chat: whether it is a user's message, inside the chat template of the tokenizer.
      examples: (user's message, answer) of earlier exchanges; for a chat alone.
      system: the system message; for a chat alone, empty for none.
    """

    text: str
    chat: bool = False
    examples: tuple[tuple[str, str], ...] = ()
    system: str = ""


TEMPLATES = {
    "plain": Template("{problem}\n"),
    "dapo": Template(_DAPO),
    "math": Template(_MATH),
    "base": Template(_BASE),
    "chat": Template(_MATH, chat=True),
    "chat_dapo": Template(_DAPO, chat=True),
    # The example shows the form of an answer and nothing of how to find it; the smallest models follow it where they do
    # not follow an instruction.
    "chat_short": Template("{problem}", chat=True, examples=(("How many legs has a dog?", "Answer: 4"),)),
    "chat_worked": Template("{problem}", chat=True, examples=_WORKED),
}


def columns(text: str) -> list[str]:
    """The names in braces, in order. Raises ValueError for a brace that is neither doubled nor around a name."""
    names = []
    for part in _PART.finditer(text):
        if part[0] in ("{{", "}}"):
            continue
        if not part[1]:
            around = text[max(0, part.start() - 10) : part.end() + 10]
            raise ValueError(f"a brace without the name of a column in {around!r}; a brace of its own is written twice")
        names.append(part[1])
    return names


def fill(text: str, problem: Problem, literal: Callable[[str], str] = str) -> str:
    """The text with the problem and its columns put in, each as `literal` makes it (see Tokenizer.literal).

    Raises ValueError, one line, for a column that is not there.
    """

    def value(part: re.Match) -> str:
        if part[0] in ("{{", "}}"):
            return part[0][0]
        if part[1] == "problem":
            return literal(problem.problem)
        return literal(check_unicode(as_text(find(problem.row, part[1], problem.id)), part[1], problem.id))

    return _PART.sub(value, text)


def question(problem: Problem, template: Template) -> str:
    """What sets the prompt of the problem apart from those of others: two problems that agree here are the same."""
    return "\n".join(text for _, text in problem.messages) if problem.messages else fill(template.text, problem)


def asked(problem: Problem, template: Template) -> tuple[str, ...]:
    """The texts that the prompt takes from the problem, without what the template says around them; of chat messages,
    without the system's and an answer format.
    """
    if problem.messages:
        return tuple(without_instruction(text) for role, text in problem.messages if role != "system")
    return tuple(fill(f"{{{name}}}", problem) for name in dict.fromkeys(columns(template.text)))


def as_text(value: Any) -> str:
    """A column's value in a prompt: nothing for null, numbers and what is nested as JSON, all else (text, a date) as it
    is.
    """
    if value is None:
        return ""
    is_json = isinstance(value, bool | int | float | list | dict)
    return json.dumps(value, ensure_ascii=False, default=str) if is_json else str(value)


def messages(problem: Problem, template: Template, literal: Callable[[str], str] = str) -> list[dict[str, str]]:
    """The chat messages that put the problem to a model: those of its row as they are, or those of the template.

    What comes from the row passes through `literal` (see Tokenizer.literal). Raises ValueError if the row and the
    template both have a system message.
    """
    turns = [turn for user, answer in template.examples for turn in (("user", user), ("assistant", answer))]
    own = tuple((role, literal(text)) for role, text in problem.messages)
    turns = own or (*turns, ("user", fill(template.text, problem, literal)))
    if template.system:
        if turns[0][0] == "system":
            raise ValueError(f"{problem.id}: its row has a system message already; data.system must be empty")
        turns = (("system", template.system), *turns)
    return [{"role": role, "content": text} for role, text in turns]
