"""The HTML page: what is in it and what is not, and, where chromium is installed, how a real browser takes hostile
text.
"""

import html
import json
import re
import shutil
import subprocess
import urllib.parse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from report_runs import HOSTILE, grades, write_run, write_trace

from kpo_jax.report import page, report

AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"

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
    shown = [sample["response"] for sample in data["samples"] if "response" in sample]
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


def traced_of(text: str) -> list[dict]:
    return [sample for sample in data_of(text)["samples"] if "tokens" in sample]


# ------------------------------------------------------------------------------------------- colours, without a browser


def luminance(colour: np.ndarray) -> float:
    """Relative luminance of sRGB in 0..255 (WCAG 2)."""
    share = np.asarray(colour, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def theme(style: str, dark: bool) -> dict[str, np.ndarray]:
    """{name of a custom property: its colour} of a theme of the style sheet."""
    parts = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    found = {}
    for name, hexadecimal, triple in re.findall(r"--(\w+): (?:#(\w{6})|(\d+ \d+ \d+));", parts[1 if dark else 0]):
        found[name] = np.array(
            [int(hexadecimal[i : i + 2], 16) for i in (0, 2, 4)] if hexadecimal else triple.split(), int
        )
    return found


def weakest(style: str, dark: bool) -> dict[str, float]:
    """The least contrast of the text of a token on its colour, at any strength, and of the other texts on what they
    stand on.
    """
    colours = theme(style, dark)
    strengths = np.linspace(0, 1, 21)
    found = {
        side: min(contrast(colours["ink"], (1 - s) * colours["card"] + s * colours[side]) for s in strengths)
        for side in ("less", "more")
    }
    for text in ("ink", "soft", "accent", "good", "bad"):
        found[text] = min(contrast(colours[text], colours[ground]) for ground in ("page", "card"))
    return found


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(dark):
    assert contrast([255] * 3, [0] * 3) == pytest.approx(21)
    style = (page.TEMPLATES / "style.css").read_text()
    assert min(weakest(style, dark).values()) >= 4.5, weakest(style, dark)
    # the control: stronger colours, as pages of earlier versions had them
    strong = re.sub(r"--less: [\d ]+; --more: [\d ]+;", "--less: 60 125 200; --more: 205 62 62;", style)
    assert min(weakest(strong, dark).values()) < 4.5


# A page loads this one: it uses the report in a frame of the same origin as a person would, and says what it found.
PROBE = """
<!doctype html><meta charset="utf-8"><title>waiting</title><iframe id="f" src="report.htmlHASH" \
style="width:WIDTHpx;height:800px;border:0"></iframe>
<script>
const found = {errors: []};
const frame = document.getElementById("f");
const pause = () => new Promise((done) => setTimeout(done, 100));
frame.addEventListener("load", async () => {
  const win = frame.contentWindow, doc = frame.contentDocument, viewer = doc.getElementById("sample-viewer");
  win.addEventListener("error", (e) => found.errors.push(String(e.message)));
  const all = (selector) => [...doc.querySelectorAll(selector)], one = (selector) => doc.querySelector(selector);
  const set = (node, value) => { if (node) { node.value = value;
    for (const event of ["input", "change"]) node.dispatchEvent(new win.Event(event, {bubbles: true})); } };
  const field = (label) => all("label").find((l) => l.firstChild.textContent === label)?.lastChild;
  const press = (key) => one(".strip")?.dispatchEvent(new win.KeyboardEvent("keydown", {key, bubbles: true}));
  const problems = () => all(".samples tbody th").map((cell) => cell.textContent);
  const cells = (place) => all(".samples tbody tr").map((line) => line.cells[place].textContent);
  found.title = doc.title;
  found.head = viewer?.querySelector("h3")?.textContent;
  found.cards = all("#sample-viewer .card").map((card) => card.getAttribute("aria-label"));
  const tokens = all("#sample-viewer .token");
  found.tokens = tokens.length;
  found.text = one(".strip")?.textContent;
  found.coloured = tokens.filter((t) => /rgb/.test(t.style.backgroundColor)).length;
  found.clipped = all(".token.clipped").length;
  found.saturated = all(".token.saturated").length;
  found.tooltip = tokens[0]?.title;
  found.broken = tokens.filter((t) => t.textContent.includes("\\n")).length;
  found.boxes = tokens[0] && win.getComputedStyle(tokens[0]).webkitBoxDecorationBreak;
  tokens[3]?.click();
  found.values = one(".values")?.textContent;
  press("ArrowRight");
  found.next = one(".values")?.textContent;
  const active = (strip) => doc.getElementById(strip.getAttribute("aria-activedescendant"));
  found.active = all(".strip").slice(0, 2).map((strip) => active(strip)?.getAttribute("aria-label"));
  found.selected = all("[aria-selected=true]").length;
  const choice = field("Filter");
  found.filters = choice ? [...choice.options].map((o) => o.value) : [];
  set(choice, "grpo");
  found.after = all(".strip")[1] ? [...all(".strip")[1].querySelectorAll(".token")].map((t) => t.title) : [];
  const beside = field("Beside it, of the same problem");
  found.same = beside ? beside.options.length : 0;
  set(beside, beside?.options[1]?.value);
  found.both = all("#sample-viewer .card").length;
  found.hash = win.location.hash;
  found.rows = problems().length;
  found.said = one("#sample-table [role=status]")?.textContent;
  set(field("Reward at least"), 1);
  found.rewards = [...new Set(cells(7))];
  set(field("Reward at least"), "");
  set(field("Text"), "MORE CHARACTERS");
  found.searched = problems().length;
  set(field("Text"), "");
  const heads = all(".samples thead button");
  heads[8]?.click();
  found.ascending = cells(8).map(Number);
  heads[8]?.click();
  found.descending = cells(8).map(Number);
  found.sort = all(".samples [aria-sort]").map((head) => head.getAttribute("aria-sort"));
  const link = all(".samples tbody a").find((a) => /held_out/.test(decodeURIComponent(a.hash)));
  link?.click();
  await pause();
  found.followed = link && link.hash === win.location.hash && link.getAttribute("aria-current");
  found.focus = doc.activeElement?.tagName;
  found.choice = choice && win.getComputedStyle(choice.parentNode).display;
  found.pre = all("#sample-viewer pre").length;
  found.scripts = all("script").length;
  found.foreign = all("main img:not([src^='data:']), main script, iframe, [onerror]").length;
  const images = all("main img");
  found.images = [images.length, images.filter((image) => image.complete && image.naturalWidth > 100).length];
  found.overflow = doc.documentElement.scrollWidth - doc.documentElement.clientWidth;
  await pause();
  found.title_after = doc.title; document.title = "done";
  document.body.textContent = JSON.stringify(found);
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


def browse(page_file: Path, tmp_path: Path, width: int, address: str = "") -> tuple[dict, str]:
    """(what the probe found, the browser's console) of the page at a window width, opened at #address."""
    probe = page_file.parent / f"probe_{width}.html"
    probe.write_text(PROBE.replace("WIDTH", str(width)).replace("HASH", address))
    result = chromium(
        tmp_path, "--enable-logging=stderr", "--allow-file-access-from-files", "--dump-dom", f"file://{probe}"
    )
    body = re.search(r"<body>(.*?)</body>", result.stdout, re.DOTALL)
    assert body, result.stderr[-2000:]
    text = body[1].strip().replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u00a0").replace("&amp;", "&")
    return json.loads(text), "\n".join(line for line in result.stderr.splitlines() if "CONSOLE" in line)


@needs_chromium
@pytest.mark.parametrize("width", [1280, 800, 390])
def test_a_browser_shows_tokens_and_runs_nothing(hostile_page, tmp_path, width):
    found, console = browse(hostile_page, tmp_path, width)
    assert found["errors"] == [] and console == "", console
    assert found["title"] == found["title_after"] == "Report: importance-ratio filters"
    assert found["scripts"] == 2 and found["foreign"] == 0
    # two strips of one response of the trace, all with a value
    data = data_of(hostile_page.read_text())
    trace = traced_of(hostile_page.read_text())[0]
    assert found["tokens"] == 2 * len(trace["tokens"]) == found["coloured"]
    assert found["text"].replace("⏎\n", "\n") == "".join(trace["tokens"])
    assert found["broken"] == 0 and found["boxes"] == "clone"  # a token's outline is closed, wherever its line ends
    assert found["clipped"] == len(trace["clipped"]) and found["saturated"] == 2 * len(trace["saturated"])
    assert found["tooltip"].startswith(f"Before the filter: ratio {np.exp(trace['before'][0]):.5f}, log-ratio ")
    assert found["values"].startswith("Token 4 “=”: ratio") and "gain" in found["values"]
    assert found["next"].startswith("Token 5 “3”: ratio")
    # the keyboard has moved in both strips, and says so to a screen reader
    assert found["selected"] == 2 and all(label.startswith("3: ratio ") for label in found["active"])
    # another filter shows the package's numbers, not the record's
    assert found["filters"] == ["", *data["filters"]] == ["", *trace["others"]]
    for shown, value, was in zip(found["after"], trace["others"]["grpo"]["after"], trace["after"], strict=True):
        assert shown.startswith(f"After: grpo: ratio {np.exp(value):.5f}") and value != was
    assert found["cards"] == [f"{trace['run']}, training, step 2, sample {trace['key'].split('/')[-1]}"]
    same = sum(one["id"] == trace["id"] for one in traced_of(hostile_page.read_text()))
    assert found["same"] == same and found["both"] == 2
    assert found["hash"].endswith("&filter=grpo") and "with=" in found["hash"]
    # the table
    samples = data["samples"]
    assert found["rows"] == len(samples) and found["said"] == f"{len(samples)} of {len(samples)} samples."
    assert found["rewards"] == ["1"] and {sample["reward"] for sample in samples} == {0, 1, None}
    assert found["searched"] == sum("more characters" in sample.get("response", "") for sample in samples) > 0
    assert found["ascending"] == sorted(sample["length"] for sample in samples)
    assert found["descending"] == found["ascending"][::-1] and found["sort"] == ["descending"]
    assert found["followed"] == "true" and found["focus"] == "H3" and found["pre"] == 1
    assert found["choice"] == "none"  # a graded answer has no ratios to filter
    assert found["overflow"] <= 0
    assert found["images"][0] == found["images"][1] > 0


@needs_chromium
def test_the_address_of_a_sample_opens_it(hostile_page, tmp_path):
    one, other = traced_of(hostile_page.read_text())[1:3]
    address = "#" + urllib.parse.urlencode({"sample": one["key"], "with": other["key"], "filter": "gspo"})
    found, _ = browse(hostile_page, tmp_path, 800, address)
    assert [card.split()[-1] for card in found["cards"]] == [key["key"].split("/")[-1] for key in (one, other)]
    assert found["tooltip"].startswith(f"Before the filter: ratio {np.exp(one['before'][0]):.5f}")
    assert found["clipped"] == len(one["others"]["gspo"]["clipped"]) + len(other["others"]["gspo"]["clipped"])
    # a sample that is not there is said to be not there
    found, _ = browse(hostile_page, tmp_path, 800, "#sample=nowhere")
    assert found["head"] == "No sample nowhere in this page." and found["cards"] == []


AXE_PROBE = """
<!doctype html><meta charset="utf-8"><title>waiting</title><iframe id="f" src="checked.htmlHASH" \
style="width:WIDTHpx;height:2000px;border:0"></iframe>
<script>
document.getElementById("f").addEventListener("load", async ({target}) => {
  const found = await target.contentWindow.axe.run({resultTypes: ["violations"]});
  document.body.textContent = JSON.stringify({
    checks: found.passes.length,
    dark: target.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
    violations: found.violations.map(({id, nodes}) => [id, nodes.length, nodes[0].html, nodes[0].failureSummary]),
  });
});
</script>
"""


def axe(page_file: Path, tmp_path: Path, width: int, dark: bool, address: str = "") -> dict:
    """What axe-core finds wrong with the page at #address in a window of that width; its script goes into a copy."""
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page_file.read_text())
    (tmp_path / "checked.html").write_text(text.replace("</body>", f"<script>{AXE.read_text()}</script></body>"))
    (tmp_path / "axe.html").write_text(AXE_PROBE.replace("WIDTH", str(width)).replace("HASH", address))
    theme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    flags = [theme, "--virtual-time-budget=60000", "--allow-file-access-from-files", "--dump-dom"]
    result = chromium(tmp_path, *flags, f"file://{tmp_path / 'axe.html'}")
    body = re.search(r"<body>(.*?)</body>", result.stdout, re.DOTALL)
    return json.loads(html.unescape(body[1]))


needs_axe = pytest.mark.skipif(
    not AXE.is_file(), reason="no axe-core in this checkout (npm install --no-save axe-core)"
)


@needs_chromium
@needs_axe
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 800, 390])
def test_axe_finds_nothing_that_shuts_a_person_out(hostile_page, tmp_path, width, dark):
    one, other = traced_of(hostile_page.read_text())[:2]
    address = "#" + urllib.parse.urlencode({"sample": one["key"], "with": other["key"], "filter": "is_kpo_calibrated"})
    found = axe(hostile_page, tmp_path, width, dark, address)
    assert found["violations"] == [] and found["checks"] > 20 and found["dark"] == dark


@needs_chromium
@needs_axe
def test_the_control_axe_sees_a_page_that_shuts_people_out(hostile_page, tmp_path):
    broken = tmp_path / "broken.html"
    text = hostile_page.read_text().replace('<html lang="en">', "<html>").replace("--soft: #5d646e", "--soft: #c0c4ca")
    broken.write_text(re.sub(r'<img alt="[^"]*"', "<img", text))
    found = {name for name, *_ in axe(broken, tmp_path, 1280, False)["violations"]}
    assert {"html-has-lang", "image-alt", "color-contrast"} <= found


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
