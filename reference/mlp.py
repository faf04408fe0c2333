"""Lecture 001, third part: a network of five layers learns flowers, and one of two layers learns pictures.

The first has batch norms and is trained on iris in batches of four; then comes what Keras calls a Sequential, in torch, and with
it the classifier 784-128-10 for Fashion-MNIST. Nothing is downloaded: the pictures are scikit-learn's digits (8 x 8, 64 inputs),
or those of a local copy of Fashion-MNIST,

    python -m reference.mlp --data FOLDER

which needs its four .gz files. N is the number of examples, C that of the classes. Where a network is made, the seed is set
first.
"""
# ruff: noqa: RET504  a stub returns what students make of x

import argparse
import gzip
import math
import struct
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, TensorDataset

# ------------------------------------------------------------------------------------------------------- 1  five layers


class Net(torch.nn.Module):
    """4 numbers in, 3 logits out, by 128, 64, 32 and 16 hidden nodes.  x: (N, 4). Returns (N, 3)."""

    def __init__(self) -> None:
        super().__init__()
        # blank: the layers l1 to l5, then bn1 to bn3, then act, made in this order
        self.l1 = torch.nn.Linear(4, 128)
        self.l2 = torch.nn.Linear(128, 64)
        self.l3 = torch.nn.Linear(64, 32)
        self.l4 = torch.nn.Linear(32, 16)
        self.l5 = torch.nn.Linear(16, 3)
        self.bn1 = torch.nn.BatchNorm1d(128)
        self.bn2 = torch.nn.BatchNorm1d(64)
        self.bn3 = torch.nn.BatchNorm1d(32)
        self.act = torch.nn.ReLU()
        # end blank

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # blank: the way from the four numbers to the three logits
        x = self.act(self.bn1(self.l1(x)))
        x = self.act(self.bn2(self.l2(x)))
        x = self.act(self.bn3(self.l3(x)))
        x = self.act(self.l4(x))
        x = self.l5(x)
        # end blank
        return x


