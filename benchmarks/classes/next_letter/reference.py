"""The next letter of `abcabcabc ...`: an embedding, tanh and a linear layer, as in lecture 000."""
# ruff: noqa: N803, B007  V, H and epoc are what the lecture calls them

from collections.abc import Mapping, Sequence

import torch


def codes(txt: Sequence[str], mapping: Mapping[str, int]) -> torch.Tensor:
    """The code of each letter of txt, in order.  Returns (len(txt),), int64."""
    return torch.tensor([mapping[letter] for letter in txt])


def pairs(txt: Sequence[str], mapping: Mapping[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The letters that have a successor, and the successors, as codes.  txt: T + 1 letters. Returns x, y: (T,)."""
    coded = codes(txt, mapping)
    return coded[:-1], coded[1:]


class Net(torch.nn.Module):
    """Logits of the next letter: embedding, tanh, linear layer.  x: (T,), codes below V. Returns (T, V)."""

    def __init__(self, V: int, H: int) -> None:
        super().__init__()
        # blank: the layers ebdd, tanh and linr, made in this order
        self.ebdd = torch.nn.Embedding(V, H)
        self.tanh = torch.nn.Tanh()
        self.linr = torch.nn.Linear(H, V)
        # end blank

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # blank: the logits
        logits: torch.Tensor = self.linr(self.tanh(self.ebdd(x)))
        # end blank
        return logits


def train(net: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int) -> torch.Tensor:
    """Full-batch training with cross entropy and Adam (lr 0.01).  x, y: (T,). Returns the losses, (epochs,)."""
    loss_fn = torch.nn.CrossEntropyLoss()
    optimizr = torch.optim.Adam(net.parameters(), lr=0.01)
    losses = []
    for epoc in range(epochs):
        # blank: the four steps
        logits = net(x)
        loss = loss_fn(logits, y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        # end blank
        losses.append(loss.item())
    return torch.tensor(losses)


def share_right(net: torch.nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """The share of letters whose successor has the largest logit.  x, y: (T,)."""
    return (net(x).argmax(dim=1) == y).float().mean().item()
