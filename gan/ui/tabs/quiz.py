"""The Quiz tab: real or made? Ten pictures, you against the model's judge.

`static/quiz/quiz.html` is the tab and `static/quiz/*.js` bring it to life through the functions of
`gan.ui.server.quiz_api`. Which pictures are real stays on the server until each is answered.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gan.ui import assets
from gan.ui.server import quiz
from gan.ui.server.quiz_api import QuizApi

if TYPE_CHECKING:
    import gradio as gr

    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    import gradio as gr

    return gr.HTML(
        page(registry),
        js_on_load=assets.on_load("quiz"),
        server_functions=QuizApi(registry).functions(),
        elem_id="ll-quiz",
        apply_default_css=False,
        padding=False,
    )


def playable(registry: ModelRegistry) -> tuple[str, ...]:
    """Return the models that have a quiz, in the order shown, no weights read."""
    return tuple(name for name in registry.names if not quiz.obstacle(registry.info(name), registry.folder(name)))


def page(registry: ModelRegistry) -> str:
    """Return the tab's HTML, with the models that have a quiz, and of the others why not."""
    api, names = QuizApi(registry), playable(registry)
    others = {name: quiz.obstacle(registry.info(name), registry.folder(name)) for name in registry.names}
    return assets.render(
        "quiz/quiz.html",
        models=names,
        known=json.dumps([api.known(name) for name in names]),
        others={name: why for name, why in others.items() if why},
        questions=quiz.QUESTIONS,
    )
