"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const samples = data.samples, byKey = new Map(samples.map((sample) => [sample.key, sample]));
  const ROWS_AT_ONCE = 50, RECORDED = "as recorded";

  // Text goes in as text nodes only: nothing of what a model wrote is ever parsed as markup.
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
    return node;
  };
  const number = (value) => (value === null ? "none" : Math.abs(value) >= 1e-3 || value === 0 ? String(+value.toPrecision(4)) : value.toExponential(2));
  const ratio = (value) => (value === null ? "none" : Math.exp(value).toFixed(5));
  const verdict = (correct) => make("span", { class: correct ? "right" : "wrong" }, correct ? "✓ right" : "✗ wrong");
  const facts = (pairs) => make("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
  const option = ([value, text]) => make("option", { value }, text);
  const labelled = (text, node, size) => make("label", { class: size }, text, node);
  const distinct = (name) => [...new Set(samples.map((sample) => sample[name]))];

  // What is shown is what the address says: #sample=KEY&with=KEY&filter=METHOD.
  const address = (state) => `#${new URLSearchParams(Object.entries(state).filter(([, value]) => value))}`;
  const stated = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));

  // ---------------------------------------------------------------------------------------------------- the table

  const COLUMNS = [ // what the head says, what is sorted by, whether it is a number
    ["Problem", (s) => s.problem], ["Run", (s) => s.run], ["From", (s) => s.set], ["Step", (s) => s.step, true], ["Reference", (s) => s.answer],
    ["Found", (s) => s.extracted], ["Verdict", (s) => +s.correct], ["Reward", (s) => s.reward, true], ["Characters", (s) => s.length, true],
  ];
  const order = (a, b) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  const words = (sample) => [sample.problem, sample.answer, sample.extracted, sample.response ?? sample.tokens.join("")].join("\n").toLowerCase();

  const sampleTable = (root) => {
    const search = make("input", { type: "search", autocomplete: "off" });
    const run = make("select", {}, ...[["", "all"], ...distinct("run").map((name) => [name, name])].map(option));
    const from = make("select", {}, ...[["", "all"], ...distinct("set").map((name) => [name, name])].map(option));
    const verdicts = make("select", {}, ...[["", "all"], ["1", "right"], ["0", "wrong"]].map(option));
    const [least, most] = [0, 1].map(() => make("input", { type: "number", step: "any" }));
    const count = make("p", { class: "note", role: "status" });
    const body = make("tbody"), more = make("button", { type: "button" }, "Show more");
    let sorted = null, descending = false, limit = ROWS_AT_ONCE;

    const wanted = (sample) =>
      (!run.value || sample.run === run.value) && (!from.value || sample.set === from.value) && (!verdicts.value || sample.correct === (verdicts.value === "1")) &&
      (least.value === "" || (sample.reward !== null && sample.reward >= +least.value)) && (most.value === "" || (sample.reward !== null && sample.reward <= +most.value)) &&
      (!search.value || words(sample).includes(search.value.toLowerCase()));
    const row = (sample) => {
      const text = (value) => make("td", { class: "text" }, value), digits = (value) => make("td", { class: "number" }, value);
      const link = make("a", { href: address({ sample: sample.key }) }, sample.problem.trim() || "(empty)");
      const line = make("tr", {}, make("th", { scope: "row", title: sample.problem }, link), text(sample.run), text(sample.set), digits(sample.step), text(sample.answer), text(sample.extracted),
        make("td", {}, verdict(sample.correct)), digits(sample.reward === null ? "none" : number(sample.reward)), digits(sample.length));
      line.dataset.key = sample.key;
      return line;
    };
    const mark = () => {
      const shown = stated().sample ?? samples[0].key;
      for (const line of body.rows) {
        line.classList.toggle("shown", line.dataset.key === shown);
        const link = line.querySelector("a");
        if (line.dataset.key === shown) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    const draw = () => {
      const found = samples.filter(wanted);
      if (sorted !== null) found.sort((a, b) => (descending ? -1 : 1) * order(COLUMNS[sorted][1](a), COLUMNS[sorted][1](b)));
      body.replaceChildren(...found.slice(0, limit).map(row));
      more.hidden = found.length <= limit;
      count.textContent = `${found.length} of ${samples.length} samples${more.hidden ? "" : `, the first ${limit} shown`}.`;
      mark();
    };
    const heads = COLUMNS.map(([name, , digits], i) => {
      const button = make("button", { type: "button" }, name, " ", make("span", { "aria-hidden": "true" }, "↕"));
      button.addEventListener("click", () => {
        [sorted, descending] = [i, sorted === i && !descending];
        heads.forEach((head, j) => {
          head.querySelector("span").textContent = j !== i ? "↕" : descending ? "↓" : "↑";
          if (j === i) head.setAttribute("aria-sort", descending ? "descending" : "ascending");
          else head.removeAttribute("aria-sort");
        });
        draw();
      });
      return make("th", { scope: "col", ...(digits ? { class: "number" } : {}) }, button);
    });
    const form = make("form", { class: "controls", role: "search", "aria-label": "Which samples" }, labelled("Text", search, "middle"), labelled("Run", run, "middle"), labelled("From", from, "short"),
      labelled("Verdict", verdicts, "short"), labelled("Reward at least", least, "short"), labelled("Reward at most", most, "short"));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => { limit = ROWS_AT_ONCE; draw(); });
    more.addEventListener("click", () => { limit += ROWS_AT_ONCE; draw(); });
    const table = make("table", { class: "samples" }, make("thead", {}, make("tr", {}, ...heads)), body);
    root.append(form, count, make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Samples" }, table), more);
    addEventListener("hashchange", mark);
    draw();
  };

  // --------------------------------------------------------------------------------------------- a traced response

  // The 98th percentile, so that one outlier does not bleach the rest.
  const scaleOf = (values) => {
    const sizes = values.filter((v) => v !== null).map(Math.abs).sort((a, b) => a - b);
    return sizes[Math.floor(0.98 * (sizes.length - 1))] || sizes[sizes.length - 1] || 1;
  };
  const colour = (value, scale) =>
    value === null ? "transparent" : `rgb(var(--${value < 0 ? "less" : "more"}) / ${(Math.min(1, Math.abs(value) / scale) ** 0.7).toFixed(3)})`;
  const spoken = (text) => text.replaceAll("\n", "⏎");

  // What a method makes of a sample: what was recorded, or what the package computed of another filter.
  const filtered = (sample, method) =>
    method && sample.others[method]
      ? { name: method, band: data.filters[method], ...sample.others[method] }
      : { name: `${sample.filter}, ${RECORDED}`, band: sample.band, after: sample.after, saturated: sample.saturated, clipped: sample.clipped, recorded: true };

  let strips = 0;
  const strip = (sample, values, saturated, clipped, title, choose) => {
    const scale = scaleOf(values), id = `strip${strips++}`;
    const box = make("div", { class: "strip", tabindex: "0", role: "listbox", "aria-label": `${title}: tokens; arrow keys choose one` });
    sample.tokens.forEach((text, i) => {
      const notes = [saturated.has(i) ? "saturated" : "", clipped.has(i) ? "clipped" : ""].filter(Boolean).map((note) => `, ${note}`).join("");
      // Line breaks at the end are shown in the token's box and taken after it, so that the box is whole.
      const [, inside, breaks] = text.match(/^([^]*?)(\n*)$/);
      const span = make("span", { class: "token", role: "option", id: `${id}-${i}`, "aria-selected": "false", "aria-label": `${spoken(text)}: ratio ${ratio(values[i])}${notes}`,
        title: `${title}: ratio ${ratio(values[i])}, log-ratio ${number(values[i])}${notes}` }, inside.replaceAll("\n", "⏎\n") + "⏎".repeat(breaks.length));
      span.classList.toggle("saturated", saturated.has(i));
      span.classList.toggle("clipped", clipped.has(i));
      span.style.backgroundColor = colour(values[i], scale);
      span.dataset.index = i;
      box.append(span, breaks);
    });
    for (const event of ["mouseover", "click"]) {
      box.addEventListener(event, ({ target }) => target.dataset.index !== undefined && choose(() => +target.dataset.index));
    }
    box.addEventListener("keydown", (event) => {
      const to = { ArrowRight: (i) => i + 1, ArrowLeft: (i) => i - 1, ArrowDown: (i) => i + 1, ArrowUp: (i) => i - 1, Home: () => 0, End: () => sample.tokens.length - 1 }[event.key];
      if (to) { event.preventDefault(); choose(to, box); }
    });
    const legend = make("p", { class: "scale" }, `ratio ${ratio(-scale)}`, make("i"), ratio(scale));
    return make("div", {}, make("h5", {}, title), box, legend);
  };

  // Log-ratios over tokens, drawn anew at every width so that text keeps its size.
  const chart = (lines, band, title) => {
    const place = make("div", { class: "chart" }), space = "http://www.w3.org/2000/svg", height = 190, left = 68, right = 56, top = 26, bottom = 40;
    const shape = (tag, attributes, text) => {
      const node = document.createElementNS(space, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      if (text !== undefined) node.textContent = text;
      return node;
    };
    const all = lines.flatMap(([, values]) => values).filter((v) => v !== null), cap = scaleOf(all), count = lines[0][1].length;
    const reach = (sign) => Math.max(0, ...all.map((v) => Math.min(cap, sign * v)), ...(band ?? []).map((v) => Math.min(1.5 * cap, sign * v)));
    const high = 1.05 * reach(1), low = -1.05 * reach(-1), size = high - low || 1;
    const draw = (width) => {
      const x = (i) => left + ((width - left - right) * i) / Math.max(1, count - 1);
      const y = (v) => top + (height - top - bottom) * (1 - (Math.max(low, Math.min(high, v)) - low) / size);
      const path = (values) => values.map((v, i) => (v === null ? "" : `${i && values[i - 1] !== null ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`)).join("");
      const svg = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}: log-ratio by token, ${lines.map(([name]) => name).join(" and ")} the filter` });
      if (band) svg.append(shape("rect", { x: left, width: width - left - right, y: y(band[1]), height: Math.max(1, y(band[0]) - y(band[1])), fill: "var(--accent)", opacity: 0.22 }));
      for (const v of new Set([low, 0, high])) {
        svg.append(shape("line", { x1: left, x2: width - right, y1: y(v), y2: y(v), stroke: "var(--line)" }));
        const free = [low, high].every((end) => end === v || Math.abs(y(end) - y(v)) > 13); // no number on another
        if (v !== 0 || low === 0 || high === 0 || free) svg.append(shape("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, number(+v.toPrecision(2))));
      }
      for (const i of new Set([0, Math.floor((count - 1) / 2), count - 1])) svg.append(shape("text", { x: x(i), y: height - bottom + 16, "text-anchor": "middle" }, i + 1));
      svg.append(shape("text", { x: 4, y: 12 }, "log-ratio"), shape("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, `token${band ? " (shaded: the clip band)" : ""}`));
      const ends = lines.map(([, values]) => y(values.findLast((v) => v !== null) ?? 0));
      if (ends.length > 1 && Math.abs(ends[0] - ends[1]) < 13) { // names at the ends of the lines, apart
        const middle = (ends[0] + ends[1]) / 2, up = ends[0] <= ends[1] ? 0 : 1;
        ends[up] = middle - 6.5; ends[1 - up] = middle + 6.5;
      }
      lines.forEach(([name, values], i) => {
        const after = name === "after";
        svg.append(shape("path", { d: path(values), fill: "none", stroke: after ? "var(--accent)" : "var(--soft)", "stroke-width": after ? 2 : 1 }));
        svg.append(shape("text", { class: name, x: width - right + 6, y: ends[i] + 4 }, name));
      });
      place.replaceChildren(svg);
    };
    new ResizeObserver(([{ contentRect }]) => contentRect.width > 0 && draw(Math.max(260, Math.floor(contentRect.width)))).observe(place);
    draw(320);
    return place;
  };

  const traced = (sample, method) => {
    const made = filtered(sample, method), saturated = new Set(made.saturated), clipped = new Set(made.clipped), none = new Set();
    const values = make("p", { class: "values" }, "Choose a token."), place = make("div");
    let chosen = -1;
    const choose = (to, box) => {
      chosen = Math.max(0, Math.min(sample.tokens.length - 1, to(chosen)));
      const i = chosen;
      for (const token of place.querySelectorAll(".token")) {
        const here = +token.dataset.index === i;
        token.classList.toggle("chosen", here);
        token.setAttribute("aria-selected", String(here));
        if (here) token.parentNode.setAttribute("aria-activedescendant", token.id);
        if (here && token.parentNode === box) token.scrollIntoView({ block: "nearest" });
      }
      const sigma = sample.sigma[i], notes = [saturated.has(i) ? "saturated" : "", clipped.has(i) ? "clipped" : ""].filter(Boolean);
      values.textContent =
        `Token ${i + 1} “${spoken(sample.tokens[i])}”: ratio ${ratio(sample.before[i])} before, ${ratio(made.after[i])} after; ` +
        `log-ratio ${number(sample.before[i])}, filtered ${number(made.after[i])}` +
        (made.recorded ? `; innovation ${number(sample.innovation[i])}${sigma ? ` = ${number(sample.innovation[i] / sigma)} sigma` : ""}; gain ${number(sample.gain[i])}` : "") +
        (notes.length ? `; ${notes.join(", ")}` : "");
    };
    place.append(
      make("div", { class: "pair" }, strip(sample, sample.before, saturated, none, "Before the filter", choose), strip(sample, made.after, saturated, clipped, `After: ${made.name}`, choose)),
      values,
      chart([["before", sample.before], ["after", made.after]], made.band, "Before and after"),
      chart([["after", made.after]], made.band, "After the filter, enlarged"),
      make("p", { class: "note" }, `Colour is the log-ratio of a token, on a scale of each strip's own: blue where the policy now finds it less likely than when it was sampled, red where more. ` +
        `Underlined after the filter: clipped (${clipped.size} of ${sample.tokens.length}); ringed: saturated (${saturated.size}).${sample.left ? ` ${sample.left} more tokens are not shown.` : ""}`),
    );
    return place;
  };

  // ------------------------------------------------------------------------------------------------------ a sample

  const where = (sample) => `${sample.run}, ${sample.set}, step ${sample.step}, sample ${sample.key.split("/").pop()}`;
  const card = (sample, method) =>
    make("section", { class: "card", "aria-label": where(sample) }, make("h4", {}, where(sample)),
      facts([
        ["problem", sample.problem], ["reference", sample.answer], ["found", sample.extracted], ["verdict", verdict(sample.correct)],
        ...(sample.tokens ? [["reward", number(sample.reward)], ["advantage", number(sample.advantage)], ["minibatch", sample.minibatch]] : []),
        ...(sample.rewards ? [["rewards", sample.rewards]] : []),
        ...(sample.tokens ? [] : [["samples right", `${sample.right} of ${sample.samples}`]]),
      ]),
      sample.tokens ? traced(sample, method) : make("pre", { tabindex: "0", role: "group", "aria-label": "Response" }, sample.response));

  const sampleViewer = (root) => {
    const head = make("h3", { tabindex: "-1" }), beside = make("select"), filter = make("select"), link = make("a", {}, "Link to what is shown"), place = make("div", { class: "beside" });
    const other = labelled("Beside it, of the same problem", beside), choice = labelled("Filter", filter, "middle");
    let shown = null;
    const show = () => {
      const state = stated(), sample = byKey.get(state.sample ?? shown ?? samples[0].key);
      if (!sample) { head.textContent = `No sample ${state.sample} in this page.`; place.replaceChildren(); return; }
      shown = sample.key;
      const same = samples.filter((one) => one !== sample && one.id === sample.id && one.set === sample.set);
      const second = same.find((one) => one.key === state.with), both = second ? [sample, second] : [sample];
      beside.replaceChildren(...[["", same.length ? "nothing" : "nothing (it is the only one)"], ...same.map((one) => [one.key, `${one.run}, step ${one.step}, sample ${one.key.split("/").pop()}, ${one.correct ? "right" : "wrong"}`])].map(option));
      beside.value = second ? second.key : "";
      const methods = Object.keys(data.filters).filter((name) => both.some((one) => one.others?.[name]));
      filter.replaceChildren(...[["", RECORDED], ...methods.map((name) => [name, name])].map(option));
      filter.value = methods.includes(state.filter) ? state.filter : "";
      choice.hidden = methods.length === 0;
      head.textContent = sample.problem.trim() || "(empty problem)";
      link.setAttribute("href", address({ sample: sample.key, with: beside.value, filter: filter.value }));
      place.replaceChildren(...both.map((one) => card(one, filter.value)));
    };
    for (const select of [beside, filter]) {
      select.addEventListener("change", () => { history.replaceState(null, "", address({ sample: shown, with: beside.value, filter: filter.value })); show(); });
    }
    root.append(head, make("div", { class: "controls" }, other, choice, link), place);
    const follow = () => { show(); if (stated().sample) { head.focus({ preventScroll: true }); head.scrollIntoView({ block: "start", behavior: "instant" }); } };
    addEventListener("hashchange", () => stated().sample && follow());
    follow();
  };

  const table = document.getElementById("sample-table"), viewer = document.getElementById("sample-viewer");
  if (table && samples.length) { sampleTable(table); sampleViewer(viewer); }
  document.getElementById("sample-notes")?.append(...data.notes.map((note) => make("p", { class: "note" }, note)));
})();
