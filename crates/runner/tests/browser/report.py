#!/usr/bin/env python3
"""Reads reports in headless Chromium as a visitor would: sorts, filters, hovers, downloads, changes the theme, goes by
keyboard and by phone, and looks whether anything is asked for elsewhere or goes wrong.

    report.py [--screens DIR] results/smoke/report.html ...

Needs Python 3.10 and Chromium (or $CHROMIUM), nothing else. Exit code 0 fine, 1 something is not as it should be, 77
no browser here.
"""

import argparse
import csv
import pathlib
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

from chromium import Browser, Page, find

DESKTOP, PHONE = (1280, 900), (390, 844)
MOST_BYTES = 5_000_000
# On a quiet machine it is a fraction of a second; on a busy one this much is still no sign of anything.
MOST_SECONDS = 20.0

# Every text against the ground below it, as the guidelines of the web define contrast; 3 for large text, else 4.5.
CONTRAST = r"""
(() => {
  const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return [m[0], m[1], m[2], m.length > 3 ? m[3] : 1]; };
  const light = ([r, g, b]) => {
    const f = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
    return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c[3] > 0.99) return c;
    }
    return [255, 255, 255, 1];
  };
  const poor = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let checked = 0;
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || element.closest("svg, script, style, noscript, .vh, [hidden]")) continue;
    if (!element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(parse(style.color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    checked++;
    if (ratio < (large ? 3 : 4.5)) poor.set(element.tagName + "." + element.className + " " + style.color, ratio.toFixed(2));
  }
  return { checked, poor: [...poor] };
})()
"""

STRUCTURE = r"""
(() => {
  const wrong = [];
  const say = (is, what) => { if (!is) wrong.push(what); };
  const all = (selector) => [...document.querySelectorAll(selector)];
  say(document.documentElement.lang === "en", "the page has no language");
  for (const part of ["header", "nav", "main", "footer", "h1"]) say(all(`body > ${part}, body > header ${part}`).length === 1, `not one ${part}`);
  for (const section of all("main > section")) {
    say(section.querySelector("h2") && document.getElementById(section.getAttribute("aria-labelledby")), `section ${section.id} has no name`);
  }
  let level = 1;
  for (const heading of all("h1, h2, h3, h4")) {
    const now = Number(heading.tagName[1]);
    say(now <= level + 1, `heading "${heading.textContent}" skips a level`);
    level = now;
  }
  const ids = all("[id]").map((e) => e.id);
  say(new Set(ids).size === ids.length, `ids twice: ${ids.filter((id, i) => ids.indexOf(id) !== i)}`);
  for (const link of all("nav a")) say(document.getElementById(link.getAttribute("href").slice(1)), `${link.textContent} leads nowhere`);
  for (const svg of all("svg:not([aria-hidden]), canvas")) {
    say(svg.getAttribute("role") === "img" && (svg.getAttribute("aria-label") || svg.querySelector(":scope > title")), "a picture without words");
  }
  for (const field of all("input, select")) say(field.labels?.length || field.getAttribute("aria-label"), "a field without a label");
  for (const button of all("button")) say(button.textContent.trim() || button.getAttribute("aria-label"), "a button without a name");
  for (const area of all(".scroll")) say(area.tabIndex === 0 && (area.getAttribute("aria-label") || area.getAttribute("aria-labelledby")), "what scrolls is out of reach of the keyboard");
  for (const table of all("table")) say(table.querySelectorAll("thead th[scope=col]").length > 0, "a table without headers");
  return wrong;
})()
"""


class Check:
    """What has been looked at, and what was not as it should be."""

    def __init__(self, name):
        self.name, self.wrong, self.seen = name, [], 0

    def that(self, is_so, what):
        self.seen += 1
        if not is_so:
            self.wrong.append(what)
            print(f"  NOT SO: {what}")


def url_of(path):
    return path.resolve().as_uri()


