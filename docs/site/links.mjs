// Checks the links of the built website: node docs/site/links.mjs HTML
//
// Every link, picture, style and script of a page must be a file of the site, every anchor an element of that file. Pages must
// load nothing from elsewhere; links to other sites are not followed.

import fs from "node:fs";
import path from "node:path";

const site = path.resolve(process.argv[2]);
const pages = fs.readdirSync(site, { recursive: true }).filter((name) => name.endsWith(".html"));
const read = new Map();
const text = (file) => {
  if (!read.has(file)) read.set(file, fs.readFileSync(file, "utf8"));
  return read.get(file);
};
const decode = (value) => value.replaceAll("&amp;", "&").replaceAll("&#x27;", "'").replaceAll("&quot;", '"');
const problems = new Set();
let links = 0;

for (const name of pages) {
  if (name === "404.html") continue;
  const html = text(path.join(site, name)).replace(/<script[^>]*>[\s\S]*?<\/script>/g, (script) => script.split(">")[0] + ">");
  for (const [, tag, attributes] of html.matchAll(/<([a-z]+)\s([^>]*)>/g)) {
    for (const [, key, raw] of attributes.matchAll(/\b(href|src)="([^"]*)"/g)) {
      const value = decode(raw);
      if (/^(data|mailto|javascript):/.test(value)) continue;
      if (/^([a-z]+:)?\/\//.test(value)) {
        if (tag !== "a") problems.add(`${name}: <${tag}> loads ${value}`);
        continue;
      }
      links += 1;
      const [target, anchor] = value.split("#");
      const file = target === "" ? path.join(site, name) : path.join(site, path.dirname(name), decodeURIComponent(target));
      if (!file.startsWith(site) || !fs.existsSync(file)) problems.add(`${name}: ${key} ${value} does not exist`);
      else if (anchor && file.endsWith(".html") && !text(file).includes(`id="${decodeURIComponent(anchor)}"`)) {
        problems.add(`${name}: ${value} has no such anchor`);
      }
    }
  }
}
for (const problem of problems) console.error(`site: ${problem}`);
if (problems.size === 0) console.log(`site: ${pages.length} pages, ${links} links, all alive`);
process.exit(problems.size ? 1 : 0);
