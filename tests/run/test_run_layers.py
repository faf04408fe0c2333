"""`nb.layers`: what comes out of each layer, against the layers called one by one."""

from typing import Any

import pytest
import torch
from run_cells import Book
from torch import nn

from grader.run.layers import layers


def hooks_of(net: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in net.modules())


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(6, 4)


def test_each_layer_in_the_order_of_computation(x: torch.Tensor) -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last, self.first = nn.Linear(3, 2), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.last(self.first(x).tanh())  # type: ignore[no-any-return]

    net = Backwards()
    found = layers(net, x)
    assert list(found) == ["first", "last"]
    assert torch.equal(found["first"], net.first(x))
    assert torch.equal(found["last"], net(x))
    assert not found["last"].requires_grad
    assert hooks_of(net) == 0


def test_containers_are_layers_only_where_they_are_named(x: torch.Tensor) -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(4, 3), nn.Tanh()), nn.ModuleList([nn.Linear(3, 2)])[0])
    assert list(layers(net, x)) == ["0.0", "0.1", "1"]
    found = layers(net, x, names=["0", "1", "2"])
    assert list(found) == ["0", "1"]
    assert torch.equal(found["0"], net[0](x))
    assert list(layers(net, x, names=[""])) == ["net"]


def test_a_module_that_is_called_again_is_numbered(x: torch.Tensor) -> None:
    tanh = nn.Tanh()
    net = nn.Sequential(nn.Linear(4, 4), tanh, nn.Linear(4, 4), tanh)
    found = layers(net, x)
    assert list(found) == ["0", "1", "2", "1#2"]
    assert torch.equal(found["1#2"], net(x))


def test_a_loop_over_time(x: torch.Tensor) -> None:
    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.cell = nn.RNNCell(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.zeros(1, 3)
            for row in x:
                h = self.cell(row[None], h)
            return h

    found = layers(Loop(), x)
    assert list(found) == ["cell", *(f"cell#{n}" for n in range(2, 7))]


def test_tuples_become_lists(x: torch.Tensor) -> None:
    lstm = nn.LSTM(4, 3)
    outputs, (h, c) = lstm(x)
    found = layers(lstm, x)["net"]
    assert isinstance(found, list)
    assert isinstance(found[1], list)
    assert all(torch.equal(*pair) for pair in zip((found[0], *found[1]), (outputs, h, c), strict=True))


def test_what_is_computed_in_place_changes_nothing(x: torch.Tensor) -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True))
    found = layers(net, x)
    assert torch.equal(found["0"], net[0](x))
    assert (found["0"] < 0).any()


def test_a_module_that_uses_its_children_without_calling_them_is_a_layer(x: torch.Tensor) -> None:
    attention = nn.MultiheadAttention(4, 2)
    found = layers(attention, x, x, x)
    assert torch.equal(found["net"][0], attention(x, x, x)[0])
    tied = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), nn.Tanh())
    assert list(layers(tied, x)) == ["0", "1"]


class Stumbling(nn.Module):
    """Raises in its second layer; `catching`: and goes on."""

    def __init__(self, catching: bool) -> None:
        super().__init__()
        self.one, self.two, self.three, self.catching = nn.Linear(4, 3), nn.Linear(5, 3), nn.Tanh(), catching

    def forward(self, x: torch.Tensor) -> Any:
        h = self.one(x)
        try:
            h = self.two(h)
        except RuntimeError:
            if not self.catching:
                raise
        return self.three(h)


def test_hooks_are_gone_when_the_forward_pass_raises(x: torch.Tensor) -> None:
    net = Stumbling(catching=False)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        layers(net, x)
    assert hooks_of(net) == 0


def test_a_layer_that_raised_and_was_caught_is_left_out(x: torch.Tensor) -> None:
    net = Stumbling(catching=True)
    assert list(layers(net, x)) == ["one", "three"]
    assert hooks_of(net) == 0


def test_hooks_of_the_notebook_stay(x: torch.Tensor) -> None:
    net, seen = nn.Linear(4, 3), []
    net.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    assert torch.equal(layers(net, x)["net"], net(x))
    assert len(seen) == 2
    assert hooks_of(net) == 1


def test_what_is_no_network_is_told(x: torch.Tensor) -> None:
    with pytest.raises(TypeError, match=r"this is a function, no torch\.nn\.Module"):
        layers(lambda x: x, x)


def test_a_probe_takes_them(cells: Book) -> None:
    cells.cell(
        """
        import torch
        torch.manual_seed(0)
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.RNN(3, 2))
        x = torch.ones(5, 2)
        """
    )
    value = cells.value("nb.layers(nb.net, nb.x)")
    assert list(value) == ["0", "1"]
    assert [array.shape for array in value["1"]] == [(5, 2), (1, 2)]
    assert hooks_of(cells.user_ns["net"]) == 0