def one_batch(
    x: torch.Tensor, y: torch.Tensor
) -> tuple[torch.nn.Module, torch.nn.Module, torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
    """A new net, its loss on one batch, and the gradient of l5's bias before and after backward().  x: (4, 4), y: (4,)."""
    torch.manual_seed(43052)
    net = Net()
    criterion = torch.nn.CrossEntropyLoss()
    output = net(x)
    loss = criterion(output, y)
    net.zero_grad()
    grad_before = net.l5.bias.grad
    loss.backward()
    grad_after = net.l5.bias.grad
    return net, criterion, output, loss, grad_before, grad_after


def bias_gradient(output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The gradient of the cross entropy of a batch by the last layer's bias, without autograd.  output: (N, C), y: (N,). (C,)."""
    truth = torch.nn.functional.one_hot(y, output.shape[1])
    return (torch.softmax(output, dim=1) - truth).mean(dim=0)


def gradient_states(
    net: torch.nn.Module, criterion: torch.nn.Module, x: torch.Tensor, y: torch.Tensor
) -> list[torch.Tensor | None]:
    """What net.l5.bias.grad is at four moments: at first, after backward(), filled with zeros, and cleared by zero_grad().

    x: (N, 4), y: (N,). The net is a new one. No later moment changes an entry of the list.
    """
    first = net.l5.bias.grad
    criterion(net(x), y).backward()
    computed = net.l5.bias.grad.clone()
    net.zero_grad(set_to_none=False)
    zeros = net.l5.bias.grad
    net.zero_grad()
    return [first, computed, zeros, net.l5.bias.grad]


def count(net: torch.nn.Module) -> tuple[int, int, int]:
    """The number of tensors in net.parameters(), the number of numbers in them, and that of the entries of net.state_dict()."""
    parameters = list(net.parameters())
    return len(parameters), sum(p.numel() for p in parameters), len(net.state_dict())


# -------------------------------------------------------------------------------------------------------------- 2  iris

broken_lines = [1, 3, 6, 8, 11, 15]


def summary(data: np.ndarray, label: np.ndarray) -> np.ndarray:
    """For each column of data: minimum, maximum, mean, standard deviation, correlation with the label.

    data: (N, A), label: (N,). Returns (A, 5). The standard deviation divides by N.
    """
    correlation = [np.corrcoef(column, label)[0, 1] for column in data.T]
    return np.stack([data.min(axis=0), data.max(axis=0), data.mean(axis=0), data.std(axis=0), correlation], axis=1)


def split(data: np.ndarray, label: np.ndarray, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A quarter of the examples, drawn with the seed, is held out.  data: (N, A), label: (N,).

    Returns x_train, x_test, y_train, y_test: float32 for x, int64 for y.
    """
    x_train, x_test, y_train, y_test = train_test_split(data, label, test_size=0.25, random_state=seed)
    return (
        torch.from_numpy(x_train).float(),
        torch.from_numpy(x_test).float(),
        torch.from_numpy(y_train).long(),
        torch.from_numpy(y_test).long(),
    )


def make_loader(x: torch.Tensor, y: torch.Tensor, batch_size: int) -> DataLoader:
    """Batches (x, y) of batch_size examples, shuffled anew in each epoch; the last one may be smaller.  x: (N, ...), y: (N,)."""
    return DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True)


# ---------------------------------------------------------------------------------------------------------- 3  training


def read_off(output: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each row the largest number, and the column in which it stands.  output: (N, C). confidence, prediction: (N,)."""
    confidence, prediction = torch.max(output, dim=1)
    return confidence, prediction


def train(
    net: torch.nn.Module, criterion: torch.nn.Module, optimizer: torch.optim.Optimizer, train_loader: DataLoader, epochs: int
) -> tuple[list[float], list[float]]:
    """Train in batches.  train_loader gives x: (n, ...), y: (n,), and net(x): (n, C).

    Returns for each epoch the mean of its batches' losses, and the share of its examples that were predicted rightly.
    """
    losses, accures = [], []
    for _epoch in range(epochs):
        net.train()
        epoch_loss, epoch_accur = 0.0, 0.0
        # blank: all batches of one epoch; then epoch_loss and epoch_accur are what the docstring says
        for x, y in train_loader:
            optimizer.zero_grad()
            output = net(x)
            loss = criterion(output, y)
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
            epoch_accur += (output.argmax(dim=1) == y).sum().item()
        epoch_loss /= len(train_loader)
        epoch_accur /= len(train_loader.dataset)
        # end blank
        losses.append(epoch_loss)
        accures.append(epoch_accur)
    return losses, accures


def iris_fit(
    train_loader: DataLoader, criterion: torch.nn.Module, lr: float, epochs: int
) -> tuple[torch.nn.Module, torch.optim.Optimizer, list[float], list[float]]:
    """The lecture's training: a new net from the seed 43052, SGD."""
    torch.manual_seed(43052)
    iris_net = Net()
    optimizer = torch.optim.SGD(iris_net.parameters(), lr=lr)
    losses, accures = train(iris_net, criterion, optimizer, train_loader, epochs)
    return iris_net, optimizer, losses, accures


def curves(losses: Sequence[float], accures: Sequence[float]) -> Figure:
    """Draw the losses and the accuracies over the epochs, side by side."""
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 2.5))
    left.plot(losses)
    left.set(title="loss", xlabel="epochs")
    right.plot(accures)
    right.set(title="accuracy", xlabel="epochs")
    return fig


# --------------------------------------------------------------------------------------------------------- 4  inference


def infer(net: torch.nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What a trained network says about new examples, each for itself, without gradients.  x: (N, ...).

    confidence, prediction: (N,), the largest logit and its class.
    """
    net.eval()
    with torch.no_grad():
        output = net(x)
    return read_off(output)


def luck(
    x_train: torch.Tensor,
    y_train: torch.Tensor,
    x_test: torch.Tensor,
    y_test: torch.Tensor,
    lr: float,
    epochs: int,
    seeds: int,
) -> list[int]:
    """The lecture's training from the seeds 0, 1, 2, ...: how many of the held-out flowers each of the networks gets right."""
    right = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        net = Net()
        train(
            net,
            torch.nn.CrossEntropyLoss(),
            torch.optim.SGD(net.parameters(), lr=lr),
            make_loader(x_train, y_train, 4),
            epochs,
        )
        _, prediction = infer(net, x_test)
        right.append(int((prediction == y_test).sum()))
    return right


def better_fit(x_train: torch.Tensor, y_train: torch.Tensor) -> torch.nn.Module:
    """A network that is trained well.  x_train: (N, 4), y_train: (N,). It takes (N, 4) and gives logits, (N, 3)."""
    torch.manual_seed(43052)
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
    train(net, torch.nn.CrossEntropyLoss(), optimizer, make_loader(x_train, y_train, 8), 50)
    return net


# -------------------------------------------------------------------------------------------------------- 5  Sequential


def stacked(layer1: torch.nn.Module, layer2: torch.nn.Module, layer3: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Three layers one after the other, with a ReLU after the first and the second.  x: (N, in). Returns (N, out)."""
    x = torch.relu(layer1(x))
    x = torch.relu(layer2(x))
    return layer3(x)


def grow(widths: Sequence[int]) -> torch.nn.Sequential:
    """A Sequential of Linear layers, widths[0] -> widths[1] -> ..., with a ReLU after each but the last."""
    model = torch.nn.Sequential()
    for before, after in pairwise(widths[:-1]):
        model.append(torch.nn.Linear(before, after))
        model.append(torch.nn.ReLU())
    model.append(torch.nn.Linear(widths[-2], widths[-1]))
    return model


def pop_last(model: torch.nn.Sequential) -> int:
    """Take the last module out of the model itself. Returns the number of Linear layers that are left."""
    model.pop(-1)
    return sum(isinstance(layer, torch.nn.Linear) for layer in model)


def glorot_start(model: torch.nn.Sequential) -> torch.nn.Sequential:
    """Begin as Keras does: each Linear's weights from U(-a, a) with a = sqrt(6 / (in + out)), its biases 0. Returns the model."""
    for layer in model:
        if isinstance(layer, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
    return model


def all_zero(times: int) -> list[bool]:
    """For each of the seeds 0, 1, 2, ...: does a new network 3-2-3-4 that begins as in Keras answer ones with zeros only?"""
    found = []
    for seed in range(times):
        torch.manual_seed(seed)
        model = glorot_start(grow([3, 2, 3, 4]))
        found.append(bool((model(torch.ones(3, 3)) == 0).all()))
    return found


# ---------------------------------------------------------------------------------------------------------- 6  pictures


def load_idx(path: str | Path) -> torch.Tensor:
    """The array of bytes in a .gz file of the IDX format, as uint8, in its shape. Any other file of its kind is a ValueError."""
    with gzip.open(path) as file:
        content = file.read()
    zeros, kind, axes = struct.unpack(">HBB", content[:4])
    if zeros != 0 or kind != 8:
        raise ValueError(f"{path} holds no IDX array of bytes: it begins with {content[:4].hex()}")
    start = 4 + 4 * axes
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) - start != math.prod(shape):
        raise ValueError(f"{path} says {shape}, and {len(content) - start} bytes follow")
    return torch.tensor(np.frombuffer(content, np.uint8, offset=start).reshape(shape))


clothes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]


def load_pictures(folder: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, list[str], int]:
    """Fashion-MNIST from a folder with its four .gz files; scikit-learn's digits for "".

    Returns train_images and test_images, uint8, (N, height, width), with train_labels and test_labels, int64, (N,); the names of
    the classes; and the largest brightness that there is.
    """
    if folder:
        kinds = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
        x_train, y_train, x_test, y_test = (load_idx(Path(folder) / f"{kind}-ubyte.gz") for kind in kinds)
        return x_train, y_train.long(), x_test, y_test.long(), clothes, 255
    digits = load_digits()
    parts = train_test_split(digits.images, digits.target, test_size=0.2, random_state=43052)
    x_train, x_test, y_train, y_test = (torch.from_numpy(part) for part in parts)
    return x_train.byte(), y_train.long(), x_test.byte(), y_test.long(), [str(k) for k in range(10)], 16


def scaled(images: torch.Tensor, largest: int) -> torch.Tensor:
    """The brightnesses 0, 1, ..., largest as float32 between 0 and 1, in a new tensor of the same shape."""
    return images.float() / largest


def gallery(images: torch.Tensor, labels: torch.Tensor, class_names: Sequence[str]) -> Figure:
    """Draw the first 25 images in a square, with no ticks, and below each the name of its class.  images: (N, height, width)."""
    fig, ax = plt.subplots(5, 5, figsize=(6, 6.8))
    for axes, image, label in zip(ax.flat, images, labels, strict=False):
        axes.imshow(image, cmap="binary")
        axes.set(xticks=[], yticks=[], xlabel=class_names[int(label)])
    return fig


def classifier(pixels: int, hidden: int, classes: int) -> torch.nn.Sequential:
    """Flatten, Linear, ReLU, Linear.  Images: (N, height, width), height * width = pixels. Gives logits, (N, classes)."""
    return torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(pixels, hidden),
        torch.nn.ReLU(),
        torch.nn.Linear(hidden, classes),
    )


def image_fit(
    train_images: torch.Tensor, train_labels: torch.Tensor, pixels: int, epochs_images: int
) -> tuple[torch.nn.Module, torch.optim.Optimizer, list[float], list[float]]:
    """Train a new classifier with 128 hidden nodes from the seed 43052: cross entropy, Adam, batches of 32."""
    torch.manual_seed(43052)
    model = classifier(pixels, 128, 10)
    adam = torch.optim.Adam(model.parameters())
    loader = make_loader(train_images, train_labels, 32)
    model_losses, model_accures = train(model, torch.nn.CrossEntropyLoss(), adam, loader, epochs_images)
    return model, adam, model_losses, model_accures


def evaluate(model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor, batch_size: int) -> tuple[float, float]:
    """Loss (cross entropy) and accuracy, the means over all images, which go through in batches of batch_size.  labels: (N,)."""
    model.eval()
    total, right = 0.0, 0
    with torch.no_grad():
        for x, y in zip(images.split(batch_size), labels.split(batch_size), strict=True):
            output = model(x)
            total += torch.nn.functional.cross_entropy(output, y, reduction="sum").item()
            right += int((output.argmax(dim=1) == y).sum())
    return total / len(labels), right / len(labels)


def predict(model: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """The probabilities of the classes, without gradients.  images: (N, height, width). Returns (N, C)."""
    model.eval()
    with torch.no_grad():
        return torch.softmax(model(images), dim=1)


# ---------------------------------------------------------------------------------------------------------- the pictures

COLOURS = ["tab:blue", "tab:orange", "tab:green"]
GREEN, RED, GREY = "#2a7f3f", "#c0392b", "0.6"


def trained_on_digits() -> tuple[torch.nn.Module, torch.Tensor, torch.Tensor]:
    """The classifier after ten epochs, and the held-out pictures with their labels."""
    train_images, train_labels, test_images, test_labels, _, largest = load_pictures("")
    model = image_fit(scaled(train_images, largest), train_labels, train_images[0].numel(), 10)[0]
    return model, scaled(test_images, largest), test_labels


def picture_cover() -> Figure:
    """The held-out flowers and some of the held-out digits, with what the two networks say about them."""
    data, label = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = split(data, label, 43052)
    _, flower = infer(better_fit(x_train, y_train), x_test)
    model, images, labels = trained_on_digits()
    _, digit = infer(model, images)
    right, wrong = (digit == labels).nonzero().flatten(), (digit != labels).nonzero().flatten()
    shown = torch.cat([right[:31], wrong[:4]])[torch.randperm(35, generator=torch.Generator().manual_seed(3))]

    fig = plt.figure(figsize=(10, 4.3), layout="constrained")
    left, middle = fig.subfigures(1, 2, width_ratios=[1, 1.25])
    ax = left.subplots()
    for k, name in enumerate(["setosa", "versicolor", "virginica"]):
        ax.scatter(*x_train[y_train == k][:, 2:].T, s=14, color=COLOURS[k], alpha=0.25, linewidth=0)
        ax.scatter(*x_test[y_test == k][:, 2:].T, s=28, color=COLOURS[k], label=name)
    off = flower != y_test
    ax.scatter(*x_test[off][:, 2:].T, s=110, facecolor="none", edgecolor=RED, linewidth=1.6, label="taken for another")
    ax.set(xlabel="petal length in cm", ylabel="petal width in cm")
    ax.legend(fontsize=8, loc="upper left")
    left.suptitle(f"{int((~off).sum())} of {len(off)} held-out flowers are right", fontsize=11)
    for axes, k in zip(middle.subplots(5, 7).flat, shown, strict=True):
        good = digit[k] == labels[k]
        axes.imshow(images[k], cmap="binary")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(f"{int(digit[k])}", color=GREEN if good else RED, fontsize=10, labelpad=1)
        for side in axes.spines.values():
            side.set(color=GREEN if good else RED, linewidth=0.8 if good else 2)
    middle.suptitle(
        f"{int((digit == labels).sum())} of {len(labels)} held-out digits are right; some of them, as read", fontsize=11
    )
    return fig


def picture_batch_norm() -> Figure:
    """One flower in the company of others: what the network says about it in training mode, and in evaluation mode."""
    data, label = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = split(data, label, 43052)
    net = better_fit(x_train, y_train)
    flower = int((y_test == 1).nonzero()[0])
    generator = torch.Generator().manual_seed(43052)
    fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
    for train_mode, colour, name in [(True, "tab:orange", "net.train()"), (False, "tab:blue", "net.eval()")]:
        said = []
        for _ in range(30):
            company = torch.randperm(len(x_train), generator=generator)[:3]
            batch = torch.cat([x_test[[flower]], x_train[company]])
            net.train(train_mode)
            with torch.no_grad():
                said.append(float(torch.softmax(net(batch), dim=1)[0, 1]))
        ax.plot(said, "o-", color=colour, markersize=4, linewidth=1, label=name)
    ax.set(xlabel="batch: the same flower with three others each time", ylabel="p(versicolor)", ylim=(-0.05, 1.05))
    ax.legend(loc="lower right")
    return fig


def picture_luck() -> Figure:
    """How many of the 38 held-out flowers are right after the lecture's training, for each of 20 seeds."""
    data, label = load_iris(return_X_y=True)
    x_train, x_test, y_train, y_test = split(data, label, 43052)
    right = torch.tensor(luck(x_train, y_train, x_test, y_test, 0.001, 20, 20))
    better = int((infer(better_fit(x_train, y_train), x_test)[1] == y_test).sum())
    fig, ax = plt.subplots(figsize=(8, 2.6), layout="constrained")
    values, times = right.unique(return_counts=True)
    ax.bar(values, times, color="tab:blue", alpha=0.7, label="the lecture's settings, 20 seeds")
    ax.axvline(35, color="tab:orange", linewidth=2, label="the lecture's one run: 35")
    ax.axvline(better, color=GREEN, linewidth=2, linestyle="--", label=f"trained longer: {better}")
    ax.set(xlabel="right of 38", ylabel="networks", xlim=(11.5, 38.7), yticks=range(0, int(times.max()) + 1, 2))
    ax.legend(loc="upper left")
    return fig


def picture_digits() -> Figure:
    """Digits about which the trained network is most wrong, and what it says about each."""
    model, images, labels = trained_on_digits()
    yhat = predict(model, images)
    worst = yhat[torch.arange(len(labels)), labels].argsort()[:4]
    fig, ax = plt.subplots(2, 4, figsize=(8, 3.6), height_ratios=[1.5, 1], layout="constrained")
    for k, (above, below) in zip(worst, ax.T, strict=True):
        above.imshow(images[k], cmap="binary")
        above.set(xticks=[], yticks=[], title=f"a {int(labels[k])}, read as {int(yhat[k].argmax())}")
        colours = [GREEN if c == labels[k] else RED if c == yhat[k].argmax() else GREY for c in range(10)]
        below.bar(range(10), yhat[k], color=colours)
        below.set(xticks=range(10), yticks=[0, 1], ylim=(0, 1))
    ax[1, 0].set_ylabel("probability")
    return fig


# ------------------------------------------------------------------------------------------- the experiment of the lecture


def main(arguments: Sequence[str] | None = None) -> None:
    """The classifier 784-128-10 on a local copy of Fashion-MNIST, as in the lecture; on the digits where there is none."""
    parser = argparse.ArgumentParser(prog="python -m reference.mlp", description=main.__doc__)
    parser.add_argument("--data", metavar="FOLDER", default="", help="a folder with the four .gz files of Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args(arguments)
    try:
        train_images, train_labels, test_images, test_labels, class_names, largest = load_pictures(options.data)
    except (OSError, EOFError, ValueError, struct.error) as error:
        parser.error(f"--data {options.data}: {error}")
    print("training images:", tuple(train_images.shape), " held-out images:", tuple(test_images.shape))
    train_images, test_images = scaled(train_images, largest), scaled(test_images, largest)
    model, _, losses, accures = image_fit(train_images, train_labels, train_images[0].numel(), options.epochs)
    print(f"{count(model)[1]} numbers to learn, {math.ceil(len(train_labels) / 32)} steps an epoch")
    for epoch, (loss, accuracy) in enumerate(zip(losses, accures, strict=True), start=1):
        print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.4f}")
    loss, accuracy = evaluate(model, test_images, test_labels, 32)
    print(f"held out: loss {loss:.4f}, accuracy {accuracy:.4f}")
    yhat = predict(model, test_images)[0]
    said, truth = class_names[int(yhat.argmax())], class_names[int(test_labels[0])]
    print(f"the first held-out image: {said} with probability {float(yhat.max()):.4f}; it is: {truth}")


if __name__ == "__main__":
    main()
