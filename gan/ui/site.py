"""The page without a server: a folder for any static host, or one file, made of the app's own scripts, styles and tabs.

Nothing here imports Gradio. The folder also works where it is opened as files: packs lie there twice, as they are for a
browser that may fetch them, and in base64 as a script for one that may not.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gan
from gan.errors import FolderError
from gan.io import shipped_models
from gan.models import pack
from gan.models.translator import Translator
from gan.models.translator_pack import pack_translator
from gan.ui import assets
from gan.ui.server import engine
from gan.ui.server.examples import examples_of
from gan.ui.server.files import Files
from gan.ui.server.model_info import discover
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.video import EXPORTS
from gan.ui.tabs import explore, gallery, interpolate, train, translate

HOME = "https://huggingface.co/spaces"
GENERATOR = "Latent Lab"  # tells a page of ours from others
MOST = 16_000_000  # bytes of one pack
MOST_OF_PAGE = 3_500_000  # bytes of a page that is one file
FOLDERS = (  # what the page is made of
    "shared", "engine", "film", "gallery", "explore", "interpolate", "translate", "train", "site",
)  # fmt: skip
EXAMPLES = 32  # of each of a translator's sets
SUFFIXES = {"text/css": ".css", "text/javascript": ".js", "image/webp": ".webp", "image/png": ".png"}
FILMS = {kind: EXPORTS[kind] for kind in ("gif", "webp")}  # what a browser can write


@dataclass(frozen=True)
class SiteTab:
    """A tab, by its folder below `static/`. page: its HTML, of the models of a registry; of: which task's it needs."""

    name: str
    title: str
    page: Callable[[ModelRegistry], str]
    of: str = ""


# A tab belongs here as soon as a browser can do what it needs without a server: then `static/site/site.js` starts it
# with the functions of this browser, by the name of its script's function.
TABS = (
    SiteTab("gallery", "Gallery", lambda registry: gallery.page(registry, quiz=False)),
    SiteTab("explore", "Explore", explore.page, "generate"),
    SiteTab("interpolate", "Interpolate", lambda registry: interpolate.page(registry, FILMS), "generate"),
    SiteTab("translate", "Translate", lambda registry: translate.page(registry, FILMS), "translate"),
    SiteTab("train", "Train", lambda registry: train.page()),
)


