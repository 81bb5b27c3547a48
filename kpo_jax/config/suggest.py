"""What a person may have meant by a name that is none."""

import difflib


def did_you_mean(path: str, legal: list[str]) -> str:
    """The end of an error line: the legal path nearest to `path`, by its last part first; "" where nothing is near."""
    found = nearest(path, legal)
    return f"; did you mean {found}?" if found else ""


def nearest(path: str, legal: list[str]) -> str | None:
    """The legal path whose last part is that of `path`, abbreviated by it or hardly differs; None if there is none.

    Among equals the one whose other parts agree best, then the first.
    """
    parent, _, last = path.rpartition(".")
    best, best_score = None, (0.0, 0.0)
    for candidate in legal:
        other_parent, _, other = candidate.rpartition(".")
        score = (_likeness(last, other), difflib.SequenceMatcher(None, parent, other_parent).ratio())
        if score[0] >= 0.7 and score > best_score:
            best, best_score = candidate, score
    return best


def _likeness(text: str, name: str) -> float:
    """1 for the same, 0.95 for its initials (lr for learning_rate), 0.9 for one of its words, else how much they
    share.
    """
    if text == name:
        return 1.0
    words = name.split("_")
    if len(words) > 1 and text == "".join(word[:1] for word in words):
        return 0.95
    if len(text) > 2 and text in words:
        return 0.9
    return difflib.SequenceMatcher(None, text, name).ratio() * 0.99
