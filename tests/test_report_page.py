"""The HTML page: what is in it and what is not, and, where chromium is installed, how a real browser takes hostile
text.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from report_runs import HOSTILE, grades, write_run, write_trace

from kpo_jax.report import page, report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine (Debian: apt-get install chromium)"
)


def data_of(text: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory) -> Path:
    """The page of two runs whose names, responses, answers and traces try to break out."""
    root = tmp_path_factory.mktemp("hostile")
    made = []
    for name, method in (("<img src=x onerror=document.title='pwned'>|*", "kpo_weak"), ("plain", "kpo_strong")):
        base, last = grades(0.3, 1, problems=6), grades(0.6, 2, problems=6)
        made.append(write_run(root / name, method, 0, base, last, responses=HOSTILE))
        write_trace(made[-1], 2)
    report.write([str(path) for path in made], str(root / "out"))
    return root / "out" / "report.html"


def test_the_island_cannot_be_left():
    data = {"text": [*HOSTILE[:2], "<!--<script>", "\u2028&"]}
    text = page.island(data)
    assert json.loads(text) == data
    assert text.isascii() and not set("<>&") & set(text)
    with pytest.raises(ValueError):
        page.island({"ratio": float("nan")})  # NaN is not JSON


def test_hostile_text_is_in_the_page_as_data_alone(hostile_page):
    text = hostile_page.read_text()
    assert len(re.findall(r"<script\b", text)) == 2 and "<img src=x" not in text
    data = data_of(text)
    shown = [item["response"] for answers in data["answers"] for item in answers["items"]]
    assert HOSTILE[0] in shown and any(item.endswith("(96,000 more characters)") for item in shown)
    assert any("<U+202E>" in item and "␀" in item and "<U+D800>" in item for item in shown)
    markdown = (hostile_page.parent / "report.md").read_text()
    assert "<img" not in markdown and "<script" not in markdown


def test_nothing_is_fetched(hostile_page):
    text = re.sub(r'<script type="application/json".*?</script>', "", hostile_page.read_text(), flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:|#)""", text)
    assert not re.search(
        r"url\(|@import|fetch\(|XMLHttpRequest|innerHTML|insertAdjacentHTML|document\.write|eval\(", text
    )
    assert text.count("http") == text.count("http-equiv") + text.count("http://www.w3.org/2000/svg")


# A page loads this one: it runs the report in a frame of the same origin and says what it found in its own title.
PROBE = """
<!doctype html><meta charset="utf-8"><title>waiting</title><iframe id="f" src="report.html" \
style="width:WIDTHpx;height:800px;border:0"></iframe>
<script>
const found = {errors: []};
const frame = document.getElementById("f");
frame.addEventListener("load", () => {
  const win = frame.contentWindow, doc = frame.contentDocument;
  win.addEventListener("error", (e) => found.errors.push(String(e.message)));
  const tokens = doc.querySelectorAll("#trace-viewer .token");
  found.title = doc.title;
  found.tokens = tokens.length;
  found.text = [...doc.querySelectorAll("#trace-viewer .strip")][0]?.textContent;
  found.coloured = [...tokens].filter((t) => /rgb/.test(t.style.backgroundColor)).length;
  found.clipped = doc.querySelectorAll(".token.clipped").length;
  found.saturated = doc.querySelectorAll(".token.saturated").length;
  found.tooltip = tokens[0]?.title;
  tokens[3]?.click();
  found.values = doc.querySelector(".values")?.textContent;
  doc.querySelector(".strip")?.dispatchEvent(new win.KeyboardEvent("keydown", {key: "ArrowRight"}));
  found.next = doc.querySelector(".values")?.textContent;
  doc.querySelectorAll("select").forEach((s) => { s.value = s.options.length - 1; \
s.dispatchEvent(new win.Event("change")); });
  found.pre = doc.querySelectorAll("#answer-viewer pre").length;
  found.scripts = doc.querySelectorAll("script").length;
  found.foreign = doc.querySelectorAll("main img:not([src^='data:']), main script, iframe, [onerror]").length;
  const images = [...doc.querySelectorAll("main img")];
  found.images = [images.length, images.filter((image) => image.complete && image.naturalWidth > 100).length];
  found.overflow = doc.documentElement.scrollWidth - doc.documentElement.clientWidth;
  setTimeout(() => { found.title_after = doc.title; document.title = "done"; \
document.body.textContent = JSON.stringify(found); }, 300);
});
</script>
"""


def chromium(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess:
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=5000",
    ]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)


