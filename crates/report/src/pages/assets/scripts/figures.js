// Figures that say their values and can be taken home, as SVG and as the table behind them.
(() => {
  // The titles of the parts would show a second time, after a while; they are kept as attributes.
  const parts = (svg) => {
    const found = [...svg.querySelectorAll("g.data path")];
    for (const part of found) {
      const title = part.querySelector("title");
      if (title) {
        part.setAttribute("data-said", title.textContent);
        title.remove();
      }
    }
    return found;
  };
  const lines = (part) => part.getAttribute("data-said").split("\n").map((line) => {
    const at = line.indexOf(": ");
    return [line.slice(0, at), line.slice(at + 2)];
  });
  const table = (svg) => {
    const all = parts(svg).map(lines);
    const columns = [...new Set(all.flatMap((fields) => fields.map(([name]) => name)))];
    const row = (fields) => columns.map((column) => fields.find(([name]) => name === column)?.[1] ?? "");
    return report.csv([columns, ...all.map(row)]);
  };
  const document_of = (svg) => {
    parts(svg);
    const copy = svg.cloneNode(true);
    for (const part of copy.querySelectorAll("g.data path")) {
      part.append(report.make("title", {}, part.getAttribute("data-said")));
      part.removeAttribute("data-said");
      part.removeAttribute("class");
    }
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(copy);
  };

  const prepare = (figure) => {
    const svg = figure.querySelector("svg");
    const frame = figure.querySelector(".scroll");
    const name = figure.dataset.name;
    let at = -1;
    const mark = (part) => {
      figure.querySelector(".on")?.classList.remove("on");
      part?.classList.add("on");
    };
    const say = (event) => {
      const part = event.target.closest("g.data path");
      if (!part) return report.untip();
      parts(svg);
      report.tip(part.getAttribute("data-said"), event.clientX, event.clientY);
    };
    svg.addEventListener("pointermove", say);
    svg.addEventListener("pointerdown", say);
    svg.addEventListener("pointerleave", report.untip);
    frame.addEventListener("keydown", (event) => {
      const all = parts(svg);
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step || !all.length) return;
      event.preventDefault();
      at = (at + step + all.length) % all.length;
      mark(all[at]);
      all[at].scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
      const { right, bottom } = all[at].getBoundingClientRect();
      // After the scrolling that it may have caused, which hides what was said before.
      requestAnimationFrame(() => requestAnimationFrame(() => report.tip(all[at].getAttribute("data-said"), right, bottom)));
    });
    frame.addEventListener("blur", () => { mark(null); report.untip(); });
    const saved = (kind, type, text) => {
      const button = report.make("button", { type: "button", "aria-label": `${kind} of ${name}` }, kind);
      button.addEventListener("click", () => report.save(`${name}.${kind.toLowerCase()}`, type, text(svg)));
      return button;
    };
    const controls = report.make("div", { class: "controls" }, saved("SVG", "image/svg+xml", document_of));
    if (svg.querySelector("g.data path")) controls.append(saved("CSV", "text/csv", table));
    figure.append(controls);
  };
  document.querySelectorAll("figure[data-name]").forEach(prepare);
})();
