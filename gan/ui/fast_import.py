"""Import Gradio in about half the time.

While it is imported, Gradio parses its own source and renders a `.pyi` stub for every component, for editors. An app
needs none of them. Gradio skips the stub of a class that has no source file, so for the time of the import its
component classes have none. Should a later Gradio work otherwise, this does nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_stubs() -> Iterator[None]:
    """`with without_stubs(): import gradio`. Not for use beside other threads that call `inspect`."""
    real = inspect.getfile

    def getfile(thing: Any) -> str:
        if type(thing).__name__ == "ComponentMeta":
            raise OSError("no stub wanted")
        return real(thing)

    inspect.getfile = getfile
    try:
        yield
    finally:
        inspect.getfile = real
