"""The reference of `mlp` against torch's own modules, scikit-learn's data, and files in the format of Fashion-MNIST."""

import gzip
import math
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris

from reference import mlp as ref

ROOT = Path(__file__).parents[2]
IRIS = load_iris()


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def flowers() -> tuple[torch.Tensor, ...]:
    return ref.split(IRIS.data, IRIS.target, 43052)


# ----------------------------------------------------------------------------------------------------------- the network


def test_parameters_and_buffers():
    tensors, numbers, entries = ref.count(ref.Net())
    assert (tensors, numbers) == (16, 12003)
    assert entries == 16 + 3 * 3  # a running mean, a running variance and a counter for each batch norm


def test_net_is_the_same_as_a_sequential():
    torch.manual_seed(1)
    net = ref.Net()
    as_one = torch.nn.Sequential(
        net.l1, net.bn1, net.act, net.l2, net.bn2, net.act, net.l3, net.bn3, net.act, net.l4, net.act, net.l5
    )
    x = torch.randn(9, 4)
    for mode in (True, False):
        torch.testing.assert_close(net.train(mode)(x), as_one.train(mode)(x))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 9), st.integers(2, 5), st.integers(0, 10**6))
def test_bias_gradient_is_autograds(rows, classes, seed):
    torch.manual_seed(seed)
    inputs, y, bias = torch.randn(rows, classes), torch.randint(classes, (rows,)), torch.zeros(classes, requires_grad=True)
    torch.nn.functional.cross_entropy(inputs + bias, y).backward()
    torch.testing.assert_close(ref.bias_gradient(inputs, y), bias.grad, atol=1e-6, rtol=1e-5)
    assert float(bias.grad.sum()) == pytest.approx(0, abs=1e-6)


def test_one_batch_and_the_states_of_a_gradient():
    torch.manual_seed(5)
    x, y = torch.randn(4, 4), torch.tensor([1, 0, 2, 0])
    net, criterion, output, loss, before, after = ref.one_batch(x, y)
    assert before is None
    assert loss.item() == pytest.approx(torch.nn.functional.cross_entropy(output, y).item())
    torch.testing.assert_close(after, ref.bias_gradient(output.detach(), y))
    net.zero_grad()
    first, computed, zeros, last = ref.gradient_states(net, criterion, x, y)
    assert first is None
    assert last is None
    torch.testing.assert_close(computed, after)
    assert zeros.tolist() == [0, 0, 0]


# ------------------------------------------------------------------------------------------------------------------ iris


def test_split_holds_out_a_quarter_and_loses_nobody(flowers):
    x_train, x_test, y_train, y_test = flowers
    assert [len(part) for part in flowers] == [112, 38, 112, 38]
    assert (x_train.dtype, y_test.dtype) == (torch.float32, torch.int64)
    rows = torch.cat([torch.cat([x_train, x_test]), torch.cat([y_train, y_test])[:, None]], dim=1).tolist()
    assert sorted(rows) == sorted(torch.tensor(np.column_stack([IRIS.data, IRIS.target])).float().tolist())
    again = ref.split(IRIS.data, IRIS.target, 43052)
    assert all(torch.equal(one, other) for one, other in zip(flowers, again, strict=True))


def test_batches_are_shuffled_and_complete(flowers):
    x_train, _, y_train, _ = flowers
    loader = ref.make_loader(x_train, y_train, 5)
    torch.manual_seed(0)
    epochs = [list(loader) for _ in range(2)]
    assert [len(x) for x, _ in epochs[0]] == [5] * 22 + [2]
    first, second = (torch.cat([x for x, _ in batches]) for batches in epochs)
    assert not torch.equal(first, second)
    assert sorted(first.tolist()) == sorted(second.tolist()) == sorted(x_train.tolist())


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 10**6))
def test_read_off_is_the_largest_and_its_place(rows, classes, seed):
    output = torch.randn(rows, classes, generator=torch.Generator().manual_seed(seed))
    confidence, prediction = ref.read_off(output)
    assert torch.equal(confidence, output.amax(dim=1))
    assert torch.equal(prediction, output.argmax(dim=1))


