"""Steps in a browser that several tests take: opening the tab Explore, dragging, looking at what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gan.ui.server import rpc

if TYPE_CHECKING:
    import numpy as np
    from playwright import sync_api

SCREEN = ".ll-screen canvas:first-child"
FIRST_SLIDER = ".ll-directions input[type=range] >> nth=0"


@contextmanager
def visit(browser: sync_api.Browser, site: str) -> Iterator[sync_api.Page]:
    """A fresh visitor; fails if the page logs an error or asks another host for anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)  # a machine may be busy
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else wrong.append(r.url))
    yield page
    context.close()
    assert not wrong


def look(page: sync_api.Page, selector: str = SCREEN) -> str:
    """What a canvas shows, as a data URL."""
    return page.eval_on_selector(selector, "canvas => canvas.toDataURL()")


def explore(page: sync_api.Page, address: str) -> str:
    """Open an address, and "More" there; wait for its picture and the other seeds. Returns what the picture shows."""
    page.goto(address)
    page.wait_for_selector(".ll-others-grid.ll-ready")
    page.locator(".ll-more-part").evaluate("part => (part.open = true)")
    page.wait_for_function("latentLab.stats.painted > 0 && latentLab.stats.running === 0")
    return look(page)


def becomes(page: sync_api.Page, expected: str) -> None:
    page.wait_for_function(f"e => document.querySelector('{SCREEN}').toDataURL() === e", arg=expected)


def shows(page: sync_api.Page, picture: np.ndarray) -> bool:
    """Whether the canvas shows this picture, uint8 (H, W, C); to one grey level, as the browser draws."""
    same = f"""p => {{
      const canvas = document.querySelector('{SCREEN}');
      const {{ data: shown }} = latentLab.context(canvas).getImageData(0, 0, canvas.width, canvas.height);
      const [{{ data }}] = latentLab.decodeImages(p);
      return data.length === shown.length && data.every((value, i) => Math.abs(value - shown[i]) <= 1);
    }}"""
    return page.evaluate(same, rpc.pixels(picture[None]))


def changes(page: sync_api.Page, before: str) -> str:
    """Wait until the picture is another and no call is under way; returns what it shows."""
    page.wait_for_function(f"e => document.querySelector('{SCREEN}').toDataURL() !== e", arg=before)
    page.wait_for_function("latentLab.stats.running === 0")
    return look(page)


def drag(page: sync_api.Page, selector: str, share: float) -> None:
    """Drag a slider's thumb from its middle to `share` of its width."""
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, middle, steps=8)
    page.mouse.up()


def walk(page: sync_api.Page) -> None:
    """Wait until the film of the Interpolate tab is in the player."""
    page.wait_for_selector("#ll-interpolate .ll-walk:not(.ll-waiting) .ll-scrub:enabled")


def shown_tab(page: sync_api.Page) -> str:
    """Name of the one tab that is on screen."""
    (panel,) = page.locator("#ll-tabs > [role=tabpanel]:visible").all()
    return panel.get_attribute("id").removeprefix("tab-")


@contextmanager
def fingers(browser: sync_api.Browser, address: str):
    """A page of a phone, and a function that swipes from the middle of an element."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    explore(page, address)
    touch = context.new_cdp_session(page)

    def swipe(selector: str, across: int, down: int, start: float = 0.75) -> None:
        page.locator(selector).scroll_into_view_if_needed()
        box = page.locator(selector).bounding_box()
        x, y = box["x"] + box["width"] * start, box["y"] + box["height"] / 2
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for i in range(1, 9):
            point = {"x": x + across * i / 8, "y": y + down * i / 8}
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    yield page, swipe
    context.close()
