"""`gan.training.semi_supervised`: classes from few labels, and no look at the others."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from conftest import small
from torch.nn import functional as F

import gan
from gan.config import Config
from gan.data.dataset import Dataset
from gan.editing.recognise import class_logits, few_of_each, tell_classes
from gan.errors import ConfigError
from gan.presets import PRESETS
from gan.training.loop import train
from gan.training.trainer import Trainer
from gan.training.validation import prepare

RECIPE = {"network": "light", "loss": "nonsaturating", "penalty": "none", "labels": 3, "precision": "fp32"}


def bars(count: int = 120, seed: int = 0) -> Dataset:
    """Return noisy pictures with a bar at the left, in the middle or at the right."""
    source = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 60, (count, 1, 28, 28), generator=source, dtype=torch.uint8)
    labels = torch.arange(count) % 3
    for image, label in zip(images, labels.tolist(), strict=True):
        image[0, :, 4 + 8 * label : 9 + 8 * label] = 220
    return Dataset("bars", images, labels, ("left", "middle", "right"))


def trainer(data: Dataset, **changes) -> Trainer:
    return Trainer(*prepare(small(**RECIPE, dataset="bars", **changes), dataset=data))


def test_only_the_labels_that_the_seed_chooses_are_read():
    data = bars()
    chosen = few_of_each(data.labels, 3, seed=5)
    first = trainer(data, seed=5)
    assert first.config.read_classes == data.classes and first.config.classes == () and first.class_weights is None
    rows, labels = first.batches.labelled
    assert torch.equal(rows, chosen) and torch.equal(labels, data.labels[chosen])
    (part,) = first._draw(torch.Generator().manual_seed(0))
    pictures, wanted = part.labelled
    known = {image.tobytes(): int(label) for image, label in zip(data.images[chosen].numpy(), labels, strict=True)}
    seen = pictures.add(1).mul(127.5).round().to(torch.uint8).numpy()
    assert [known[image.tobytes()] for image in seen] == wanted.tolist() and part.y is None

    # With every other label wrong, the same run, bit for bit.
    wrong = (data.labels + 1) % 3
    wrong[chosen] = data.labels[chosen]
    twins = [trainer(dataclasses.replace(data, labels=told), seed=5) for told in (data.labels, wrong)]
    if not torch.equal(few_of_each(wrong, 3, seed=5), chosen):
        for twin in twins:
            twin.batches.labelled = rows, labels
    for _ in range(3):
        results = [twin.advance() for twin in twins]
    assert results[0][0].critic_loss == results[1][0].critic_loss
    for a, b in zip(twins[0].critic.parameters(), twins[1].critic.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_step_minimises_what_the_paper_says():
    one = trainer(bars())
    one.critic.eval(), one.generator.eval()
    source = torch.Generator().manual_seed(1)
    (batch,) = one._draw(source)
    pictures, wanted = batch.labelled
    with torch.no_grad():
        fake = one.generator(batch.z)
        real, made = (class_logits(one.critic, x).logsumexp(1) for x in (batch.real, fake))
        labelled = F.cross_entropy(class_logits(one.critic, pictures), wanted)
        # log of the share that the generated class does not take, its logit being 0
        expected = labelled - real.sigmoid().log().mean() - (1 - made.sigmoid()).log().mean()
        gap = one.critic.features(fake).mean(0) - one.critic.features(batch.real).mean(0)
    (match,) = one.players.game.matches(one.players, batch)
    loss = one.players.loss.critic(match.critic(match.real, None), match.critic(match.fake, None)) + match.besides()
    torch.testing.assert_close(loss.detach(), expected)
    assert torch.equal(one.critic(batch.real), class_logits(one.critic, batch.real).logsumexp(1))
    matches, content = one.players.game.play(one.players, batch)
    assert matches == () and content.detach() == pytest.approx(float(gap.square().mean()), rel=1e-5)


def test_classes_are_learnt_from_three_of_each_and_told_by_the_model(tmp_path, monkeypatch):
    data, others = bars(), bars(60, seed=1)
    config = small(**RECIPE, dataset="bars", images=1200, learning_rate=2e-3, beta1=0.5)
    monkeypatch.setattr("gan.data.load", lambda *given, **rest: data)
    list(train(config, tmp_path / "bars"))
    model = gan.load(tmp_path / "bars", "cpu")
    told = tell_classes(model, others.images)
    assert told.shape == (60, 3) and torch.allclose(told.sum(1), torch.ones(60), atol=1e-5)
    assert (told.argmax(1) == others.labels).float().mean() > 0.9
    assert model.classes == () and model.sample([1]).shape == (1, 28, 28, 1)


def test_what_cannot_learn_classes_is_refused_with_the_cure():
    with pytest.raises(ConfigError, match="labels must be at most 40, the pictures of the rarest class, got 41"):
        prepare(small(**{**RECIPE, "labels": 41}, dataset="bars"), dataset=bars())
    bare = dataclasses.replace(bars(), labels=torch.zeros(120, dtype=torch.int64), classes=())
    with pytest.raises(ConfigError, match="bars has none such: set it to 0"):
        trainer(bare)
    for changes, words in (({"network": "resnet"}, "set network to light"), ({"loss": "relativistic"}, "set nonsat")):
        with pytest.raises(ConfigError, match=words):
            prepare(small(**{**RECIPE, **changes}))
    assert Config(**PRESETS["few-labels"]).labels == 10
