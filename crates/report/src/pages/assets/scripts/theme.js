"use strict";
// What the parts of the page share; each part is a function of its own.
const report = { data: JSON.parse(document.getElementById("data").textContent) };

// An element with attributes and children; texts are texts, never markup.
report.make = (name, attributes = {}, ...children) => {
  const svg = ["svg", "path", "circle", "text", "g", "title", "rect"].includes(name);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children);
  return node;
};

(() => {
  const order = ["system", "light", "dark"];
  const button = document.getElementById("theme");
  let at = 0;
  const show = () => {
    const theme = order[at];
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = "Theme: " + theme;
    document.dispatchEvent(new Event("theme"));
  };
  // Some browsers keep nothing for pages that are files.
  try { at = Math.max(0, order.indexOf(localStorage.getItem("report-theme"))); } catch { at = 0; }
  button.addEventListener("click", () => {
    at = (at + 1) % order.length;
    try { localStorage.setItem("report-theme", order[at]); } catch { /* the choice lasts as long as the page */ }
    show();
  });
  show();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));
  document.getElementById("print").addEventListener("click", () => window.print());
  // What is folded is printed too.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((details) => { details.open = false; }));
})();