def test_train_tells_the_means_of_each_epoch():
    """With a rate of 0 nothing moves, so all can be computed beside it; batches of equal size, in which the means agree."""
    x, y = torch.randn(12, 4), torch.randint(3, (12,))
    net = torch.nn.Linear(4, 3)
    losses, accures = ref.train(
        net, torch.nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0), ref.make_loader(x, y, 4), 2
    )
    assert losses == pytest.approx([torch.nn.functional.cross_entropy(net(x), y).item()] * 2, abs=1e-6)
    assert accures == [int((net(x).argmax(dim=1) == y).sum()) / 12] * 2


def test_train_is_torchs_sgd(flowers):
    x_train, _, y_train, _ = flowers
    torch.manual_seed(2)
    net, other = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)
    other.load_state_dict(net.state_dict())
    torch.manual_seed(3)
    ref.train(
        net, torch.nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1), ref.make_loader(x_train, y_train, 8), 3
    )
    torch.manual_seed(3)
    loader = ref.make_loader(x_train, y_train, 8)
    for _ in range(3):
        for x, y in loader:
            loss = torch.nn.functional.cross_entropy(other(x), y)
            for parameter, gradient in zip(other.parameters(), torch.autograd.grad(loss, list(other.parameters())), strict=True):
                parameter.data -= 0.1 * gradient
    torch.testing.assert_close(net.weight, other.weight)


def test_inference_is_of_each_flower_by_itself_and_better_than_the_lectures(flowers):
    x_train, x_test, y_train, y_test = flowers
    net = ref.better_fit(x_train, y_train)
    _, prediction = ref.infer(net, x_test)
    assert not net.training
    assert torch.equal(prediction[:1], ref.infer(net, x_test[:1])[1])
    assert int((prediction == y_test).sum()) >= 36  # the lecture: 35 of 38


# ------------------------------------------------------------------------------------------------------------ Sequential


def test_stacked_grown_and_popped():
    torch.manual_seed(4)
    model = ref.glorot_start(ref.grow([3, 2, 3, 4]))
    x = torch.randn(5, 3)
    torch.testing.assert_close(ref.stacked(model[0], model[2], model[4], x), model(x))
    kinds = [type(layer).__name__ for layer in model]
    assert kinds == ["Linear", "ReLU", "Linear", "ReLU", "Linear"]
    for layer in (model[0], model[2], model[4]):
        assert layer.bias.tolist() == [0] * len(layer.bias)
        assert layer.weight.abs().max() <= math.sqrt(6 / (layer.in_features + layer.out_features))
    assert ref.pop_last(model) == 2
    assert len(model) == 4


def test_a_third_of_new_networks_says_nothing_but_zero():
    share = sum(ref.all_zero(400)) / 400
    assert share == pytest.approx(0.34, abs=4 * math.sqrt(0.34 * 0.66 / 400))


# --------------------------------------------------------------------------------------------------------------- pictures


def idx(array: np.ndarray, *, kind: int = 8, cut: int = 0) -> bytes:
    """The format of http://yann.lecun.com/exdb/mnist: two zeros, the type, the number of axes, their lengths, the bytes."""
    content = struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    return gzip.compress(content[: len(content) - cut])


@pytest.fixture
def fashion(tmp_path: Path) -> Path:
    """A small folder as Fashion-MNIST's: the label of a picture is its first pixel."""
    draw = np.random.default_rng(0)
    for kind, n in [("train", 64), ("t10k", 20)]:
        images = draw.integers(0, 256, (n, 28, 28))
        images[:, 0, 0] = draw.integers(0, 10, n)
        (tmp_path / f"{kind}-images-idx3-ubyte.gz").write_bytes(idx(images))
        (tmp_path / f"{kind}-labels-idx1-ubyte.gz").write_bytes(idx(images[:, 0, 0]))
    return tmp_path


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4), (0, 2), (5, 1)])
def test_load_idx_reads_any_array_of_bytes(tmp_path, shape):
    array = np.arange(math.prod(shape)).reshape(shape) % 256
    (tmp_path / "a.gz").write_bytes(idx(array))
    found = ref.load_idx(tmp_path / "a.gz")
    assert found.dtype == torch.uint8
    assert found.tolist() == array.tolist()


