"""Import Gradio in about half the time.

While it is imported, Gradio parses its own source and writes a `.pyi` stub for every component, for editors. An app
needs no stubs. Gradio skips a class that has no source file, so during the import its component classes appear to have
none. If a later Gradio works otherwise, this has no effect.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_stubs() -> Iterator[None]:
    """Import Gradio faster: `with without_stubs(): import gradio`. No other thread may call `inspect` meanwhile."""
    real = inspect.getfile

    def getfile(thing: Any) -> str:
        if type(thing).__name__ == "ComponentMeta":
            raise OSError("no stub needed")
        return real(thing)

    inspect.getfile = getfile  # type: ignore[assignment]  # its declared parameter has another name
    try:
        yield
    finally:
        inspect.getfile = real
