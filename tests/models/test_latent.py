"""`gan.models.latent`: latents of seeds, paths through them, and principal directions where these are known."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import nn

from gan.models import latent
from gan.models.latent import MAX_SEED, MODES, class_of, latents, path, principal_directions, slerp


def test_a_row_depends_on_its_seed_only():
    seeds = [5, 0, MAX_SEED, 5, 77]
    together = latents(seeds, 100)
    assert together.shape == (5, 100) and together.dtype == torch.float32
    for i, seed in enumerate(seeds):
        assert torch.equal(together[i], latents([seed], 100)[0])
    assert torch.equal(together[0], together[3])
    assert len({tuple(row[:3].tolist()) for row in together}) == 4


def test_latents_are_standard_normal():
    z = latents(range(2000), 100)
    n = z.numel()
    assert abs(z.mean()) < 4 / math.sqrt(n)
    assert abs(z.var() - 1) < 4 * math.sqrt(2 / n)
    assert abs(z.pow(4).mean() - 3) < 4 * math.sqrt(96 / n)
    # Neighbouring seeds are unrelated, and so are neighbouring entries.
    for a, b in ((z[:-1], z[1:]), (z[:, :-1], z[:, 1:])):
        assert abs((a * b).mean()) < 4 / math.sqrt(a.numel())
    column = 4 * math.sqrt(1 / 2000)
    assert z.mean(0).abs().max() < 1.3 * column


def test_latents_leave_the_global_random_state_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    latents(range(3), 8)
    class_of(4, 10)
    principal_directions(Linear(torch.eye(4)), 4, 0, samples=64)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_global_random_state_does_not_matter():
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        made.append(
            (latents([3], 8), class_of(3, 1000), principal_directions(Linear(torch.eye(4)), 4, 0, samples=64)[0])
        )
    assert torch.equal(made[0][0], made[1][0])
    assert made[0][1] == made[1][1]
    assert torch.equal(made[0][2], made[1][2])


def test_bad_seed_is_refused_with_range_and_value(subtests):
    for seed in [-1, MAX_SEED + 1, 1.0, True, "3", None]:
        message = rf"seed must be a whole number in \[0, {MAX_SEED}\], got {seed!r}"
        with subtests.test(seed=seed), pytest.raises(ValueError, match=message):
            latents([0, seed], 4)


def test_no_seeds_no_rows():
    assert latents([], 7).shape == (0, 7)


def test_class_of_is_uniform(subtests):
    for classes in [2, 10, 17]:
        with subtests.test(classes=classes):
            n = 4000
            counts = torch.bincount(torch.tensor([class_of(s, classes) for s in range(n)]), minlength=classes).double()
            assert len(counts) == classes
            chi2, freedom = ((counts - n / classes) ** 2 / (n / classes)).sum().item(), classes - 1
            assert chi2 < freedom + 4.5 * math.sqrt(2 * freedom)
            assert class_of(5, 1) == 0


def test_class_of_is_independent_of_the_latent():
    seeds, k = range(4000), 10
    label = torch.tensor([class_of(s, k) for s in seeds])
    z = latents(seeds, 16)
    # Class means of each entry: with independence n_k mean² is chi-square with one degree of freedom.
    total = sum((label == c).sum() * z[label == c].mean(0).square() for c in range(k))
    freedom = k * 16
    assert total.sum().item() < freedom + 4.5 * math.sqrt(2 * freedom)
    # The class is not a function of the latent's own stream either.
    own = torch.tensor([int(torch.randint(k, (), generator=torch.Generator().manual_seed(s))) for s in seeds])
    assert (own == label).float().mean() < 0.1 + 4.5 * math.sqrt(0.09 / len(seeds))


def test_slerp_midpoint_of_orthogonal_vectors():
    a, b = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 5.0]])
    middle = slerp(a, b, torch.tensor([0.5]))
    torch.testing.assert_close(middle, torch.tensor([[4 / math.sqrt(2), 4 / math.sqrt(2)]]))
    third = slerp(a, b, torch.tensor([1 / 3]))
    length = 3 + 2 / 3
    torch.testing.assert_close(third, length * torch.tensor([[math.cos(math.pi / 6), math.sin(math.pi / 6)]]))


def test_slerp_ends_lengths_and_plane():
    torch.manual_seed(0)
    a, b = torch.randn(200, 32) * 3, torch.randn(200, 32)
    torch.testing.assert_close(slerp(a, b, torch.zeros(200)), a, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(slerp(a, b, torch.ones(200)), b, atol=1e-5, rtol=1e-5)
    t = torch.rand(200)
    c = slerp(a, b, t)
    torch.testing.assert_close(c.norm(dim=1), torch.lerp(a.norm(dim=1), b.norm(dim=1), t), rtol=1e-4, atol=1e-5)

    def angle(u, v):
        return torch.cosine_similarity(u, v).clamp(-1, 1).acos()

    torch.testing.assert_close(angle(a, c), t * angle(a, b), rtol=1e-3, atol=2e-3)
    torch.testing.assert_close(angle(c, b), (1 - t) * angle(a, b), rtol=1e-3, atol=2e-3)
    torch.testing.assert_close(slerp(b, a, 1 - t), c, rtol=1e-4, atol=1e-4)


def test_slerp_takes_the_straight_line_where_there_is_no_angle(subtests):
    for kind, a, b in [
        ("parallel", [1.0, 2.0], [2.0, 4.0]),
        ("opposite", [1.0, 2.0], [-1.0, -2.0]),
        ("zero", [0.0, 0.0], [0.0, 0.0]),
        ("same", [1.0, 1.0], [1.0, 1.0]),
    ]:
        with subtests.test(kind):
            a, b, t = torch.tensor([a]), torch.tensor([b]), torch.tensor([0.25])
            torch.testing.assert_close(slerp(a, b, t), 0.75 * a + 0.25 * b)


def test_slerp_from_zero_is_finite():
    out = slerp(torch.zeros(1, 3), torch.ones(1, 3), torch.tensor([0.5]))
    assert out.isfinite().all()
    assert slerp(torch.zeros(1, 3), torch.ones(1, 3), torch.tensor([1.0])).allclose(torch.ones(1, 3))


def test_path_without_loop_meets_every_keyframe(subtests):
    for mode in MODES:
        with subtests.test(mode=mode):
            keys = latents(range(4), 20)
            points = path(keys, 31, mode)
            assert points.shape == (31, 20)
            torch.testing.assert_close(points[::10], keys, atol=1e-5, rtol=1e-5)


def test_path_with_loop_stops_one_frame_short_of_the_start(subtests):
    for mode in MODES:
        with subtests.test(mode=mode):
            keys = nn.functional.normalize(latents(range(4), 20))
            points = path(keys, 40, mode, loop=True)
            torch.testing.assert_close(points[::10], keys, atol=1e-5, rtol=1e-5)
            # The step from the last frame to the first is a step like the others of its segment.
            steps = (torch.roll(points, -1, 0) - points).norm(dim=1)[30:]
            torch.testing.assert_close(steps, steps[:1].expand(10), rtol=1e-3, atol=0)


def test_lerp_path_in_closed_form():
    keys = torch.tensor([[0.0, 0.0], [4.0, 8.0]])
    assert path(keys, 5, "lerp").tolist() == [[0, 0], [1, 2], [2, 4], [3, 6], [4, 8]]
    assert path(keys, 4, "lerp", loop=True).tolist() == [[0, 0], [2, 4], [4, 8], [2, 4]]
    # Five frames over three keyframes: segments share them evenly.
    keys = torch.tensor([[0.0], [1.0], [3.0]])
    assert path(keys, 5, "lerp").flatten().tolist() == [0, 0.5, 1, 2, 3]


def test_one_frame_is_the_first_keyframe(subtests):
    for count, mode, loop in product([1, 2, 3], MODES, [False, True]):
        with subtests.test(count=count, mode=mode, loop=loop):
            keys = latents(range(count), 6)
            torch.testing.assert_close(path(keys, 1, mode, loop), keys[:1])


def test_one_keyframe_is_a_still(subtests):
    for loop in [False, True]:
        with subtests.test(loop=loop):
            key = latents([9], 6)
            torch.testing.assert_close(path(key, 7, "slerp", loop), key.expand(7, -1))


def test_slerp_paths_keep_the_length_of_gaussian_latents(subtests):
    for frames, count in [(2, 5), (100, 3), (7, 7), (1000, 2)]:
        with subtests.test(frames=frames, count=count):
            points = path(latents(range(count), 256), frames)
            assert points.isfinite().all()
            assert points.norm(dim=1).min() > 0.85 * 16


def test_bad_path_arguments_are_refused():
    keys = latents([0, 1], 4)
    with pytest.raises(ValueError, match="mode must be one of slerp, lerp, got 'cubic'"):
        path(keys, 3, "cubic")
    with pytest.raises(ValueError, match=r"frames must be a whole number in \[1, 100000\], got 0"):
        path(keys, 0)


class Linear(nn.Module):
    """features = z A (+ an offset a class): its principal components are A's singular vectors."""

    def __init__(self, a: torch.Tensor, offsets: torch.Tensor | None = None) -> None:
        super().__init__()
        self.a = nn.Parameter(a)
        self.offsets = offsets

    def features(self, z, y=None):
        out = z @ self.a
        return out if self.offsets is None else out + y @ self.offsets


