"""A headless Chromium spoken to over a pipe: the DevTools protocol with nothing but the standard library."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
TIMEOUT = 60.0


def find():
    """The browser's path, or None. $CHROMIUM comes first."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Browser:
    """One browser with an empty profile of its own; a context manager that ends it."""

    def __init__(self, path):
        self.profile = tempfile.TemporaryDirectory(prefix="report-browser-", ignore_cleanup_errors=True)
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # Chromium reads descriptor 3 and writes 4; these may be among our own, so out of the way first.
        theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD, 20) for fd in (theirs_in, theirs_out)]
        moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 30) for fd in (ours_in, ours_out)]
        for fd in (ours_in, ours_out, theirs_in, theirs_out):
            os.close(fd)
        self.read_end, self.write_end = moved

        def place():
            os.dup2(theirs[0], 3)
            os.dup2(theirs[1], 4)

        options = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
                   "--disable-background-networking", "--hide-scrollbars", "--force-color-profile=srgb",
                   f"--user-data-dir={self.profile.name}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--no-sandbox")
        self.process = subprocess.Popen([path, *options, "about:blank"], pass_fds=(3, 4), preexec_fn=place,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in theirs:
            os.close(fd)
        self.buffer, self.number, self.events = b"", 0, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (OSError, RuntimeError, TimeoutError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.read_end)
        os.close(self.write_end)
        self.profile.cleanup()

    def receive(self, until):
        """The next message, or None at this time."""
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                return None
            chunk = os.read(self.read_end, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **params):
        """A command's result; events that come before it are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + TIMEOUT
        while True:
            answer = self.receive(until)
            if answer is None:
                raise TimeoutError(f"{method}: no answer in {TIMEOUT} s")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            if "method" in answer:
                self.events.append(answer)


class Page:
    """One tab that keeps what it asked for and what went wrong."""

    def __init__(self, browser):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def events(self, method):
        return [e["params"] for e in self.browser.events if e.get("sessionId") == self.session and e["method"] == method]

    def wait_for(self, method, count=1):
        until = time.monotonic() + TIMEOUT
        while len(self.events(method)) < count:
            event = self.browser.receive(until)
            if event is None:
                raise TimeoutError(f"no {method}")
            self.browser.events.append(event)

    def size(self, width, height, phone=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def open(self, url):
        """Seconds until the page has loaded and its scripts have run."""
        before = len(self.events("Page.loadEventFired"))
        start = time.monotonic()
        self.call("Page.navigate", url=url)
        self.wait_for("Page.loadEventFired", before + 1)
        seconds = time.monotonic() - start
        self.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return seconds

    def js(self, expression):
        """The value of an expression; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def middle(self, expression):
        """The middle of an element on the screen, after it has been brought there."""
        return self.js(f"""(() => {{
            const element = {expression};
            element.scrollIntoView({{ block: "center", inline: "center", behavior: "instant" }});
            const box = element.getBoundingClientRect();
            return [box.left + box.width / 2, box.top + box.height / 2];
        }})()""")

    def at_rest(self):
        """Waits for scrolling, which may be smooth, to come to its end."""
        self.js("""(async () => {
            const pause = () => new Promise((done) => setTimeout(done, 150));
            for (let before = null; before !== scrollX + "," + scrollY; await pause()) before = scrollX + "," + scrollY;
        })()""")

    def until(self, expression, seconds=5):
        """Waits until this is so, but not for ever; what it is then is for the caller to see."""
        end = time.monotonic() + seconds
        while not self.js(expression) and time.monotonic() < end:
            time.sleep(0.05)

    def move(self, x, y):
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, expression):
        x, y = self.middle(expression)
        self.move(x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, key, code=0, text=""):
        for kind in ("keyDown", "keyUp"):
            extra = {"text": text} if text and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **extra)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, clip=None):
        """PNG bytes of the screen, or of a part of the whole page."""
        import base64
        params = {"format": "png"}
        if clip:
            params |= {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True}
        return base64.b64decode(self.call("Page.captureScreenshot", **params)["data"])