def first_load(page, path, check):
    size = path.stat().st_size
    seconds = page.open(url_of(path))
    check.that(size <= MOST_BYTES, f"at most {MOST_BYTES} bytes; there are {size}")
    check.that(seconds <= MOST_SECONDS, f"open within {MOST_SECONDS} s; it took {seconds:.2f}")
    print(f"  {size / 1e6:.2f} MB, open after {seconds:.2f} s")
    return seconds


def structure(page, check):
    for wrong in page.js(STRUCTURE):
        check.that(False, wrong)
    check.that(True, "structure")


def sorting(page, check):
    table = 'document.querySelector("table.sortable")'
    column = page.js(f"""[...{table}.tHead.rows[0].cells].findIndex((head) => head.classList.contains("n"))""")
    head = f"{table}.tHead.rows[0].cells[{column}]"
    values = f"""[...{table}.tBodies[0].rows].map((row) => parseFloat(row.cells[{column}].textContent)).filter((v) => !isNaN(v))"""
    before = sorted(page.js(values))
    page.click(f"{head}.querySelector('button')")
    check.that(page.js(f"{head}.getAttribute('aria-sort')") == "descending", "a click on a figure's header sorts it downwards")
    check.that(page.js(values) == before[::-1], f"figures descend: {page.js(values)}")
    # The same by keyboard: the button has the focus after the click.
    page.key("Enter", 13, "\r")
    check.that(page.js(f"{head}.getAttribute('aria-sort')") == "ascending", "the enter key turns the order around")
    check.that(page.js(values) == before, f"figures ascend: {page.js(values)}")


def filtering(page, check):
    table = """[...document.querySelectorAll("table.sortable")].find((t) =>
        t.checkVisibility() && t.closest(".sheet").querySelector("input[type=search]"))"""
    if not page.js(f"Boolean({table})"):
        return
    search = f"{table}.closest('.sheet').querySelector('input[type=search]')"
    rows = f"[...{table}.tBodies[0].rows]"
    word = page.js(f"{rows}[0].cells[0].textContent.trim().split(/\\s+/)[0].toLowerCase()")
    expected = page.js(f"{rows}.filter((row) => row.textContent.toLowerCase().includes({word!r})).length")
    page.click(search)
    page.type(word)
    shown = page.js(f"{rows}.filter((row) => row.checkVisibility()).length")
    check.that(0 < shown == expected, f"the filter leaves what has {word!r}: {shown}, expected {expected}")
    page.type(" nothing-has-this-word")
    check.that(page.js(f"{rows}.filter((row) => row.checkVisibility()).length") == 0, "a word that nothing has leaves nothing")
    page.js(f"{search}.value = ''; {search}.dispatchEvent(new Event('input'))")
    check.that(page.js(f"{rows}.every((row) => !row.hidden)"), "without words everything is there")


def hovering(page, check):
    # One that no other lies above.
    part = """[...document.querySelectorAll("details[open] figure g.data path")].find((path) => {
        path.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const box = path.getBoundingClientRect();
        return document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2) === path;
    })"""
    if not page.js(f"Boolean({part})"):
        check.that(not page.js('Boolean(document.querySelector("figure"))'), "a figure has values")
        return
    said = page.js(f"{part}.textContent")
    x, y = page.middle(part)
    page.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.move(x - 1, y)
    page.move(x, y)
    tip = "document.getElementById('tip')"
    check.that(page.js(f"{tip}.checkVisibility()"), "a value shows on hover")
    check.that(page.js(f"{tip}.textContent") == said and said, f"it is the value of the part: {said!r}")
    page.js("document.querySelector('details[open] figure .scroll').focus()")
    page.at_rest()
    page.key("ArrowRight", 39)
    page.until(f"{tip}.checkVisibility()")
    check.that(page.js(f"{tip}.checkVisibility()"), "arrow keys say a figure's values")
    page.key("Escape", 27)
    check.that(not page.js(f"{tip}.checkVisibility()"), "the escape key takes it away")