@pytest.mark.parametrize(("how", "says"), [({"kind": 13}, "begins with 00000d"), ({"cut": 1}, "23 bytes follow")])
def test_load_idx_refuses_what_is_no_such_array(tmp_path, how, says):
    (tmp_path / "a.gz").write_bytes(idx(np.zeros((2, 3, 4)), **how))
    with pytest.raises(ValueError, match=rf"a\.gz.*{says}"):
        ref.load_idx(tmp_path / "a.gz")


def test_load_pictures_from_a_folder_and_without(fashion):
    train_images, train_labels, test_images, test_labels, names, largest = ref.load_pictures(str(fashion))
    assert (train_images.shape, test_images.shape) == ((64, 28, 28), (20, 28, 28))
    assert torch.equal(train_labels, train_images[:, 0, 0].long())
    assert test_labels.dtype == torch.int64
    assert (len(names), names[9], largest) == (10, "Ankle boot", 255)
    images, labels, held_out, _, _, largest = ref.load_pictures("")
    assert len(images) + len(held_out) == 1797
    assert images[0].shape == (8, 8)
    assert int(images.max()) == largest == 16
    assert sorted(set(labels.tolist())) == list(range(10))


def test_digits_are_learned_and_evaluated():
    images, labels, held_out, truth, _, largest = ref.load_pictures("")
    model, _, losses, accures = ref.image_fit(ref.scaled(images, largest), labels, 64, 5)
    assert losses == sorted(losses, reverse=True)
    assert accures[-1] > 0.85
    loss, accuracy = ref.evaluate(model, ref.scaled(held_out, largest), truth, 50)
    with torch.no_grad():
        logits = model(ref.scaled(held_out, largest))
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(logits, truth).item(), abs=1e-5)
    assert accuracy == pytest.approx(float((logits.argmax(dim=1) == truth).float().mean()))
    torch.testing.assert_close(ref.predict(model, ref.scaled(held_out, largest)), logits.softmax(dim=1))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reference.mlp", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_experiment_on_a_local_copy(fashion):
    done = run("--data", str(fashion), "--epochs", "2")
    assert done.returncode == 0, done.stderr
    assert "(64, 28, 28)" in done.stdout
    assert "101770 numbers to learn, 2 steps an epoch" in done.stdout
    assert done.stdout.count("epoch ") == 2
    assert "held out: loss" in done.stdout


@pytest.mark.parametrize("damage", ["no folder", "no file", "cut short", "no gzip", "empty"])
def test_the_experiment_says_what_is_wrong_with_the_copy(fashion, damage, capsys):
    file = fashion / "t10k-images-idx3-ubyte.gz"
    content = {"cut short": file.read_bytes()[:-20], "no gzip": b"<html>", "empty": gzip.compress(b"")}
    file.unlink() if damage == "no file" else file.write_bytes(content.get(damage, b""))
    with pytest.raises(SystemExit) as end:
        ref.main(["--data", str(fashion / "nowhere" if damage == "no folder" else fashion)])
    assert end.value.code == 2
    assert f"--data {fashion}" in capsys.readouterr().err


@pytest.mark.parametrize("picture", ["picture_cover", "picture_digits"])
def test_pictures_are_drawn(picture):
    assert getattr(ref, picture)().axes


@pytest.mark.slow
@pytest.mark.parametrize(
    "picture", [name for name in dir(ref) if name.startswith("picture_") and name not in ("picture_cover", "picture_digits")]
)
def test_slow_pictures_are_drawn(picture):
    assert getattr(ref, picture)().axes
