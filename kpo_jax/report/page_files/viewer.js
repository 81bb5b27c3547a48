"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);

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

  const choice = (label, options, changed) => {
    const select = make("select", {}, ...options.map((text, i) => make("option", { value: i }, text)));
    select.addEventListener("change", () => changed(+select.value));
    return make("label", {}, label, select);
  };

  // The 98th percentile, so that one outlier does not bleach the rest.
  const scaleOf = (values) => {
    const sizes = values.filter((v) => v !== null).map(Math.abs).sort((a, b) => a - b);
    return sizes[Math.floor(0.98 * (sizes.length - 1))] || sizes[sizes.length - 1] || 1;
  };
  const colour = (value, scale) => {
    if (value === null) return "transparent";
    const strength = Math.min(1, Math.abs(value) / scale) ** 0.7 * 0.85;
    return `rgb(var(--${value < 0 ? "less" : "more"}) / ${strength.toFixed(3)})`;
  };

  const strip = (row, name, title, choose) => {
    const values = row[name], scale = scaleOf(values), box = make("div", { class: "strip", tabindex: "0", role: "group", "aria-label": title });
    const saturated = new Set(row.saturated), clipped = new Set(row.clipped);
    row.tokens.forEach((text, i) => {
      // A line break is shown and taken; the zero-width space lets a long response wrap anywhere.
      const span = make("span", { class: "token", title: `${title}: ratio ${ratio(values[i])}, log-ratio ${number(values[i])}` }, text.replaceAll("\n", "⏎\n"));
      span.classList.toggle("saturated", saturated.has(i));
      span.classList.toggle("clipped", name === "after" && clipped.has(i));
      span.style.backgroundColor = colour(values[i], scale);
      span.dataset.index = i;
      box.append(span);
    });
    for (const event of ["mouseover", "click"]) {
      box.addEventListener(event, ({ target }) => target.dataset.index !== undefined && choose(+target.dataset.index));
    }
    box.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (by) { event.preventDefault(); choose(null, by); }
    });
    const legend = make("p", { class: "scale" }, ratio(-scale), make("i"), ratio(scale));
    return make("div", {}, make("h3", {}, title), box, legend);
  };

  const chart = (row, names, band) => {
    const space = "http://www.w3.org/2000/svg", width = 720, height = 170, left = 62, bottom = 24, count = row.tokens.length;
    const shape = (tag, attributes, text) => {
      const node = document.createElementNS(space, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      if (text !== undefined) node.textContent = text;
      return node;
    };
    const limit = 1.1 * Math.max(1e-9, ...names.map((name) => scaleOf(row[name])), ...(band || []).map(Math.abs));
    const x = (i) => left + ((width - left - 8) * i) / Math.max(1, count - 1);
    const y = (v) => (height - bottom) * (0.5 - 0.48 * Math.max(-1, Math.min(1, v / limit))) + 4;
    const path = (values) => values.map((v, i) => (v === null ? "" : `${i && values[i - 1] !== null ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`)).join("");
    const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `log-ratio by token, ${names.join(" and ")} the filter` });
    if (band) svg.append(shape("rect", { x: left, width: width - left - 8, y: y(band[1]), height: Math.max(1, y(band[0]) - y(band[1])), fill: "var(--accent)", opacity: 0.22 }));
    for (const v of [-limit, 0, limit]) {
      svg.append(shape("line", { x1: left, x2: width - 8, y1: y(v), y2: y(v), stroke: "var(--line)" }));
      svg.append(shape("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, number(v)));
    }
    if (names.includes("before")) svg.append(shape("path", { d: path(row.before), fill: "none", stroke: "var(--soft)", "stroke-width": 1 }));
    svg.append(shape("path", { d: path(row.after), fill: "none", stroke: "rgb(var(--more))", "stroke-width": 2 }));
    const legend = names.length > 1 ? "log-ratio before (grey) and after (red) the filter" : "after the filter, enlarged";
    svg.append(shape("text", { x: left, y: height - 6 }, `token 1 to ${count}: ${legend}${band ? "; shaded: the clip band" : ""}`));
    return svg;
  };

  const response = (row, band) => {
    const values = make("p", { class: "values", "aria-live": "polite" }, "Choose a token.");
    const card = make("div", { class: "card" });
    let chosen = -1;
    const choose = (index, by) => {
      chosen = index === null ? Math.max(0, Math.min(row.tokens.length - 1, chosen + by)) : index;
      card.querySelectorAll(".token").forEach((span) => span.classList.toggle("chosen", +span.dataset.index === chosen));
      const i = chosen, sigma = row.sigma[i], notes = [row.saturated.includes(i) ? "saturated" : "", row.clipped.includes(i) ? "clipped" : ""].filter(Boolean);
      values.textContent =
        `Token ${i + 1} “${row.tokens[i].replaceAll("\n", "⏎")}”: ratio ${ratio(row.before[i])} before, ${ratio(row.after[i])} after; ` +
        `log-ratio ${number(row.before[i])}, filtered ${number(row.after[i])}; innovation ${number(row.innovation[i])}` +
        (sigma ? ` = ${number(row.innovation[i] / sigma)} sigma` : "") + `; gain ${number(row.gain[i])}` + (notes.length ? `; ${notes.join(", ")}` : "");
    };
    card.append(
      facts([["problem", row.problem], ["answer", row.answer], ["found", row.extracted], ["verdict", verdict(row.correct)],
        ["reward, advantage", `${number(row.reward)}, ${number(row.advantage)}`], ["minibatch", row.minibatch]]),
      make("div", { class: "pair" }, strip(row, "before", "Before the filter", choose), strip(row, "after", "After the filter", choose)),
      values,
      make("div", { class: "chart" }, chart(row, ["before", "after"], band), chart(row, ["after"], band)),
      make("p", { class: "note" }, `Each side has its own colour scale. Underlined after the filter: clipped (${row.clipped.length} of ${row.tokens.length}); ringed: saturated (${row.saturated.length}).`),
    );
    return card;
  };

  const traceViewer = (root) => {
    const controls = make("div", { class: "controls" }), rows = make("div", { class: "rows" }), place = make("div");
    const show = (trace) => {
      rows.replaceChildren(...trace.rows.map((row, i) => {
        const button = make("button", { type: "button", "aria-pressed": "false" }, make("span", { class: row.correct ? "right" : "wrong" }, row.correct ? "✓" : "✗"), ` ${i + 1}`);
        button.addEventListener("click", () => {
          rows.querySelectorAll("button").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
          place.replaceChildren(response(row, trace.band));
        });
        return button;
      }));
      place.replaceChildren();
      rows.querySelector("button")?.click();
    };
    controls.append(choice("Run and training step", data.traces.map((t) => `${t.run} (${t.filter}), step ${t.step}`), (i) => show(data.traces[i])));
    root.replaceChildren(controls, rows, place);
    show(data.traces[0]);
  };

  const answerViewer = (root) => {
    const cards = make("div", { class: "cards" });
    const show = (answers) => cards.replaceChildren(...answers.items.map((item) => make("div", { class: "card" },
      facts([["problem", item.problem], ["answer", item.answer], ["found", item.extracted], ["verdict", verdict(item.correct)], ...(item.rewards ? [["rewards", item.rewards]] : []), ["samples right", `${item.right} of ${item.samples}`]]),
      make("pre", {}, item.response))));
    root.replaceChildren(make("div", { class: "controls" }, choice("Run and set", data.answers.map((a) => `${a.run}, ${a.set}, step ${a.step}`), (i) => show(data.answers[i]))), cards);
    show(data.answers[0]);
  };

  const traces = document.getElementById("trace-viewer"), answers = document.getElementById("answer-viewer");
  if (traces && data.traces.length) traceViewer(traces);
  if (answers && data.answers.length) answerViewer(answers);
  if (traces) traces.append(...data.notes.map((note) => make("p", { class: "note" }, note)));
})();