class FolderFiles(Files):
    """Files with the names that they have in a folder. kept: content by name."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, bytes] = {}

    def add(self, data: bytes, kind: str) -> str:
        return self.add_named(f"{super().add(data, kind)}{SUFFIXES[kind]}", data)

    def add_named(self, name: str, data: bytes) -> str:
        """Keep a file under a name of its own; return that."""
        self.kept[name] = data
        return name


class InlineFiles(Files):
    """Files as data URLs, for a page that is one file."""

    def add(self, data: bytes, kind: str) -> str:
        return f"data:{kind};base64,{_base64(data)}"


def shipped() -> list[Path]:
    """Return the folders of the shipped models."""
    registry = ModelRegistry(discover(shipped_models(), Path("runs of nobody")))
    return [registry.folder(name) for name in (*registry.names, *registry.translators)]


def folder_of(models: Sequence[Path], hosted: bool = False) -> dict[str, bytes]:
    """Return the site of some model folders, content by name, index.html among it.

    hosted: it is for a host only, and need not open as files. FolderError for a model that cannot be shown,
    and where no browser could draw its pictures.
    """
    files = FolderFiles()
    registry = _registry(models, files)

    def place(packed: bytes, kind: str) -> str:
        address = f"files/{hashlib.sha256(packed).hexdigest()[:32]}.{kind}"
        files.add_named(address, packed)
        if not hosted:
            files.add_named(f"{address}.js", f'latentLab.packs.set("{address}", "{_base64(packed)}");\n'.encode())
        return address

    contents = _contents(registry, place)
    style = files.add(assets.styles(FOLDERS).encode(), "text/css")
    script = files.add(assets.scripts(FOLDERS, contents).encode(), "text/javascript")
    policy = {
        "script-src": "'self' 'wasm-unsafe-eval'", "style-src": "'self'", "img-src": "'self' data: blob:",
        "connect-src": "'self'",
    }  # fmt: skip
    head = f'{assets.icon()}<link rel="stylesheet" href="{style}"><script defer src="{script}"></script>'
    return files.kept | {"index.html": _page(registry, policy, head).encode()}


def single_file(model: Path) -> bytes:
    """Return one HTML file that plays a model and asks for nothing else. FolderError as for `folder_of`."""
    registry = _registry([model], InlineFiles())
    packs: list[bytes] = []

    def place(packed: bytes, kind: str) -> str:
        packs.append(packed)
        return f"#ll-pack-{len(packs)}"

    script = assets.scripts(FOLDERS, _contents(registry, place)).replace("</script", r"<\/script")
    style = assets.styles(FOLDERS)
    policy = {
        "script-src": f"{_hash(script)} 'wasm-unsafe-eval'", "style-src": _hash(style), "img-src": "data: blob:",
    }  # fmt: skip
    texts = (
        f'<script type="text/plain" id="ll-pack-{i}">{_base64(packed)}</script>' for i, packed in enumerate(packs, 1)
    )
    foot = f"{''.join(texts)}<script>{script}</script>"
    page = _page(registry, policy, f"{assets.icon()}<style>{style}</style>", foot).encode()
    if len(page) > MOST_OF_PAGE:
        raise FolderError(
            f"{model}: its page would take {len(page):,} bytes, more than {MOST_OF_PAGE:,}: export a site"
        )
    return page


def _registry(models: Sequence[Path], files: Files) -> ModelRegistry:
    registry = ModelRegistry(models)
    registry.files = files
    for name, why in registry.errors.items():
        raise FolderError(f"{name} cannot be shown: {why}")
    return registry


def _contents(registry: ModelRegistry, place: Callable[[bytes, str], str]) -> dict[str, Any]:
    """Return what `latentLab` holds besides the controls. place: keeps a file of a kind and returns its address."""

    def placed(whole: bytes, kind: str) -> dict[str, Any]:
        # As small as a browser can undo: of half precision, signs and exponents apart from the noise of the rest.
        packed = gzip.compress(whole[::2] + whole[1::2], 9, mtime=0)
        return {"address": place(packed, kind), "bytes": len(packed), "squeezed": True}

    models = {
        name: {"pack": placed(_packed(registry, name), "pack"), "about": dict(registry.describe(name))}
        for name in registry.names
    }
    translators = {}
    for name in registry.translators:
        packed = _packed(registry, name)
        found = examples_of(registry.translator(name), registry.folder(name))
        pictures = {side: rows[:EXAMPLES] for side, rows in found.pictures.items()}
        sheet = b"".join(rows.tobytes() for rows in pictures.values())
        translators[name] = {
            **registry.info(name, "translate").of_translator(),
            "names": dict(found.names),
            "examples": {side: len(rows) for side, rows in pictures.items()},
            "told": [] if found.told is None else found.told[:EXAMPLES].round(3).tolist(),
            "paired": found.paired,
            "pack": placed(packed, "pack"),
            "at": placed(sheet, "examples") if sheet else None,
        }
    return {
        "worker": "",
        "trainer": "",
        "site": {
            "tabs": [tab.name for tab in _tabs(registry)],
            "models": models,
            "translators": translators,
            "menus": train.local_menus(),
            "workers": {"worker": engine.worker_script(), "trainer": engine.trainer_script()},
        },
    }


def _tabs(registry: ModelRegistry) -> list[SiteTab]:
    """List the tabs for which there is a model."""
    there = {"": True, "generate": bool(registry.names), "translate": bool(registry.translators)}
    return [tab for tab in TABS if there[tab.of]]


def _packed(registry: ModelRegistry, name: str) -> bytes:
    """Return a model's pack."""
    try:
        model = registry.loaded(name)
        if isinstance(model, Translator):
            return pack_translator(model, most=MOST)
        return pack.pack(model, most=MOST)
    except ValueError as error:
        raise FolderError(f"{name} cannot be on a page without a server: {error}") from None


def _page(registry: ModelRegistry, policy: dict[str, str], head: str, foot: str = "") -> str:
    common = {"default-src": "'none'", "worker-src": "blob:", "base-uri": "'none'", "form-action": "'none'"}
    names = (*registry.names, *registry.translators)
    return assets.render(
        "site/site.html",
        policy="; ".join(f"{what} {where}" for what, where in (common | policy).items()),
        generator=f"{GENERATOR} {gan.__version__}",
        title=f"{names[0]} · Latent Lab" if len(names) == 1 else "Latent Lab",
        head=head,
        foot=foot,
        home=HOME,
        tabs=[{"name": tab.name, "title": tab.title, "html": tab.page(registry)} for tab in _tabs(registry)],
    )


def _hash(text: str) -> str:
    """Return how a policy allows one inline script or style."""
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
