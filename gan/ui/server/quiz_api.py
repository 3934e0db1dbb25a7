"""Server side of Quiz: ten pictures, and of each, once it is answered, whether it is real and what the judge says."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from gan.ui.server import rpc
from gan.ui.server.limits import Limit
from gan.ui.server.quiz import QUESTIONS, Quiz, deal, obstacle
from gan.ui.server.request import WHOLE, Request, quoted

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry

DEALS = 1, 8  # quizzes dealt at once, and how many more may wait
KEPT = 64  # quizzes, of 10 to 120 kB each


class QuizRequest(Request):
    """Names a quiz of a model by its number."""

    number: Annotated[int, Field(ge=0, le=2**32 - 1), WHOLE]


class AnswerRequest(QuizRequest):
    """Names one of its pictures."""

    at: Annotated[int, Field(ge=0, le=QUESTIONS - 1), WHOLE]


class QuizApi:
    """The functions that the page calls, one method each; see `gan.ui.server.rpc` for their replies to bad requests.

    What a quiz holds follows from its number, so nothing is remembered of who plays it: a score is the page's own.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self.registry = registry
        self._limit = Limit(*DEALS)
        self._quiz = functools.lru_cache(KEPT)(self._deal)
        self._judge = functools.lru_cache(KEPT)(self._load_judge)

    def functions(self) -> list[rpc.Endpoint]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        return rpc.endpoints(self.locate, self.deal, self.reveal)

    def known(self, name: object) -> dict[str, Any]:
        """Return what the page must know of a model before its first quiz; ValueError, which says why, for others."""
        info = self.registry.info(name)
        if why := obstacle(info, self.registry.folder(name)):
            raise ValueError(f"{name} has no quiz, because {why}")
        about = info.for_browser()
        return {key: about[key] for key in ("model", "size", "smooth")}

    def locate(self, payload: rpc.Payload) -> rpc.Payload:
        """Find a model that a link names. {model} -> {found, gone}, as `PictureApi.locate`."""
        name = payload.get("model")
        try:
            self.registry.info(name)
        except ValueError:
            return {"found": None, "gone": f"there is no model {quoted(name)} here any more"}
        try:
            return {"found": self.known(name), "gone": ""}
        except ValueError as error:
            return {"found": None, "gone": str(error)}

    def deal(self, payload: rpc.Payload) -> rpc.Payload:
        """Deal the pictures of a quiz. {model, number} -> as `rpc.pixels`, and {tells, critic}.

        tells, critic: of how many in a hundred pairs, a real picture and a made one, the judge and the critic alone
        score the real one higher; null where it was not measured. Nothing here says which pictures are real.
        """
        request = QuizRequest.parse(payload)
        quiz = self._of(payload.get("model"), request.number)
        told = {"tells": quiz.figures.get("made"), "critic": quiz.figures.get("critic_made")}
        return rpc.pixels(quiz.pictures) | told

    def reveal(self, payload: rpc.Payload) -> rpc.Payload:
        """Say what one picture is. {model, number, at} -> {real, judge, seed}.

        judge: whether the judge takes it for real. seed: of one that is made, else null.
        """
        request = AnswerRequest.parse(payload)
        quiz = self._of(payload.get("model"), request.number)
        real = bool(quiz.real[request.at])
        return {
            "real": real,
            "judge": bool(quiz.judged[request.at]),
            "seed": None if real else int(quiz.seeds[request.at]),
        }

    def _of(self, name: object, number: int) -> Quiz:
        self.known(name)  # an unknown one may not even be hashable
        return self._quiz(str(name), number)

    def _deal(self, name: str, number: int) -> Quiz:
        model = self.registry.model(name)
        with self._limit():
            return deal(model, self._judge(name), number)

    def _load_judge(self, name: str) -> Any:
        from gan.editing.judge import load_judge  # imports torch

        head = load_judge(self.registry.model(name), self.registry.folder(name))
        if head is None:
            raise ValueError(f"{name} has no quiz, because its judge is of other weights: teach it anew")
        return head
