// All records of the grid: chosen by any column, sorted by any, a page of lines at a time.
(() => {
  const root = document.getElementById("all-records");
  const { records } = report.data;
  if (!root || !records) return;
  const { make } = report;
  if (records.left_out) return root.append(make("p", {}, records.left_out));
  if (!records.values.length) return root.append(make("p", {}, "There are no records."));
  const STEP = 100;
  // Every column as a way to read its text; values and counts are numbers.
  const cell = (key) => (i) => String(records.cells[records.of_cell[i]][key] ?? "");
  const list = (l) => (i) => l.texts[l.rows[i]];
  const columns = [
    { name: "method", read: cell("method") }, { name: "views", read: cell("views") }, { name: "noise", read: cell("noise") },
    { name: "training rows", read: cell("rows") }, { name: "seed", read: cell("seed") }, ...records.lists.slice(0, 5).map((l) => ({ name: l.name, read: list(l) })),
    { name: "value", read: (i) => (records.values[i] === null ? "" : String(records.values[i])), figure: true },
    { name: "n", read: (i) => String(records.counts[i] ?? ""), figure: true },
    ...records.lists.slice(5).map((l) => ({ name: l.name, read: list(l) })),
    { name: "cell", read: cell("id"), code: true },
  ];
  // A few columns to read; the others on demand, and those that say the same everywhere nowhere else.
  const varies = (column) => new Set(records.values.map((_, i) => column.read(i))).size > 1;
  const named = (names) => names.map((name) => columns.find((c) => c.name === name));
  const few = [
    ...named(["method", "metric", "value", "source", "target"]),
    ...named(["views", "noise", "training rows", "seed"]).filter(varies),
  ];
  let shown = few;
  const all = records.values.map((_, i) => i);
  let chosen = all;
  let sorted = { column: null, down: false };
  let most = STEP;

  const count = make("span", { class: "count", role: "status" });
  const filters = columns.slice(0, 10).map((column) => {
    const options = [...new Set(all.map(column.read))].sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
    if (options.length < 2) return null;
    const select = make("select", {}, make("option", { value: "" }, "all"), ...options.map((text) => make("option", { value: `=${text}` }, text || "none")));
    select.addEventListener("change", () => choose());
    return { column, select, label: make("label", {}, column.name, select) };
  }).filter(Boolean);
  const save = make("button", { type: "button" }, "CSV of these");
  save.addEventListener("click", () => report.save("records.csv", "text/csv",
    report.csv([columns.map((c) => c.name), ...chosen.map((i) => columns.map((c) => c.read(i)))])));
  const more = make("button", { type: "button" }, "Show more");
  more.addEventListener("click", () => { most += 10 * STEP; show(); });
  const head = (column) => {
    const button = make("button", { type: "button" }, column.name);
    button.addEventListener("click", () => {
      sorted = { column, down: sorted.column === column ? !sorted.down : Boolean(column.figure) };
      choose();
    });
    const sort = sorted.column !== column ? "none" : sorted.down ? "descending" : "ascending";
    return make("th", { scope: "col", class: column.figure ? "n" : null, "aria-sort": sort }, button);
  };
  const every = make("input", { type: "checkbox" });
  every.addEventListener("change", () => { shown = every.checked ? columns : few; show(); });
  const heads = make("tr");
  const body = make("tbody");
  const table = make("table", { "aria-label": "records" }, make("thead", {}, heads), body);

  const show = () => {
    // A button that was pressed keeps the focus.
    const focus = [...heads.cells].findIndex((cell) => cell.contains(document.activeElement));
    heads.replaceChildren(...shown.map(head));
    heads.cells[focus]?.querySelector("button").focus();
    const line = (i) => make("tr", {}, ...shown.map((column, c) => {
      const text = column.read(i);
      if (c === 0) return make("th", { scope: "row" }, text);
      return make("td", { class: column.figure ? "n" : null }, column.code ? make("code", {}, text) : text);
    }));
    body.replaceChildren(...chosen.slice(0, most).map(line));
    const lines = Math.min(most, chosen.length);
    count.textContent = `${chosen.length.toLocaleString("en")} of ${all.length.toLocaleString("en")} records, ${lines.toLocaleString("en")} shown`;
    more.hidden = lines === chosen.length;
  };
  const choose = () => {
    const wanted = filters.filter((f) => f.select.value).map((f) => [f.column.read, f.select.value.slice(1)]);
    chosen = all.filter((i) => wanted.every(([read, text]) => read(i) === text));
    if (sorted.column) {
      const { read, figure } = sorted.column;
      const key = new Map(chosen.map((i) => [i, figure ? (read(i) === "" ? null : Number(read(i))) : read(i)]));
      const way = sorted.down ? -1 : 1;
      chosen.sort((a, b) => {
        const [x, y] = [key.get(a), key.get(b)];
        if (figure) return x === null || y === null ? (x === null) - (y === null) : way * (x - y);
        return way * report.order(x, y, false);
      });
    }
    most = STEP;
    show();
  };
  root.append(
    make("div", { class: "controls filters" }, ...filters.map((f) => f.label)),
    make("div", { class: "controls" }, make("label", { class: "row" }, every, "all columns"), save, count),
    make("div", { class: "scroll", role: "region", "aria-label": "records", tabindex: 0 }, table),
    make("p", {}, more));
  choose();
})();
