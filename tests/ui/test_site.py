"""`ui.site` and `gan.export`: what is in a page without a server, what it weighs, and where it is not written."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path

import brotli
import pytest
from fake_models import write_folder

from gan import export
from gan.errors import FolderError
from gan.models.model import load
from gan.models.pack import pack
from gan.ui import site
from gan.ui.server import engine

EMOJI = Path(__file__).resolve().parents[2] / "weights/emoji"
FIRST_SCREEN = 400_000  # bytes, compressed, before weights
ROW = 3  # walls of samples beside each other
ENGINE = 15_000  # of it
WEIGHTS = 2_600_000  # of one model
EXAMPLES = 300_000  # of one translator


@pytest.fixture(scope="module")
def shipped() -> dict[str, bytes]:
    return site.folder_of(site.shipped())


@pytest.fixture(scope="module")
def tiny(tiny_folder) -> dict[str, bytes]:
    return site.folder_of([tiny_folder])


def named(files: dict[str, bytes], suffix: str) -> list[bytes]:
    return [content for name, content in files.items() if name.endswith(suffix)]


def test_the_first_screen_and_every_model_keep_to_their_weight(shipped):
    texts = [
        *named(shipped, ".html"),
        *named(shipped, ".css"),
        *(c for n, c in shipped.items() if re.search(r"\w{32}\.js$", n)),
    ]
    pictures = sorted(map(len, [*named(shipped, ".webp"), *named(shipped, ".png")]))
    assert len(texts) == 3 and len(pictures) >= 6
    # A row of three is as much as a first screen fetches, as `test_site_browser.py` sees: at most the largest three.
    first = sum(len(brotli.compress(text)) for text in texts) + sum(pictures[-ROW:])
    assert first <= FIRST_SCREEN
    assert len(brotli.compress(engine.worker_script().encode())) <= ENGINE
    packs, examples = named(shipped, ".pack"), named(shipped, ".examples")
    assert len(examples) >= 3 and max(map(len, examples)) <= EXAMPLES
    assert len(packs) == len(site.shipped()) >= 4 and max(map(len, packs)) <= WEIGHTS


@pytest.mark.browser
def test_a_first_screen_fetches_a_row_of_samples_and_the_rest_when_it_is_scrolled_to(browser, shipped, tmp_path):
    for name, content in shipped.items():
        if not name.endswith((".pack", ".pack.js")):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    fetched: set[str] = set()
    page.on("request", lambda request: fetched.add(request.url) if request.url.endswith((".webp", ".png")) else None)
    page.goto((tmp_path / "index.html").as_uri())
    shown = page.locator('.ll-wall[style*="--sheet"], .ll-wall-box img[src]')
    shown.nth(ROW - 1).wait_for()  # they come one after the other
    assert shown.count() == len(fetched) == ROW
    cards = page.locator(".ll-card")
    for i in range(cards.count()):
        cards.nth(i).scroll_into_view_if_needed()
        shown.nth(max(i, ROW - 1)).wait_for()
    assert shown.count() == len(fetched) == cards.count()
    page.close()


def test_a_pack_is_all_of_the_models_and_lies_there_twice(tiny, tiny_folder):
    ((name, squeezed),) = ((n, c) for n, c in tiny.items() if n.endswith(".pack"))
    parted, whole = gzip.decompress(squeezed), bytearray(len(gzip.decompress(squeezed)))
    half = (len(parted) + 1) // 2
    whole[::2], whole[1::2] = parted[:half], parted[half:]
    assert bytes(whole) == pack(load(tiny_folder, "cpu"))
    text = tiny[f"{name}.js"].decode()
    assert text.startswith(f'latentLab.packs.set("{name}"')
    assert base64.b64decode(re.search(r', "(.*)"\)', text)[1]) == squeezed


def test_a_page_on_a_host_only_has_each_pack_once(tiny_folder):
    assert not named(site.folder_of([tiny_folder], hosted=True), ".pack.js")


def test_one_file_allows_what_is_in_it_and_nothing_else():
    page = site.single_file(EMOJI).decode()
    assert len(page) <= site.MOST_OF_PAGE
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; ") and "unsafe-inline" not in policy and "http" not in policy
    inline = [
        *re.findall(r"<script>(.*?)</script>", page, re.DOTALL),
        *re.findall(r"<style>(.*?)</style>", page, re.DOTALL),
    ]
    assert len(inline) == 2
    for text in inline:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert not re.search(r'(?:src|href)="(?!data:|https://huggingface.co/spaces")', page)


def test_nothing_of_a_page_needs_what_a_strict_policy_forbids(tiny):
    (page,) = named(tiny, ".html")
    assert not re.search(rb'\sstyle="|\son\w+="|<style|<script(?![^>]* src=)', page)


def test_a_model_that_no_browser_can_draw_is_refused(tmp_path):
    with pytest.raises(FolderError, match="grey cannot be on a page without a server"):
        site.folder_of([write_folder(tmp_path, "grey")])


@pytest.fixture
def small_site(monkeypatch):
    """The export's own work: which files it writes, and which it leaves or removes."""
    content = {"index.html": f'<meta name="generator" content="{site.GENERATOR} 1">'.encode(), "files/a.js": b"a"}
    monkeypatch.setattr(site, "folder_of", lambda models, hosted: dict(content))
    return content


def test_an_older_site_is_replaced(small_site, tmp_path, capsys):
    export.main([str(tmp_path / "site"), str(EMOJI)])
    assert capsys.readouterr().out.endswith(f"open {tmp_path / 'site/index.html'}\n")
    small_site["files/b.js"] = small_site.pop("files/a.js")
    export.main([str(tmp_path / "site"), str(EMOJI)])
    assert [p.name for p in (tmp_path / "site/files").iterdir()] == ["b.js"]


@pytest.mark.parametrize("name", ["thesis.tex", "files/photo.png", "index.html"])
def test_nobody_elses_files_are_touched(small_site, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(SystemExit, match=f"error: .*{Path(name).name} is there"):
        export.main([str(tmp_path), str(EMOJI)])
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize(("words", "message"), [
    (["x", "nowhere"], "no model folder"),
    (["x", "--single-file", "gan"], "no model folder"),
])  # fmt: skip
def test_failures_are_one_line(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=f"^error: .*{message}"):
        export.main(words)


def test_one_file_is_of_one_model(capsys):
    with pytest.raises(SystemExit):
        export.main(["x.html", "a", "--single-file", "b"])
    assert "--single-file is of one model" in capsys.readouterr().err
