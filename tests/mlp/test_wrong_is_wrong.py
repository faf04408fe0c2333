"""Wrong answers to `mlp` that are no declared mistakes lose what they should."""

import pytest

from tests.homework.wrong import WrongIsWrong

pytestmark = pytest.mark.slow


class TestWrongIsWrong(WrongIsWrong):
    alone = {"train", "load_idx"}
    wrong = {
        # the mean over the batch of the loss alone
        "bias_gradient": ("def bias_gradient(output, y):\n    return torch.zeros(output.shape[1])", set()),
        # the lecture's printed numbers
        "count": ("def count(net):\n    return 16, 12003, 25", None),
        # the first batch of each epoch only
        "train": (
            """
def train(net, criterion, optimizer, train_loader, epochs):
    losses, accures = [], []
    for _epoch in range(epochs):
        x, y = next(iter(train_loader))
        output = net(x)
        loss = criterion(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        accures.append(float((output.argmax(dim=1) == y).float().mean()))
    return losses, accures
""",
            set(),
        ),
        # always three axes
        "load_idx": (
            """
def load_idx(path):
    with gzip.open(path) as file:
        content = file.read()
    n, height, width = struct.unpack(">3I", content[4:16])
    return torch.tensor(list(content[16:]), dtype=torch.uint8).reshape(n, height, width)
""",
            None,
        ),
        # answers with the classes as they are
        "predict": (
            "def predict(model, images):\n    return torch.nn.functional.one_hot(model(images).argmax(dim=1), 10).float()",
            None,
        ),
    }
