"""Small recurrent networks that learn a text, many at once: the lecture's AbAcAd in seconds."""

import functools
from dataclasses import dataclass

import numpy as np
import torch

Tensors = list[torch.Tensor]


@dataclass(frozen=True)
class Nets:
    """states: (S, T, H) of S networks; accuracy: (S,) of the next letter after the first period; letters: (T,)."""

    states: np.ndarray
    accuracy: np.ndarray
    letters: list[str]

    @property
    def learned(self) -> np.ndarray:
        return self.states[self.accuracy == 1]


def one_hot(text: str) -> tuple[torch.Tensor, torch.Tensor]:
    """x: (T, V) one-hot letters in the order in which they first come, y: (T,) the next letter."""
    letters = list(dict.fromkeys(text))
    index = torch.tensor([letters.index(letter) for letter in text])
    return torch.eye(len(letters))[index[:-1]], index[1:]


def started(hidden: int, letters: int, seeds: range) -> Tensors:
    """The parameters of torch.nn.RNN and torch.nn.Linear for each seed, stacked: (S, ...) each."""
    parameters = []
    for seed in seeds:
        torch.manual_seed(seed)
        modules = torch.nn.RNN(letters, hidden), torch.nn.Linear(hidden, letters)
        parameters.append([p.detach().clone() for module in modules for p in module.parameters()])
    return [torch.stack(p).requires_grad_() for p in zip(*parameters, strict=True)]


def states_of(net: Tensors, x: torch.Tensor, remembers: bool = True) -> torch.Tensor:
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), from 0; without h_{t-1} where it remembers nothing. (S, T, H)."""
    w_ih, w_hh, b_ih, b_hh, *_ = net
    driven = torch.einsum("tv,shv->tsh", x, w_ih) + b_ih + b_hh
    h, found = torch.zeros_like(b_ih), []
    for step in driven:
        h = torch.tanh(step + torch.einsum("shk,sk->sh", w_hh, h) if remembers else step)
        found.append(h)
    return torch.stack(found, 1)


@functools.cache
def trained(hidden: int, seeds: range, epochs: int = 600, remembers: bool = True, word: str = "AbAcAd") -> Nets:
    """Networks that learn the next letter of ten times this word, Adam with lr 0.01. epochs=0: as they start."""
    text = word * 10
    x, y = one_hot(text)
    net = started(hidden, x.shape[1], seeds)
    optimizer = torch.optim.Adam(net, lr=0.01)
    for epoch in range(epochs + 1):
        states = states_of(net, x, remembers)
        logits = torch.einsum("sth,svh->stv", states, net[4]) + net[5][:, None]
        if epoch < epochs:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.repeat(len(seeds)), reduction="sum").div(len(y)).backward()
            optimizer.step()
    right = (logits.argmax(-1) == y)[:, len(word) :].float().mean(1)
    return Nets(states.detach().numpy(), right.numpy(), list(text[:-1]))
