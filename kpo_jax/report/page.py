"""One HTML page of a report, self-contained: styles, script, pictures and data are in it and nothing is fetched.

Text is escaped by jinja2, the data island by `island`, and the page's own policy lets no script run but its one script
by its hash.
"""

import base64
import hashlib
import json
from pathlib import Path

import jinja2

TEMPLATES = Path(__file__).parent / "page_files"


def island(data) -> str:
    """JSON that cannot end its script element or open another: ASCII, with <, > and & spelled as escapes."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def render(sections, samples: dict, directory: Path) -> str:
    """The page of `sections` (report.Section), whose pictures lie in `directory`, and `samples` (responses.collect)."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "viewer.js").read_text()
    pictures = {
        name: base64.b64encode((directory / name).read_bytes()).decode()
        for section in sections
        for name, _ in section.figures
    }
    return environment.get_template("report.html").render(
        sections=sections,
        pictures=pictures,
        style=(TEMPLATES / "style.css").read_text(),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=island(samples),
        has_samples=bool(samples["samples"] or samples["notes"]),
    )
