"""`OBJECTIVES`: what ties a translation to its picture. A new one is a class and a line in the dict.

Each is a `Game`: set A is translated to B, `batch.z` is of A and `batch.real` of B. Every loss and penalty serves.
`batch.y` are conditions of B's pictures, None without; translations to B are told those of the one beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.config import Config
from gan.training.step import Batch, Game, Match, Players, ReadsAttributes

TEMPERATURE = 0.07  # of contrast


class Objective(Game, Protocol):
    """A game of translation.

    customary: settings of its paper, which a command line that names it gets too, unless it says otherwise. parts:
    of the networks, see `gan.networks.translation`. paired: whether row i of B in a batch is what row i of A becomes.
    """

    customary: Mapping[str, Any]
    parts: tuple[str, ...]
    paired: bool

    def __init__(self, config: Config) -> None: ...


class Cycle:
    """CycleGAN: there and back again is the same picture (arXiv:1703.10593, equations 2 and 3; identity: section 5.2).

    Both directions. A translation goes back with noise on it: without, the cycle learns to hide the picture in a faint
    pattern, and the translation need not look like it (arXiv:1712.02950).
    """

    customary: Mapping[str, Any] = {"content": 10.0, "identity": 2.0}
    parts: tuple[str, ...] = ("back",)
    paired = False
    returns: tuple[str, ...] = ("a", "b")  # the sides whose pictures have to come back

    def __init__(self, config: Config) -> None:
        self.content, self.identity, self.change = config.content, config.identity, config.change
        self.noise = config.cycle_noise / 127.5

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return translations to B beside B, and translations to A beside A."""
        a, b = batch.z, batch.real
        return _match(p, "b", b, p.generator(a, "b", batch.y), batch.y), _match(p, "a", a, p.generator(b, "a"))

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return the same, and the distances of both ways back, of what should have stayed, and of the changes."""
        a, b = batch.z, batch.real
        to_b, same_b = _translate(p, a, b, "b", self.identity, batch.y)
        to_a, same_a = _translate(p, b, a, "a", self.identity)
        noise = torch.zeros(2, device=a.device) if batch.noise is None else self.noise * batch.noise
        back = _distance(p.generator(to_a + noise[1], "b", batch.y), b)
        if "a" in self.returns:
            back = back + _distance(p.generator(to_b + noise[0], "a"), a)
        changed = _distance(to_b, a) + _distance(to_a, b)
        content = self.content * back + self.identity * (same_b + same_a) + self.change * changed
        return (_match(p, "b", b, to_b, batch.y), _match(p, "a", a, to_a)), content


class Removal(Cycle):
    """A cycle for sets of which A has what B lacks, such as beards: only pictures of B have to come back.

    What is taken from a picture of A cannot be found again, so asking for it keeps it from being taken. What is given
    to one of B can be taken away again: those are pairs that the translator learns from. After PairedCycleGAN's
    asymmetric style transfer (CVPR 2018, section 3.2), without its examples.
    """

    returns = ("b",)


class Contrastive:
    """CUT: each place of a translation is told from the others by the same place of its picture (arXiv:2007.15651).

    One direction, half of a cycle's cost. Equation 3, over all places of the two smallest feature maps of the
    translator's way down (16 x 16 and 8 x 8 of 32 and 64 pixels); the same of B's own pictures instead of an identity.
    """

    customary: Mapping[str, Any] = {"content": 1.0, "identity": 1.0}
    parts: tuple[str, ...] = ("heads",)
    paired = False

    def __init__(self, config: Config) -> None:
        self.content, self.identity, self.change = config.content, config.identity, config.change

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return translations to B beside B."""
        return (_match(p, "b", batch.real, p.generator(batch.z, "b", batch.y), batch.y),)

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return the same, and how badly places are told apart."""
        to_b = p.generator(batch.z, "b", batch.y)
        content = self.content * self._contrast(p, batch.z, to_b, batch.y) + self.change * _distance(to_b, batch.z)
        if self.identity:
            kept = p.generator(batch.real, "b", batch.y)
            content = content + self.identity * self._contrast(p, batch.real, kept, batch.y)
        return (_match(p, "b", batch.real, to_b, batch.y),), content

    def _contrast(self, p: Players, before: Tensor, after: Tensor, y: Tensor | None) -> Tensor:
        with torch.no_grad():
            wanted = _embed(p, before, y)
        terms = []
        for query, key in zip(_embed(p, after, y), wanted, strict=True):
            logits = query @ key.transpose(1, 2) / TEMPERATURE
            here = torch.arange(logits.shape[1], device=logits.device).expand(len(logits), -1)
            terms.append(F.cross_entropy(logits.transpose(1, 2).float(), here))
        return torch.stack(terms).mean()


class Paired:
    """pix2pix: the other one of the pair, by L1 and by a critic that sees both (arXiv:1611.07004, equation 4).

    One direction. The paper's weight of L1 is 100, beside a critic (discriminator) of patches. Here some places may
    count more than others, as a batch's `emphasis` says.
    """

    customary: Mapping[str, Any] = {"content": 10.0, "identity": 0.0}
    parts: tuple[str, ...] = ("pairs",)
    paired = True

    def __init__(self, config: Config) -> None:
        self.content, self.identity, self.change = config.content, config.identity, config.change

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return pictures of A with their translations, beside pairs."""
        return (self._match(p, batch, p.generator(batch.z, "b", batch.y)),)

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return the same, and the distance to the other one of the pair."""
        to_b, same_b = _translate(p, batch.z, batch.real, "b", self.identity, batch.y)
        content = self.content * _distance(to_b, batch.real, batch.emphasis) + self.identity * same_b
        return (self._match(p, batch, to_b),), content + self.change * _distance(to_b, batch.z)

    def _match(self, p: Players, batch: Batch, to_b: Tensor) -> Match:
        real, fake = (torch.cat([batch.z, picture], 1) for picture in (batch.real, to_b))
        return _match(p, "b", real, fake, batch.y)


class Reading:
    """A translation by another's rules, whose translations to B must be read as they should be, too.

    A reader beside the critics (discriminators) learns the attributes of real pictures, of B and, where they are known,
    of A; misreading counts `weight` times its mean squared error (arXiv:1610.09585).
    """

    def __init__(self, game: Game, weight: float) -> None:
        self.game, self.weight = game, weight

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return what the other's rules compare; the critic of B learns to read besides."""
        first, *others = self.game.matches(p, batch)

        def besides() -> Tensor:
            with p.autocast:  # which cannot be entered twice
                of_b = self._misread(p, batch.real, batch.conditions)
                return of_b if batch.before is None else of_b + self._misread(p, batch.z, batch.before)

        return (first._replace(besides=besides), *others)

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return the same, what the translation should keep, and by how much it is misread."""
        matches, content = self.game.play(p, batch)
        made = matches[0].fake[:, -batch.real.shape[1] :]  # which may stand beside the picture of A
        misread = self._misread(p, made, batch.wished)
        return matches, misread if content is None else content + misread

    def _misread(self, p: Players, pictures: Tensor, wanted: Tensor | None) -> Tensor:
        assert wanted is not None
        read = cast(ReadsAttributes, p.critic).read(pictures).float()
        return self.weight * (read - wanted).square().mean()


OBJECTIVES: dict[str, type[Objective]] = {
    "cycle": Cycle,
    "removal": Removal,
    "contrastive": Contrastive,
    "paired": Paired,
}


def _match(p: Players, side: str, real: Tensor, fake: Tensor, y: Tensor | None = None) -> Match:
    return Match(partial(_judge, p, side), real, fake, y)


def _judge(p: Players, side: str, pictures: Tensor, y: Tensor | None) -> Tensor:
    return p.critic(pictures, side, y)


def _embed(p: Players, pictures: Tensor, y: Tensor | None) -> list[Tensor]:
    # mypy takes a module's attributes for tensors or modules.
    return cast(Callable[[Tensor, Tensor | None], list[Tensor]], p.generator.embed)(pictures, y)


def _translate(
    p: Players, pictures: Tensor, own: Tensor, to: str, identity: float, y: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return translations of pictures, and how far the side's own pictures are from staying as they are."""
    if not identity:
        return p.generator(pictures, to, y), torch.zeros((), device=own.device)
    told = None if y is None else torch.cat([y, y])
    translated, kept = p.generator(torch.cat([pictures, own]), to, told).chunk(2)
    return translated, _distance(kept, own)


def _distance(a: Tensor, b: Tensor, emphasis: Tensor | None = None) -> Tensor:
    apart = (a - b).abs()
    return (apart if emphasis is None else apart * emphasis).mean()