def downloads(page, check):
    if not page.js('Boolean(document.querySelector("figure"))'):
        return
    with tempfile.TemporaryDirectory() as folder:
        page.browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=folder, eventsEnabled=True)

        def fetched(button, ending):
            before = set(pathlib.Path(folder).glob(f"*.{ending}"))
            page.click(button)
            until = time.monotonic() + 15
            while time.monotonic() < until:
                new = set(pathlib.Path(folder).glob(f"*.{ending}")) - before
                if new:
                    time.sleep(0.2)
                    return new.pop()
                page.js("new Promise((done) => setTimeout(done, 50))")
            return None

        figure = 'document.querySelector("details[open] figure")'
        buttons = f'[...{figure}.querySelectorAll(".controls button")]'
        parts = page.js(f'{figure}.querySelectorAll("g.data path").length')
        svg = fetched(f'{buttons}.find((b) => b.textContent === "SVG")', "svg")
        check.that(svg is not None, "an SVG is saved")
        if svg:
            root = ET.parse(svg).getroot()
            titles = root.findall(".//{http://www.w3.org/2000/svg}g/{http://www.w3.org/2000/svg}path/{http://www.w3.org/2000/svg}title")
            check.that(len(titles) == parts, f"the SVG says its values: {len(titles)} of {parts}")
        table = fetched(f'{buttons}.find((b) => b.textContent === "CSV")', "csv")
        check.that(table is not None, "a CSV is saved")
        if table:
            with open(table, newline="") as file:
                rows = list(csv.reader(file))
            check.that(len(rows) == parts + 1 and len({len(row) for row in rows}) == 1, f"it has a line for each value: {len(rows)}")


def theme(page, check):
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = {}
    for _ in range(3):
        page.click("document.getElementById('theme')")
        name = page.js("document.getElementById('theme').textContent").split(": ")[1]
        grounds[name] = page.js(ground)
        if name != "system":
            found = page.js(CONTRAST)
            check.that(found["checked"] > 20 and not found["poor"], f"contrast in the {name} theme: {found['poor']}")
    check.that(set(grounds) == {"system", "light", "dark"} and grounds["light"] != grounds["dark"], f"three themes: {grounds}")
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    check.that(page.js(ground) == grounds["dark"], "the system's choice of dark is followed")
    filters = page.js("""[...document.querySelectorAll("figure svg")].map(svg =>
        [svg.closest("figure").classList.contains("shades"), getComputedStyle(svg).filter != "none"])""")
    check.that([True, False] in filters and all(shades != turned for shades, turned in filters), "heat maps alone keep their shades")
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])


def keyboard(page, path, check):
    page.open(url_of(path))
    reached = set()
    for _ in range(12):
        page.key("Tab", 9)
        reached.add(page.js("document.activeElement.id || document.activeElement.className || document.activeElement.tagName"))
    check.that({"skip", "theme", "print"} <= reached, f"the tab key reaches what can be done: {reached}")


def universe(page, check):
    if not page.js('Boolean(document.querySelector("#picture canvas"))'):
        return
    # As an encoded picture: reading pixels one by one would be warned of.
    pixels = """(async () => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        return document.querySelector("#picture canvas").toDataURL();
    })()"""
    page.middle('document.querySelector("#picture canvas")')
    after = page.js(pixels)
    check.that(len(after) > 20_000, f"the universe is drawn: {len(after)} bytes")
    page.js("""(() => { const slider = document.querySelector("#picture input[type=range]"); slider.value = 0; slider.dispatchEvent(new Event("input")); })()""")
    before = page.js(pixels)
    check.that(before != after, "the slider leads from before alignment to after it")
    if page.js("!document.querySelectorAll('#picture select')[1].options[1].disabled"):
        page.js("""(() => { const by = document.querySelectorAll("#picture select")[1]; by.value = "label"; by.dispatchEvent(new Event("change")); })()""")
        labelled = page.js(pixels)
        check.that(labelled != before, "labels have other colours than views")
    page.js("document.querySelector('#picture canvas').focus()")
    page.key("ArrowRight", 39)
    check.that("Item" in page.js("document.querySelector('#picture [role=status]').textContent"), "arrow keys go from item to item")
    page.js("""(() => { const slider = document.querySelector("#picture input[type=range]"); slider.value = 100; slider.dispatchEvent(new Event("input")); })()""")