def screenshot(page_file: Path, tmp_path: Path, width: int, height: int = 1600) -> np.ndarray:
    """[height, width, 3] in 0..1: what a person sees first of the page in a window of that width."""
    framed, out = (
        page_file.parent / f"frame_{width}.html",
        tmp_path / "seen.png",
    )  # windows cannot be as narrow as a telephone
    framed.write_text(
        f'<body style="margin:0"><iframe src="{page_file.name}" '
        f'style="width:{width}px;height:{height}px;border:0"></iframe>'
    )
    result = chromium(
        tmp_path,
        "--hide-scrollbars",
        f"--window-size={max(width, 600)},{height + 200}",
        f"--screenshot={out}",
        f"file://{framed}",
    )
    assert out.is_file(), result.stderr[-2000:]
    return plt.imread(out)[:height, :width, :3]


def ink(seen: np.ndarray) -> np.ndarray:
    """Share of the pixels that are not of the page's commonest colour, in each quarter of its height."""
    grey = np.rint(255 * seen.mean(axis=-1)).astype(int)
    differs = np.abs(grey - np.bincount(grey.ravel()).argmax()) > 20
    return np.array([quarter.mean() for quarter in np.array_split(differs, 4)])


def browse(page_file: Path, tmp_path: Path, width: int) -> tuple[dict, str]:
    """(what the probe found, the browser's console) of the page at a window width."""
    probe = page_file.parent / f"probe_{width}.html"
    probe.write_text(PROBE.replace("WIDTH", str(width)))
    result = chromium(
        tmp_path, "--enable-logging=stderr", "--allow-file-access-from-files", "--dump-dom", f"file://{probe}"
    )
    body = re.search(r"<body>(.*?)</body>", result.stdout, re.DOTALL)
    assert body, result.stderr[-2000:]
    text = body[1].strip().replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u00a0").replace("&amp;", "&")
    return json.loads(text), "\n".join(line for line in result.stderr.splitlines() if "CONSOLE" in line)


@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_tokens_and_runs_nothing(hostile_page, tmp_path, width):
    found, console = browse(hostile_page, tmp_path, width)
    assert found["errors"] == [] and console == "", console
    assert found["title"] == found["title_after"] == "Report: importance-ratio filters"
    assert found["scripts"] == 2 and found["foreign"] == 0
    # two strips of one response of the trace, all with a value
    trace = data_of(hostile_page.read_text())["traces"][0]["rows"][0]
    assert found["tokens"] == 2 * len(trace["tokens"]) == found["coloured"]
    assert found["text"].replace("⏎\n", "\n") == "".join(trace["tokens"])
    assert found["clipped"] == len(trace["clipped"]) and found["saturated"] == 2 * len(trace["saturated"])
    assert (
        found["tooltip"]
        == f"Before the filter: ratio {np.exp(trace['before'][0]):.5f}, log-ratio {found['tooltip'].split()[-1]}"
    )
    assert found["values"].startswith("Token 4 “=”: ratio")
    assert found["next"].startswith("Token 5 “3”: ratio")
    assert found["pre"] == 6
    assert found["overflow"] <= 0
    assert found["images"][0] == found["images"][1] > 0


@needs_chromium
def test_a_screenshot_shows_a_page_at_the_width_of_a_desk_and_of_a_telephone(hostile_page, tmp_path):
    """Text and figures all the way down, and up to neither edge. Control: a page with nothing on it, and one whose text
    is cut off.
    """
    for width in (1280, 390):
        seen = screenshot(hostile_page, tmp_path, width)
        assert seen.shape == (1600, width, 3)
        assert (ink(seen) > 0.01).all() and ink(seen).max() < 0.6, ink(seen)
        assert np.ptp(seen, axis=-1).max() > 0.3  # the figures' colours
        assert (np.ptp(seen[:, [*range(4), *range(-4, 0)]], axis=(0, 1)) < 0.1).all()  # margins
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>Report</title><main></main>")
    assert not ink(screenshot(blank, tmp_path, 390)).any()
    wide = tmp_path / "wide.html"
    wide.write_text(f"<!doctype html><title>Report</title><p style='white-space:nowrap'>{'0.123 ' * 200}")
    assert np.ptp(screenshot(wide, tmp_path, 390)[:, -4:]) > 0.5


@needs_chromium
def test_the_probe_sees_a_page_that_is_broken(hostile_page, tmp_path):
    """The negative control of the test above: without the escapes of the island hostile text gets out."""
    broken = tmp_path / "report.html"
    text = hostile_page.read_text()
    unescaped = (
        re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1].replace("\\u003c", "<").replace("\\u003e", ">")
    )
    head, tail = text.split('id="data">')
    text = head + 'id="data">' + unescaped + tail[tail.index("</script>") :]
    text = text.replace("<main", "<div style='width:2000px;height:1px'></div><main", 1)
    broken.write_text(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text))
    found, console = browse(broken, tmp_path, 1280)
    assert found["tokens"] == 0 and console and (found["title"] == "pwned" or found["foreign"] > 0)
    assert found["overflow"] > 500  # and a part too wide for the window
