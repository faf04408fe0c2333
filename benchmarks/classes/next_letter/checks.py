"""How the answers of `next_letter` are judged."""

import torch

from grader.author import accuracy, check, close, mistake, weights

LETTERS = torch.arange(3)


@check("codes", points=1)
def codes_of_a_word(nb):
    """The letters of `cab` have the codes 2, 0, 1."""
    return nb.codes(list("cab"), {"a": 0, "b": 1, "c": 2})


mistake("codes", replace={"in txt": "in sorted(txt)"}, says="The codes are in the order of the text, not of the alphabet.")


@check("pairs", points=1)
def pairs_of_a_word(nb):
    """`abca` has the pairs ab, bc, ca."""
    return list(nb.pairs(list("abca"), {"a": 0, "b": 1, "c": 2}))


@check("pairs", points=1, private=True)
def pairs_of_the_text(nb):
    """From 201 letters come 200 pairs."""
    return [nb.x, nb.y]


mistake("pairs", replace={"coded[:-1], coded[1:]": "coded[1:], coded[:-1]"}, says="x is what we know: the earlier letter.")


@check("Net", points=2, given={"x": LETTERS})
def net_computes(nb):
    """With given weights, the logits are right."""
    net = nb.Net(3, 2)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.linspace(-1, 1, p.numel()).reshape(p.shape))
    return net(nb.given.x)


mistake(
    "Net", replace={"self.tanh(self.ebdd(x))": "self.ebdd(x)"}, says="The tanh between embedding and linear layer is missing."
)


@check("train", points=2, compare=weights(atol=1e-3))
def fits_the_weights(nb):
    """After training, the weights are those of the lecture."""
    return nb.net.state_dict()


@check("train", points=1, compare=close(atol=1e-3))
def has_the_losses(nb):
    """The losses fall as those of the lecture."""
    return nb.losses[[0, 1, 9, -1]]


@check("train", points=1, private=True, given={"x": LETTERS}, compare=accuracy(labels=torch.tensor([1, 2, 0]), at_least=0.99))
def knows_each_letter(nb):
    """The network knows the successor of each letter."""
    return nb.net(nb.given.x)


mistake("train", replace={"optimizr.zero_grad()": "pass"}, says="Gradients add up from step to step: clear them.")


@check("share_right", points=1, given={"x": LETTERS, "y": torch.tensor([1, 2, 2])}, compare=close(atol=1e-4))
def counts_the_right_ones(nb):
    """Where one of three labels is wrong, the share is 2/3."""
    return nb.share_right(nb.net, nb.given.x, nb.given.y)


mistake("share_right", replace={".mean()": ".sum()"}, says="A share is a mean, not a count.")
