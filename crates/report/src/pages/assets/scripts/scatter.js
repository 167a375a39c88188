// What a method costs against what it is worth.
(() => {
  const root = document.getElementById("scatter");
  const { scatter } = report.data;
  if (!root || !scatter) return;
  const { make } = report;
  const distinct = (values) => [...new Set(values)];
  const select = (label, options, first = 0) => {
    const list = make("select", {}, ...options.map((text, i) => make("option", { value: i }, text)));
    list.value = first;
    list.addEventListener("change", () => draw());
    return { list, label: make("label", {}, label, list) };
  };
  const places = distinct(scatter.points.map((p) => JSON.stringify([p.views, p.condition]))).map((text) => JSON.parse(text));
  const place = select("Views and noise", places.map(([views, condition]) => `${views}${condition}`));
  const measures = scatter.measures.map((m) => m.title);
  const preferred = ["Rank-1", "mAP", "ARI"].map((name) => measures.indexOf(name)).find((i) => i >= 0) ?? 0;
  const measure = select("Quality", measures, preferred);
  const known = scatter.costs.map((_, c) => scatter.points.some((p) => p.costs[c] !== null && p.costs[c] > 0));
  const cost = select("Cost", scatter.costs, Math.max(0, known.indexOf(true)));
  known.forEach((is, c) => { cost.list.options[c].disabled = !is; });
  const canvas = make("div", { class: "scroll", role: "group", tabindex: 0, "aria-label": "cost against quality" });
  const save = make("button", { type: "button" }, "SVG");
  save.addEventListener("click", () => {
    const text = new XMLSerializer().serializeToString(canvas.firstChild);
    report.save("cost_quality.svg", "image/svg+xml", text);
  });
  const controls = make("div", { class: "controls" }, measure.label, cost.label);
  if (places.length > 1) controls.append(place.label);
  controls.append(save);
  root.append(controls, canvas);

  const [W, H, LEFT, RIGHT, TOP, BOTTOM] = [760, 440, 64, 24, 18, 52];
  // Round steps for values, powers of ten and their halves for costs.
  const steps = (low, high) => {
    const raw = (high - low) / 5 || 1;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((f) => f * unit).find((s) => s >= raw);
    const out = [];
    for (let v = Math.floor(low / step) * step; v < high + step * 0.999; v += step) out.push(Number(v.toPrecision(10)));
    return out;
  };
  const powers = (low, high) => {
    const out = [];
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); p++) {
      for (const f of [1, 2, 5]) out.push(f * 10 ** p);
    }
    const first = Math.max(0, out.findIndex((v) => v > low) - 1);
    const last = out.findIndex((v) => v >= high);
    return out.slice(first, last + 1);
  };
  const short = (v) => (v >= 1e6 || (v !== 0 && Math.abs(v) < 1e-3) ? v.toExponential(0) : String(Number(v.toPrecision(4))));

  const draw = () => {
    const [views, condition] = places[place.list.value];
    const [m, c] = [Number(measure.list.value), Number(cost.list.value)];
    const { title, higher } = scatter.measures[m];
    const points = scatter.points
      .filter((p) => p.views === views && p.condition === condition && p.values[m] && p.costs[c] > 0)
      .map((p) => ({ ...p, value: p.values[m], cost: p.costs[c] }));
    const svg = make("svg", {
      viewBox: `0 0 ${W} ${H}`, role: "img", "font-family": "DejaVu Sans, Verdana, sans-serif", "font-size": 12, fill: "#222222",
      "aria-label": `${title} against ${scatter.costs[c]} of ${points.length} methods`,
    }, make("rect", { width: W, height: H, fill: "#ffffff" }));
    canvas.replaceChildren(svg);
    const text = (x, y, anchor, words, more = {}) => svg.append(make("text", { x, y, "text-anchor": anchor, ...more }, words));
    if (!points.length) return text(W / 2, H / 2, "middle", "nothing was measured of both");
    const all = points.flatMap((p) => p.value);
    const ys = steps(Math.min(...all), Math.max(...all));
    const xs = powers(Math.min(...points.map((p) => p.cost)), Math.max(...points.map((p) => p.cost)) * 1.0001);
    const [x0, x1, y0, y1] = [xs[0], xs[xs.length - 1], ys[0], ys[ys.length - 1]];
    const x = (v) => LEFT + ((W - LEFT - RIGHT) * Math.log(v / x0)) / (Math.log(x1 / x0) || 1);
    const y = (v) => H - BOTTOM - ((H - TOP - BOTTOM) * (v - y0)) / (y1 - y0 || 1);
    for (const v of ys) {
      svg.append(make("path", { d: `M${LEFT} ${y(v)}H${W - RIGHT}`, stroke: "#dedede" }));
      text(LEFT - 8, y(v) + 4, "end", short(v), { fill: "#555555" });
    }
    const many = xs.length > 10;
    for (const v of xs.filter((v) => !many || Number.isInteger(Number(Math.log10(v).toFixed(9))))) {
      svg.append(make("path", { d: `M${x(v)} ${TOP}V${H - BOTTOM}`, stroke: "#eeeeee" }));
      text(x(v), H - BOTTOM + 18, "middle", short(v), { fill: "#555555" });
    }
    svg.append(make("path", { d: `M${LEFT} ${H - BOTTOM}H${W - RIGHT}`, stroke: "#222222" }));
    text((LEFT + W - RIGHT) / 2, H - 10, "middle", scatter.costs[c]);
    svg.append(make("text", { transform: `translate(16 ${(TOP + H - BOTTOM) / 2}) rotate(-90)`, "text-anchor": "middle" }, title));
    // Not beaten in both: from the cheapest up, each better than all cheaper ones.
    const better = (a, b) => (higher ? a > b : a < b);
    let best = null;
    const front = [...points].sort((a, b) => a.cost - b.cost || (better(a.value[0], b.value[0]) ? -1 : 1)).filter((p) => {
      const is = best === null || better(p.value[0], best);
      if (is) best = p.value[0];
      return is;
    });
    const joined = front.map((p, i) => (i ? `H${x(p.cost)}V${y(p.value[0])}` : `M${x(p.cost)} ${y(p.value[0])}`)).join("");
    svg.append(make("path", { d: joined, fill: "none", stroke: "#888888", "stroke-dasharray": "4 4" }));
    const taken = points.map((p) => ({ l: x(p.cost) - 6, r: x(p.cost) + 6, t: y(p.value[0]) - 6, b: y(p.value[0]) + 6 }));
    const free = (box) => box.l > LEFT && box.r < W && box.t > 0 && box.b < H - BOTTOM &&
      !taken.some((o) => box.l < o.r && o.l < box.r && box.t < o.b && o.t < box.b);
    for (const p of points) {
      const [px, py] = [x(p.cost), y(p.value[0])];
      if (p.value.length === 3) {
        svg.append(make("path", { d: `M${px} ${y(p.value[1])}V${y(p.value[2])}`, stroke: p.colour, "stroke-width": 1.5, opacity: 0.6 }));
      }
      const dot = make("path", { class: "dot", d: p.marker, transform: `translate(${px} ${py})`, fill: p.colour, "fill-rule": "evenodd", stroke: "#ffffff", "paint-order": "stroke", "pointer-events": "all" });
      const interval = p.value.length === 3 ? ` [${p.value[1]}, ${p.value[2]}]` : "";
      const said = `${p.label}\n${title} ${p.value[0]}${interval}\n${scatter.costs[c]} ${p.cost}`;
      dot.append(make("title", {}, said));
      dot.addEventListener("pointermove", (event) => report.tip(said, event.clientX, event.clientY));
      dot.addEventListener("pointerleave", report.untip);
      svg.append(dot);
      // Beside, above or below the point, wherever nothing else is; a name that fits nowhere is said on hover.
      const width = p.label.length * 7.2;
      const tries = [[9, 4, "start"], [-9, 4, "end"], [0, -10, "middle"], [0, 19, "middle"]];
      for (const [dx, dy, anchor] of tries) {
        const l = px + dx - (anchor === "end" ? width : anchor === "middle" ? width / 2 : 0);
        const box = { l, r: l + width, t: py + dy - 11, b: py + dy + 3 };
        if (!free(box)) continue;
        taken.push(box);
        text(px + dx, py + dy, anchor, p.label);
        break;
      }
    }
  };
  draw();
})();
