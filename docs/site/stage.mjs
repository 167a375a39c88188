// Prepares the source of the website: node docs/site/stage.mjs ROOT STAGE KATEX
//
// The pages of docs/SUMMARY.md are copied to STAGE/src with the folders that they have in the repository, so that every link
// between them stays as it is. KaTeX turns each formula into HTML, so that the site works offline and without scripts. Three
// things are errors: a formula that KaTeX cannot read, a document of docs/ that SUMMARY.md does not list, and a link to a file
// that does not exist.

import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [root, stage, katexFolder] = process.argv.slice(2).map((given) => path.resolve(given));
const { default: katex } = await import(pathToFileURL(path.join(katexFolder, "dist/katex.mjs")));
const problems = [];

/** KaTeX's HTML on one line, in which Markdown finds nothing to interpret. */
function formula(tex, displayMode, page) {
  let html;
  try {
    html = katex.renderToString(tex, { displayMode, throwOnError: true, strict: "error" });
  } catch (error) {
    problems.push(`${page}: formula \`${tex.trim()}\`: ${error.message}`);
    return "";
  }
  const special = /[*_`[\]\\|~!]/g;
  const parts = html.replace(/\s*\n\s*/g, " ").split(/(<[^>]*>)/);
  return parts.map((part, i) => (i % 2 ? part : part.replace(special, (c) => `&#${c.charCodeAt(0)};`))).join("");
}

/** The formulas of text that is no block of code; code between backticks stays. */
function inline(text, page) {
  const pattern = /(?<ticks>`+)[\s\S]*?[^`]\k<ticks>(?!`)|\$(?<tex>[^\s$](?:[^$]*[^\s$])?)\$/g;
  let rest = "";
  const out = text.replace(pattern, (whole, ticks, tex) => {
    if (ticks) return whole;
    return `\u0000${formula(tex, false, page)}\u0000`;
  });
  for (const part of out.split(/\u0000.*?\u0000/)) rest += part.replace(/(`+)[\s\S]*?[^`]\1(?!`)/g, "");
  if (rest.includes("$")) problems.push(`${page}: a \`$\` without a partner outside of code`);
  return out.replaceAll("\u0000", "");
}

/** A page with its formulas as HTML and its README links as the site has them. `linked` is told of every relative target. */
function page(text, name, linked) {
  const out = [];
  let prose = [];
  const flush = () => {
    const links = (whole, target) => {
      if (/^[a-z]+:|^#/.test(target)) return whole;
      linked(target.split("#")[0]);
      return whole.replace(/README\.md/, "index.md");
    };
    out.push(inline(prose.join("\n"), name).replace(/\]\(([^)\s]+)/g, links));
    prose = [];
  };
  let fence = null;
  let block = [];
  for (const line of text.split("\n")) {
    const mark = line.match(/^\s*(`{3,}|~{3,})(.*)$/);
    if (fence === null && mark) {
      flush();
      fence = { mark: mark[1], math: mark[2].trim() === "math" };
      block = [line];
    } else if (fence !== null && mark && mark[1].startsWith(fence.mark) && mark[2].trim() === "") {
      block.push(line);
      const tex = block.slice(1, -1).join("\n");
      out.push(fence.math ? `\n<div class="formula">${formula(tex, true, name)}</div>\n` : block.join("\n"));
      fence = null;
    } else if (fence !== null) {
      block.push(line);
    } else {
      prose.push(line);
    }
  }
  if (fence !== null) problems.push(`${name}: a block of code is not closed`);
  flush();
  return out.join("\n");
}

function write(to, content) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.writeFileSync(to, content);
}

const source = path.join(stage, "src");
fs.rmSync(stage, { recursive: true, force: true });
const summary = fs.readFileSync(path.join(root, "docs/SUMMARY.md"), "utf8");
const chapters = [];
const staged = summary.replace(/\]\(([^)]+)\)/g, (_, target) => {
  const name = path.posix.join("docs", target);
  chapters.push(name);
  return `](${name.replace(/README\.md$/, "index.md")})`;
});
write(path.join(source, "SUMMARY.md"), staged);

for (const file of fs.readdirSync(path.join(root, "docs"))) {
  const name = `docs/${file}`;
  if (file.endsWith(".md") && file !== "SUMMARY.md" && !chapters.includes(name)) problems.push(`docs/SUMMARY.md: ${name} is not listed`);
}
for (const name of chapters) {
  const linked = (target) => {
    const wanted = path.posix.join(path.posix.dirname(name), target);
    const there = path.join(root, wanted);
    if (!fs.existsSync(there)) problems.push(`${name}: links to ${wanted}, which does not exist`);
    else if (fs.statSync(there).isFile() && !chapters.includes(wanted)) {
      if (wanted.endsWith(".md")) problems.push(`${name}: links to ${wanted}, which docs/SUMMARY.md does not list`);
      else write(path.join(source, wanted), fs.readFileSync(there));
    }
  };
  const text = fs.readFileSync(path.join(root, name), "utf8");
  write(path.join(source, name.replace(/README\.md$/, "index.md")), page(text, name, linked));
}

const here = path.join(root, "docs/site");
for (const file of ["book.toml", "site.css"]) write(path.join(stage, file), fs.readFileSync(path.join(here, file)));
write(path.join(stage, "katex/katex.min.css"), fs.readFileSync(path.join(katexFolder, "dist/katex.min.css")));
fs.cpSync(path.join(katexFolder, "dist/fonts"), path.join(source, "katex/fonts"), { recursive: true });

for (const problem of problems) console.error(`site: ${problem}`);
process.exit(problems.length ? 1 : 0);