def scatter(page, check):
    if not page.js('Boolean(document.getElementById("scatter"))'):
        return
    dots = "document.querySelectorAll('#scatter path.dot').length"
    check.that(page.js(dots) > 0, "methods stand in the figure of costs")
    before = page.js("document.querySelector('#scatter svg').innerHTML")
    page.js("""(() => { const s = document.querySelectorAll("#scatter select")[0]; s.value = (Number(s.value) + 1) % s.options.length; s.dispatchEvent(new Event("change")); })()""")
    if page.js("document.querySelectorAll('#scatter select')[0].options.length") > 1:
        check.that(page.js("document.querySelector('#scatter svg').innerHTML") != before, "another quality is another figure")


def records(page, check):
    if not page.js('Boolean(document.querySelector("#all-records select"))'):
        return
    heads = "[...document.querySelectorAll('#all-records thead button')].map((b) => b.textContent)"
    few = page.js(heads)
    check.that(few[:3] == ["method", "metric", "value"] and "cell" not in few, f"a few columns of records are shown: {few}")
    page.js("document.querySelector('#all-records input[type=checkbox]').click()")
    check.that("cell" in page.js(heads), f"all columns are shown on demand: {page.js(heads)}")
    count = "document.querySelector('#all-records .count').textContent"
    before = page.js(count)
    page.js("""(() => { const s = document.querySelector("#all-records select"); s.value = s.options[1].value; s.dispatchEvent(new Event("change")); })()""")
    wanted = page.js("document.querySelector('#all-records select').value.slice(1)")
    column = page.js("[...document.querySelectorAll('#all-records thead button')].map((b) => b.textContent).indexOf(document.querySelector('#all-records label').firstChild.textContent)")
    entries = set(page.js(f"[...document.querySelectorAll('#all-records tbody tr')].map((row) => row.cells[{column}].textContent)"))
    check.that(page.js(count) != before and entries == {wanted}, f"records are chosen by a column: {entries}, {wanted}")
    at = page.js("[...document.querySelectorAll('#all-records thead button')].findIndex((b) => b.textContent === 'value')")
    page.js(f"document.querySelectorAll('#all-records thead button')[{at}].click()")
    values = page.js(f"[...document.querySelectorAll('#all-records tbody tr')].map((row) => row.cells[{at}].textContent).filter(Boolean).map(Number)")
    check.that(values == sorted(values, reverse=True), "records are sorted by value")


def definitions(page, check):
    link = 'document.querySelector(\'thead a[href^="#metric-"]\')'
    if not page.js(f"Boolean({link})"):
        return
    target = f"document.getElementById({link}.getAttribute('href').slice(1))"
    check.that(not page.js(f"{target}.checkVisibility()"), "definitions are folded")
    page.js(f"{link}.click()")
    page.until(f"{target}.checkVisibility()")
    check.that(page.js(f"{target}.checkVisibility()"), "the name of a metric leads to its definition")
    check.that(len(page.js(f"{target}.nextElementSibling.textContent")) > 40, "which says what it means")


