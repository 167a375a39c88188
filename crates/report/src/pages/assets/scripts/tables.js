// Tables that sort by any column and filter by any word.
(() => {
  // A number where an entry begins with one; "< 0.001" is below all others.
  const number = (text) => {
    const plain = text.trim().replaceAll("−", "-").replaceAll(",", "");
    if (plain.startsWith("<")) return 0;
    const match = plain.match(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?/i);
    return match ? parseFloat(match[0]) : NaN;
  };
  // Lines from which on a table has a filter.
  const FILTERED = 12;
  const shown = (cell) => cell.dataset.sort ?? cell.textContent;
  // What cannot be compared comes last, whichever way.
  report.order = (a, b, down) => {
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    const way = down ? -1 : 1;
    if (!Number.isNaN(x) && x !== y) return way * (x - y);
    return way * a.localeCompare(b, undefined, { numeric: true });
  };

  const prepare = (table) => {
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const heads = [...table.tHead.rows[0].cells];
    const sort = (column, down) => {
      const sorted = [...rows].sort((a, b) => report.order(shown(a.cells[column]), shown(b.cells[column]), down));
      body.append(...sorted);
      heads.forEach((head, i) => head.setAttribute("aria-sort", i !== column ? "none" : down ? "descending" : "ascending"));
    };
    heads.forEach((head, column) => {
      // The name of a metric leads to its definition; the button beside it sorts.
      const link = head.querySelector("a");
      const name = head.dataset.heading ?? head.textContent;
      const button = link
        ? report.make("button", { type: "button", class: "sort", "aria-label": `sort by ${name}` })
        : report.make("button", { type: "button" }, head.textContent);
      // Figures from the largest, names from A.
      const first = head.classList.contains("n");
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        sort(column, now === "descending" ? false : now === "ascending" ? true : first);
      });
      if (link) head.append(button);
      else head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
    });
    const count = report.make("span", { class: "count", role: "status" });
    const search = report.make("input", { type: "search", placeholder: "words, all of them", autocomplete: "off" });
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => texts[i].includes(word));
        left += row.hidden ? 0 : 1;
      });
      count.textContent = words.length ? `${left} of ${rows.length} lines` : `${rows.length} lines`;
    };
    search.addEventListener("input", filter);
    const save = report.make("button", { type: "button" }, "CSV");
    save.addEventListener("click", () => {
      const lines = [...body.rows].filter((row) => !row.hidden).map((row) => [...row.cells].map((cell) => shown(cell).trim()));
      report.save(`${table.dataset.name}.csv`, "text/csv", report.csv([heads.map((head) => head.dataset.heading ?? head.textContent), ...lines]));
    });
    // A few lines need no filter: the button alone stands below them.
    if (rows.length < FILTERED) {
      table.closest(".scroll").after(report.make("div", { class: "controls below" }, save));
      return;
    }
    const controls = report.make("div", { class: "controls" }, report.make("label", {}, "Filter", search), save, count);
    table.closest(".scroll").before(controls);
    filter();
  };
  document.querySelectorAll("table.sortable").forEach(prepare);
})();
