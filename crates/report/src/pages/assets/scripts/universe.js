// Items of every view on their way into the universe.
(() => {
  const root = document.getElementById("picture");
  const pictures = report.data.pictures ?? [];
  if (!root || !pictures.length) return;
  const { make } = report;
  const HUES = ["#4477aa", "#ee6677", "#228833", "#b8a200", "#3fa9c9", "#aa3377", "#e07b00", "#7a63c4", "#8c6d46", "#6f8f2f"];
  const GREY = "#8a8f98";
  const state = { at: 0, share: 1, by: "view", join: true, trail: false, only: null, hidden: new Set() };
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const pick = make("select", {}, ...pictures.map((p, i) => make("option", { value: i }, p.title)));
  const by = make("select", {}, make("option", { value: "view" }, "view"), make("option", { value: "label" }, "label"));
  const slider = make("input", { type: "range", min: 0, max: 100, value: 100, "aria-label": "from before alignment to after it" });
  const play = make("button", { type: "button" }, "Play");
  const check = (text, key) => {
    const box = make("input", { type: "checkbox" });
    box.checked = state[key];
    box.addEventListener("change", () => { state[key] = box.checked; draw(); });
    return make("label", { class: "row" }, box, text);
  };
  const canvas = make("canvas", { tabindex: 0, role: "img" });
  const legend = make("ul", { class: "legend" });
  const said = make("p", { class: "hint", role: "status" });
  const save = make("button", { type: "button" }, "CSV");
  root.append(
    make("div", { class: "controls" },
      make("label", {}, "Method", pick), make("label", {}, "Colour by", by),
      make("label", {}, "Before … after alignment", slider), play,
      check("join an item's views", "join"), check("way from before", "trail"), save),
    make("div", { class: "picture" }, make("div", {}, canvas, said), legend));

  const now = () => pictures[state.at];
  const point = (view, i) => {
    const [bx, by_, ax, ay] = [view.before[2 * i], view.before[2 * i + 1], view.after[2 * i], view.after[2 * i + 1]];
    return [bx + (ax - bx) * state.share, by_ + (ay - by_) * state.share];
  };
  // The most frequent classes have a colour, the others share grey.
  const classes = (picture) => {
    const counts = new Map();
    (picture.labels ?? []).forEach((label) => counts.set(label, (counts.get(label) ?? 0) + 1));
    return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, HUES.length).map(([label]) => label);
  };
  const colour = (picture, shown, v, i) => {
    if (state.by === "view") return HUES[v % HUES.length];
    const at = shown.indexOf(picture.labels[i]);
    return at < 0 ? GREY : HUES[at];
  };
  const off = (picture, shown, v, i) => {
    if (state.by === "view") return state.hidden.has(v);
    const at = shown.indexOf(picture.labels[i]);
    return state.hidden.has(at);
  };

  let frame = null;
  const scale = () => {
    const { width, height } = canvas.getBoundingClientRect();
    const density = devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * density)) {
      canvas.width = Math.round(width * density);
      canvas.height = Math.round(height * density);
    }
    // The scale is the same all the way, so nothing jumps while it moves; a few points far out before alignment may leave the picture.
    const far = (side) => now().views.flatMap((view) => view[side]).map(Math.abs).sort((a, b) => a - b);
    const [before, after] = [far("before"), far("after")];
    const reach = 1.04 * Math.max(before[Math.floor(0.99 * (before.length - 1))], after[after.length - 1]) || 1;
    const unit = (0.48 * Math.min(width, height)) / reach;
    return { width, height, density, place: ([x, y]) => [width / 2 + x * unit * Math.min(1.25, width / height), height / 2 - y * unit] };
  };
  const draw = () => {
    if (frame) return;
    frame = requestAnimationFrame(() => {
      frame = null;
      const picture = now();
      const { width, height, density, place } = scale();
      const context = canvas.getContext("2d");
      const style = getComputedStyle(document.documentElement);
      context.setTransform(density, 0, 0, density, 0, 0);
      context.fillStyle = style.getPropertyValue("--paper");
      context.fillRect(0, 0, width, height);
      const shown = classes(picture);
      const count = picture.items.length;
      const visible = (v, i) => !off(picture, shown, v, i);
      context.lineWidth = 1;
      if (state.trail) {
        context.globalAlpha = 0.25;
        picture.views.forEach((view, v) => {
          for (let i = 0; i < count; i++) {
            if (!visible(v, i) || (state.only !== null && state.only !== i)) continue;
            context.strokeStyle = colour(picture, shown, v, i);
            context.beginPath();
            context.moveTo(...place([view.before[2 * i], view.before[2 * i + 1]]));
            context.lineTo(...place(point(view, i)));
            context.stroke();
          }
        });
      }
      if (state.join) {
        context.strokeStyle = style.getPropertyValue("--soft");
        for (let i = 0; i < count; i++) {
          context.globalAlpha = state.only === i ? 0.9 : state.only === null ? 0.16 : 0.04;
          const path = picture.views.filter((_, v) => visible(v, i)).map((view) => place(point(view, i)));
          context.beginPath();
          path.forEach((p, k) => (k ? context.lineTo(...p) : context.moveTo(...p)));
          if (path.length > 2) context.closePath();
          context.stroke();
        }
      }
      picture.views.forEach((view, v) => {
        for (let i = 0; i < count; i++) {
          if (!visible(v, i)) continue;
          context.globalAlpha = state.only === null || state.only === i ? 0.9 : 0.2;
          context.fillStyle = colour(picture, shown, v, i);
          context.beginPath();
          context.arc(...place(point(view, i)), state.only === i ? 5 : 3, 0, 7);
          context.fill();
        }
      });
      context.globalAlpha = 1;
    });
  };

  const describe = () => {
    const picture = now();
    canvas.setAttribute("aria-label", `${picture.items.length} items of ${picture.views.length} views by ${picture.title}; arrow keys go from item to item`);
    const shown = classes(picture);
    const names = state.by === "view" ? picture.views.map((view) => view.name) : shown.map((label) => `${picture.labelling ?? "class"} ${label}`);
    const rest = state.by === "label" && new Set(picture.labels).size > shown.length;
    if (rest) names.push("others");
    legend.replaceChildren(...names.map((name, k) => {
      const key = rest && k === names.length - 1 ? -1 : k;
      const button = make("button", { type: "button", "aria-pressed": String(!state.hidden.has(key)) },
        make("i", { style: `background:${key < 0 ? GREY : HUES[k % HUES.length]}` }), name);
      button.addEventListener("click", () => {
        if (state.hidden.has(key)) state.hidden.delete(key); else state.hidden.add(key);
        button.setAttribute("aria-pressed", String(!state.hidden.has(key)));
        draw();
      });
      return make("li", {}, button);
    }));
  };
  const choose = (item) => {
    state.only = item;
    const picture = now();
    const label = picture.labels ? `, ${picture.labelling ?? "class"} ${picture.labels[item ?? 0]}` : "";
    said.textContent = item === null ? "" : `Item ${picture.items[item]}${label}`;
    draw();
  };
  const nearest = (event) => {
    const picture = now();
    const { place } = scale();
    const shown = classes(picture);
    const box = canvas.getBoundingClientRect();
    const [mx, my] = [event.clientX - box.left, event.clientY - box.top];
    let best = { d: 14 * 14 };
    picture.views.forEach((view, v) => {
      for (let i = 0; i < picture.items.length; i++) {
        if (off(picture, shown, v, i)) continue;
        const [x, y] = place(point(view, i));
        const d = (x - mx) ** 2 + (y - my) ** 2;
        if (d < best.d) best = { d, v, i };
      }
    });
    return best.i === undefined ? null : best;
  };
  const hover = (event) => {
    const found = nearest(event);
    choose(found ? found.i : null);
    if (!found) return report.untip();
    const picture = now();
    const label = picture.labels ? `\n${picture.labelling ?? "class"} ${picture.labels[found.i]}` : "";
    report.tip(`view ${picture.views[found.v].name}\nitem ${picture.items[found.i]}${label}`, event.clientX, event.clientY);
  };
  canvas.addEventListener("pointermove", hover);
  canvas.addEventListener("pointerdown", hover);
  canvas.addEventListener("pointerleave", () => { choose(null); report.untip(); });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") return choose(null);
    if (!step) return;
    event.preventDefault();
    const count = now().items.length;
    choose(((state.only ?? (step > 0 ? -1 : 0)) + step + count) % count);
  });
  pick.addEventListener("change", () => { state.at = Number(pick.value); state.only = null; state.hidden.clear(); choices(); });
  by.addEventListener("change", () => { state.by = by.value; state.hidden.clear(); choices(); });
  slider.addEventListener("input", () => { state.share = slider.value / 100; draw(); });
  play.addEventListener("click", () => {
    const from = performance.now();
    const step = (time) => {
      state.share = still ? 1 : Math.min(1, Math.max(0, (time - from) / 1800));
      slider.value = Math.round(100 * state.share);
      draw();
      if (state.share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  save.addEventListener("click", () => {
    const picture = now();
    const lines = picture.views.flatMap((view) => picture.items.map((item, i) => [
      view.name, item, picture.labels?.[i] ?? "", ...[view.before, view.after].flatMap((list) => [list[2 * i] / 1000, list[2 * i + 1] / 1000])]));
    report.save(`universe_${picture.cell}.csv`, "text/csv",
      report.csv([["view", "item", picture.labelling ?? "label", "before_x", "before_y", "after_x", "after_y"], ...lines]));
  });
  const choices = () => {
    const labelled = Boolean(now().labels);
    by.options[1].disabled = !labelled;
    if (!labelled) { state.by = "view"; by.value = "view"; }
    describe();
    draw();
  };
  new ResizeObserver(draw).observe(canvas);
  document.addEventListener("theme", draw);
  choices();
})();