def on_a_phone(page, path, check):
    page.size(*PHONE, phone=True)
    page.open(url_of(path))
    check.that(page.js("document.documentElement.scrollWidth") <= PHONE[0], f"nothing is wider than a phone: {page.js('document.documentElement.scrollWidth')}")
    # names of tasks with many settings are words without a place to break
    page.js("document.querySelectorAll('main p, main li').forEach((text) => text.append(' ' + 'rank1_scoring-'.repeat(8)))")
    check.that(page.js("document.documentElement.scrollWidth") <= PHONE[0], "nor with long names")
    page.open(url_of(path))
    check.that(page.js("parseFloat(getComputedStyle(document.body).fontSize)") >= 15, "text is large enough to read")
    if page.js('Boolean(document.querySelector("#all-records tbody td.n"))'):
        right = page.js("document.querySelector('#all-records tbody td.n').getBoundingClientRect().right")
        check.that(right <= PHONE[0], f"the value of a record is seen without scrolling: {right}")
        stays = page.js("""(() => { const area = document.querySelector("#all-records .scroll"); area.scrollTop = 400;
            const head = area.querySelector("thead th").getBoundingClientRect(); return head.top - area.getBoundingClientRect().top; })()""")
        check.that(abs(stays) < 3, f"the headings of records stay in sight: {stays}")


def printed(page, check):
    pdf = page.call("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69)
    check.that(len(pdf["data"]) > 10_000, "it prints")


def screens(page, path, folder):
    """A picture of every section, wide and narrow, and of the first in the dark theme."""
    folder.mkdir(parents=True, exist_ok=True)
    name = path.parent.name
    for size, kind in ((DESKTOP, "wide"), (PHONE, "phone")):
        for dark in (False, True):
            page.size(*size, phone=kind == "phone")
            page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
            page.open(url_of(path))
            parts = page.js("[...document.querySelectorAll('main > section')].map((s) => { const b = s.getBoundingClientRect(); return [s.id, b.left + scrollX, b.top + scrollY, b.width, b.height]; })")
            parts.insert(0, ["top", 0, 0, size[0], size[1]])
            for part, x, y, width, height in parts:
                if dark and kind == "phone" and part != "top":
                    continue
                clip = {"x": max(0, x - 8), "y": y, "width": min(width + 16, size[0]), "height": min(height, 2600)}
                ending = f"{kind}{'-dark' if dark else ''}"
                (folder / f"{name}_{part}_{ending}.png").write_bytes(page.picture(clip))


def visit(browser, path, screen_folder):
    print(path)
    check = Check(path.name)
    page = Page(browser)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    page.size(*DESKTOP)
    first_load(page, path, check)
    for look in (structure, sorting, filtering, hovering, downloads, theme, universe, scatter, records, definitions):
        look(page, check)
    keyboard(page, path, check)
    on_a_phone(page, path, check)
    page.size(*DESKTOP)
    page.open(url_of(path))
    printed(page, check)
    if screen_folder:
        screens(page, path, screen_folder)
    own = url_of(path)
    asked = [e["request"]["url"] for e in page.events("Network.requestWillBeSent")]
    elsewhere = [url for url in asked if url != own and not url.startswith(("data:", f"blob:"))]
    check.that(own in asked and not elsewhere, f"nothing is asked for elsewhere: {elsewhere}")
    thrown = [e["exceptionDetails"].get("exception", {}).get("description", "") for e in page.events("Runtime.exceptionThrown")]
    logged = [e["entry"]["text"] for e in page.events("Log.entryAdded") if e["entry"]["level"] in ("error", "warning")]
    said = [str(e["args"]) for e in page.events("Runtime.consoleAPICalled") if e["type"] in ("error", "warning", "assert")]
    check.that(not (thrown or logged or said), f"no error on the console: {thrown + logged + said}")
    print(f"  {check.seen} things looked at, {len(check.wrong)} not as they should be")
    return not check.wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("reports", nargs="+", type=pathlib.Path)
    arguments.add_argument("--screens", type=pathlib.Path, help="folder for pictures of every section")
    given = arguments.parse_args()
    path = find()
    if not path:
        print("SKIPPED: no Chromium here; apt-get install chromium, or name one in $CHROMIUM")
        return 77
    with Browser(path) as browser:
        fine = [visit(browser, report, given.screens) for report in given.reports]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
