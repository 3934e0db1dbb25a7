"""Packs of models, kept for browsers that draw for themselves, under an address that changes with what is in them."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from gan.ui.server.files import File

if TYPE_CHECKING:
    from gan.models.model import Model
    from gan.models.translator import Translator

MAX_BYTES = 16_000_000  # of one pack: on a slower line than the server's pictures take, a visitor waits for too long
KEPT_BYTES = 64_000_000  # of all; the one not asked for for longest makes room
log = logging.getLogger(__name__)


class Packs:
    """Packs by model and by version. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, File] = {}  # by model, the newest last
        self._refused: set[str] = set()

    def of(self, name: str, model: Model | Translator) -> File | None:
        """Return a model's pack, made now if it is not kept; None for a model that browsers cannot draw."""
        with self._lock:
            if name in self._refused:
                return None
            pack = self._kept.pop(name, None) or _packed(model)
            if pack is None:
                self._refused.add(name)
                return None
            self._kept[name] = pack
            while sum(len(one.data) for one in self._kept.values()) > KEPT_BYTES:
                del self._kept[next(iter(self._kept))]
            return pack

    def find(self, version: str) -> File | None:
        """Return the pack of a version; None where it is not kept (any more)."""
        kept = list(self._kept.values())  # without the lock: nobody who only asks waits while another one is made
        return next((pack for pack in kept if pack.version == version), None)


def _packed(model: Model | Translator) -> File | None:
    from gan.models.pack import pack  # imports torch
    from gan.models.translator import Translator
    from gan.models.translator_pack import pack_translator

    try:
        data = pack_translator(model, most=MAX_BYTES) if isinstance(model, Translator) else pack(model, most=MAX_BYTES)
    except ValueError as error:
        log.info("drawn on the server only: %s", error)
        return None
    return File(data, "application/octet-stream")
