"""A hook of mkdocs (mkdocs.yml): the pages of docs/, as they are read in the repository, as pages of a site.

A page links to what lies outside its folder, ../README.md and ../configs/results/x.png. A site has nothing above
itself, so they are its page readme.md and its file configs/results/x.png, and links are written anew.
"""

import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
README = "readme.md"  # mkdocs would take README.md for an index


def on_files(files, config):
    """Add the README and every file of configs/results."""
    files.append(File.generated(config, README, content=(ROOT / "README.md").read_text()))
    for path in sorted((ROOT / "configs" / "results").iterdir()):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown, page, **_):
    """The text of a page for the site: its links, and the name of a file beside the language of a block of code."""
    for pattern, written in (
        (r"\]\(docs/", "](") if page.file.src_uri == README else (r"\]\(\.\./README\.md", f"]({README}"),
        (r"\]\(\.\./configs/", "](configs/"),
        (r"(?m)^```(\w+) (\S+)$", r'```\1 title="\2"'),
    ):
        markdown = re.sub(pattern, written, markdown)
    return markdown
