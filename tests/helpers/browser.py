"""A headless Chromium for pages in one file; what they fetch and complain about is noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
PHONE, DESK = 390, 1200  # widths, CSS pixels


class Opened(NamedTuple):
    """A page, and what happened while it was open."""

    page: Any
    requests: list[str]  # addresses other than the file itself
    complaints: list[str]  # messages on the console, and errors


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start Chromium once for a file of tests; without it continuous integration fails."""
    if not Path(CHROMIUM).is_file() and not os.environ.get("CI"):
        pytest.skip("chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, path: Path, width: int = DESK) -> Iterator[Opened]:
    """Open a file."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    notes = Opened(page, [], [])
    page.on("request", lambda request: notes.requests.append(request.url))
    page.on("console", lambda message: notes.complaints.append(message.text))
    page.on("pageerror", lambda error: notes.complaints.append(str(error)))
    page.goto(path.resolve().as_uri())
    notes.requests.remove(page.url)
    try:
        yield notes
    finally:
        page.close()


def is_wider_than_its_window(page: Any) -> bool:
    """Tell whether a reader must scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))
