"""How soon a report shows its first screen when it is opened from disk.

Opens the file again and again in a fresh headless Chromium context and asks the browser itself when
it first painted text (first contentful paint) and when the page was ready. Not a test: it reads a
clock.
"""

import argparse
import shutil
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright
from threads_or_processes.common.errors import UserError, exit_on_user_error

ASK = """
() => new Promise((resolve) => {
  const told = () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0];
    const ready = performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
    if (paint) resolve([paint.startTime, ready]); else setTimeout(told, 20);
  };
  told();
})
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path, help="a report")
    parser.add_argument("--times", type=int, default=11, help="how often to open it")
    return parser.parse_args()


def main() -> None:
    """Open, ask, print medians and the slowest."""
    arguments = _arguments()
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None or not arguments.page.is_file():
        what = "no Chromium" if browser is None else "there is no such page"
        raise UserError(
            what, where=str(arguments.page), hint="install it, or make the report first"
        )
    seen = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for _ in range(arguments.times):
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            page.goto(arguments.page.resolve().as_uri())
            seen.append(page.evaluate(ASK))
            context.close()
        chromium.close()
    size_kb = arguments.page.stat().st_size / 1000
    print(f"{arguments.page.name}: {size_kb:.0f} kB, opened {arguments.times} times")
    for index, what in enumerate(("first text painted", "page ready")):
        times_ms = [one[index] for one in seen]
        print(f"{what}: median {median(times_ms):.0f} ms, slowest {max(times_ms):.0f} ms")


if __name__ == "__main__":
    exit_on_user_error(main)