def known(z_dim: int = 12, width: int = 40) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(A, its left singular vectors as rows, its singular values), well apart."""
    torch.manual_seed(7)
    u, _ = torch.linalg.qr(torch.randn(z_dim, z_dim))
    v, _ = torch.linalg.qr(torch.randn(width, z_dim))
    s = 10 * 0.6 ** torch.arange(z_dim)
    return u * s @ v.T, u.T, s


def test_known_principal_directions_are_recovered():
    a, u, s = known()
    directions, variance = principal_directions(Linear(a), 12, 0, count=5, samples=16384)
    assert directions.shape == (5, 12) and variance.shape == (5,)
    cosine = torch.cosine_similarity(directions, u[:5]).abs()
    assert cosine.min() > 0.99
    torch.testing.assert_close(directions.norm(dim=1), torch.ones(5), atol=0.03, rtol=0)
    torch.testing.assert_close(variance, (s.square() / s.square().sum())[:5], rtol=0.05, atol=1e-4)


def test_adding_a_direction_moves_the_features_by_one_standard_deviation():
    a, _, s = known()
    generator = Linear(a)
    directions, _ = principal_directions(generator, 12, 0, count=4, samples=16384)
    z = latents(range(4), 12)
    moved = (generator.features(z + directions) - generator.features(z)).norm(dim=1)
    torch.testing.assert_close(moved, s[:4], rtol=0.05, atol=0)


def test_classes_do_not_become_directions():
    a, u, _ = known()
    offsets = 100 * torch.randn(3, 40)
    directions, variance = principal_directions(Linear(a, offsets), 12, 3, count=3, samples=16384)
    assert torch.cosine_similarity(directions, u[:3]).abs().min() > 0.99
    assert variance.sum() > 0.9


def test_directions_are_deterministic_descending_and_of_fixed_sign(subtests):
    for classes in [0, 3]:
        with subtests.test(classes=classes):
            a, _, _ = known()
            offsets = torch.randn(3, 40) if classes else None
            net = Linear(a, offsets)
            made = [principal_directions(net, 12, classes, count=8, samples=2048, batch=b) for b in (512, 512, 300)]
            assert torch.equal(made[0][0], made[1][0]) and torch.equal(made[0][1], made[1][1])
            torch.testing.assert_close(made[0][0], made[2][0], atol=1e-3, rtol=1e-3)
            directions, variance = made[0]
            assert (variance.diff() <= 0).all() and variance.min() >= 0 and variance.sum() <= 1.0001
            assert (directions.gather(1, directions.abs().argmax(1, keepdim=True)) > 0).all()


def test_count_is_cut_to_what_there_is(subtests):
    for z_dim, width, expected in [(3, 40, 3), (12, 5, 5), (40, 40, 16)]:
        with subtests.test(z_dim=z_dim, width=width, expected=expected):
            torch.manual_seed(0)
            directions, variance = principal_directions(Linear(torch.randn(z_dim, width)), z_dim, 0, samples=256)
            assert directions.shape == (expected, z_dim)
            assert variance.shape == (expected,)
            assert directions.isfinite().all()


def test_directions_record_no_gradient():
    directions, _ = principal_directions(Linear(torch.eye(4)), 4, 0, samples=64)
    assert not directions.requires_grad


def test_the_svd_is_torchs_own_without_the_processs_generator(subtests):
    for shape in [(300, 40), (40, 300), (24, 24)]:
        with subtests.test(shape=shape):
            a, before = torch.randn(shape, generator=torch.Generator().manual_seed(1)), torch.get_rng_state()
            singular, right = latent._randomized_svd(a, 20)
            assert torch.get_rng_state().equal(before)
            torch.manual_seed(0)
            _, expected, components = torch.svd_lowrank(a, q=20, niter=4)
            assert torch.allclose(singular, expected, rtol=1e-5) and torch.allclose(right, components, atol=1e-4)
