"""How the answers of `lstm` are judged, and what students typically get wrong. Order as in the notebook."""

import torch

from grader.author import (
    accuracy,
    architecture,
    avoids,
    check,
    close,
    exact,
    figure,
    hidden_states,
    linear_probe,
    losses,
    mistake,
    sequence,
    success_rate,
    text,
    trained,
    weights,
)
from reference import lstm as ref

X6, Y6 = ref.text_data("abcabC", 4)  # (23, 4)
X8, Y8 = ref.text_data("abcdabcD", 3)  # (23, 5)
X4, Y4 = ref.text_data("abaB", 5)  # (19, 3)
X4_LONG, Y4_LONG = ref.text_data("abaB", 20)  # (79, 3)
SETTLED = 7  # so many letters of it may be wrong: nobody has seen what came before them
TEXT6 = {"x": X6, "y": Y6}
TEXT8 = {"x": X8, "y": Y8}
TEXT4 = {"x": X4, "y": Y4}

DRAW = torch.Generator().manual_seed(43052)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=DRAW)


def cell_of(letters: int, hidden: int) -> dict[str, torch.Tensor]:
    """Weights of an LSTMCell, drawn once."""
    return {
        "weight_ih": draw(4 * hidden, letters),
        "weight_hh": draw(4 * hidden, hidden),
        "bias_ih": draw(4 * hidden),
        "bias_hh": draw(4 * hidden),
    }


def lstm_of(cell: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{name}_l0": weight for name, weight in cell.items()}


CELL, WIDE = cell_of(3, 2), cell_of(4, 3)
STEP = {"cell": CELL, "xt": X4[[1]], "ht": 0.8 * draw(1, 2).tanh(), "ct": 1.5 * draw(1, 2)}
WIDE_STEP = {"cell": WIDE, "xt": draw(1, 4), "ht": 0.8 * draw(1, 3).tanh(), "ct": 1.5 * draw(1, 3)}


def states_of(length: int, hidden: int) -> dict[str, torch.Tensor]:
    """Numbers such as `over_time` could give, drawn once."""
    gates = {name: torch.sigmoid(draw(length, hidden)) for name in ("input_gate", "forget_gate")}
    return {
        **gates,
        "g": draw(length, hidden).tanh(),
        "output_gate": torch.sigmoid(draw(length, hidden)),
        "cell": 2 * draw(length, hidden),
        "h": draw(length, hidden).tanh(),
    }


STATES, WIDE_STATES = states_of(12, 2), states_of(9, 3)
SMALL = torch.tensor([[0.05, -0.099, 0.1, -0.1], [0.5, 0.0, -0.9, 0.0999], [-0.02, 1.0, -1.0, 0.3]])

# ============================================================================== 1  the texts: 004-T22, T27, T31


@check("text_data", points=1, compare=close(dtype="exact"))
def pairs_of_abcabC(nb):
    """For abcabC, x holds the letters in one-hot rows, y the letters that follow, both float32."""
    x, y = nb.text_data("abcabC", 2)
    return {"x": x, "y": y}


@check("text_data", points=1, private=True, compare=close(dtype="exact"))
def pairs_of_other_words(nb):
    """For other words, the codes follow the first occurrences, and capitals are letters of their own."""
    found = [nb.text_data(word, periods) for word, periods in (("abcdabcD", 3), ("Bba", 2), ("hello", 1))]
    return [{"x": x, "y": y} for x, y in found]


mistake(
    "text_data",
    replace={"dict.fromkeys(word)": "sorted(set(word))"},
    says="Your codes are in alphabetical order, in which capitals come first: C would be 0. Here a letter has the code of its first "
    "occurrence: a, b, c, C.",
)
mistake(
    "text_data",
    replace={"    mapping = {": "    word = word.lower()\n    mapping = {"},
    says="You made c and C one letter. Then nothing is left to remember: b is always followed by c. Capitals are letters of their own.",
)
mistake(
    "text_data",
    replace={"rows[:-1], rows[1:]": "rows, rows.roll(-1, dims=0)"},
    says="You closed the text to a ring: there are as many pairs as letters, and the last letter is followed by the first. The last letter "
    "has no successor, so it has no row in x.",
)
mistake(
    "text_data",
    replace={"rows[:-1], rows[1:]": "rows[1:], rows[:-1]"},
    says="x and y have changed places: x is the known letter, y the one that follows it.",
)
mistake(
    "text_data",
    replace={".float()": ""},
    says="one_hot gives whole numbers (int64), and a layer computes with floats: add .float().",
)


@check("letters_and_contexts", points=1, compare=exact())
def letters_and_moments(nb):
    """For abcabC and abab, both numbers are right."""
    return [[int(number) for number in nb.letters_and_contexts(word)] for word in ("abcabC", "abab")]


@check("letters_and_contexts", points=1, private=True, compare=exact())
def letters_and_moments_of_other_words(nb):
    """For other words, too."""
    words = ("abcdabcD", "abaB", "aaaa", "abcabcabc", "aab", "abaab")
    return [[int(number) for number in nb.letters_and_contexts(word)] for word in words]


mistake(
    "letters_and_contexts",
    replace={"periods[0]": "len(word)"},
    says="You count all letters of the word. abab says the same twice, so its text has only two different moments: take the shortest period.",
)
mistake(
    "letters_and_contexts",
    replace={"periods[0]": "len(set(zip(word, word[1:] + word[0])))"},
    says="You count pairs of neighbours. In abcabC, b comes twice after a, at two moments that have different successors: what counts is the "
    "place in the period.",
)
mistake(
    "letters_and_contexts",
    replace={"len(set(word)), periods[0]": "len(set(word.lower())), periods[0]"},
    says="You count c and C as one letter. A capital is a letter of its own.",
)
mistake(
    "letters_and_contexts",
    replace={"len(set(word)), periods[0]": "periods[0], len(set(word))"},
    says="The two have changed places: first the letters, then the moments.",
)


@check("memoryless", points=1, given=TEXT6, compare=close(atol=1e-4))
def memoryless_of_abcabC(nb):
    """For abcabC, it is what guesses without a memory cost at best."""
    return float(nb.memoryless(nb.given.x, nb.given.y))


@check("memoryless", points=2, private=True, given=TEXT8 | {"x3": torch.eye(3)[[0, 1, 1, 1, 0, 1]]}, compare=close(atol=1e-4))
def memoryless_of_other_texts(nb):
    """For another text, and for one in which letters follow each other unequally often and one never occurs, it is right, too."""
    x, y = nb.given.x3[:-1], nb.given.x3[1:]
    return [float(nb.memoryless(nb.given.x, nb.given.y)), float(nb.memoryless(x, y))]


mistake(
    "memoryless",
    replace={"of_the_true_one.log()": "of_the_true_one.log2()"},
    says="You measured in bits, with log2. Cross entropy, as torch computes it, uses the natural logarithm.",
)
mistake(
    "memoryless",
    replace={"(x @ share)": "y.mean(dim=0).expand(len(x), -1)"},
    says="Your guesses do not know the present letter: each letter is guessed as often as it occurs at all. Count what follows each letter.",
)
mistake(
    "memoryless",
    replace={"counts.sum(dim=1, keepdim=True)": "counts.sum(dim=0, keepdim=True)"},
    says="You divide by the columns: that is the share of what came before a letter. Divide each row by its sum: what follows the letter?",
)
mistake(
    "memoryless",
    replace={".log().mean()": ".log().sum()"},
    says="This is the sum over the rows. The mean is asked for, as cross entropy gives it.",
)
mistake(
    "memoryless",
    replace={"    return -float(of_the_true_one.log().mean())": "    return 1 - float(of_the_true_one.mean())"},
    says="This is a share of wrong guesses, not a cross entropy: take the mean of −log of the probability of the true letter.",
)

# ================================================================================ 2  an RNN and an LSTM: 004-T23, T24


@check("make", points=1, compare=architecture())
def made_of(nb):
    """For each kind, you make torch's network and a Linear layer, of the right sizes."""
    return torch.nn.ModuleList([module for kind in ("RNN", "LSTM") for module in nb.make(kind, 4, 3, 43052)])


@check("make", points=1, compare=weights(atol=1e-6, names=False))
def made_from_the_seed(nb):
    """They start with the weights of the seed 43052."""
    made = torch.nn.ModuleList([module for kind in ("RNN", "LSTM") for module in nb.make(kind, 4, 3, 43052)])
    return made.state_dict()


@check("make", points=1, private=True, compare=weights(atol=1e-6, names=False))
def made_from_another_seed(nb):
    """Other sizes and another seed are right, too."""
    return torch.nn.ModuleList([module for kind in ("LSTM", "RNN") for module in nb.make(kind, 5, 2, 7)]).state_dict()


mistake(
    "make",
    replace={"    linr = ": "    torch.manual_seed(seed)\n    linr = "},
    says="You set the seed a second time, before linr. Here it is set once, and linr draws the numbers that come next.",
)
mistake(
    "make",
    source="""
def make(kind, letters, hidden, seed):
    torch.manual_seed(seed)
    linr = torch.nn.Linear(hidden, letters)
    net = torch.nn.RNN(letters, hidden) if kind == "RNN" else torch.nn.LSTM(letters, hidden)
    return net, linr
""",
    says="linr is made first, so it draws the numbers that were meant for the network. Make the network first.",
)
mistake(
    "make",
    replace={"torch.manual_seed(seed)": "torch.manual_seed(43052)"},
    says="The seed is always 43052, so 25 networks would be the same one 25 times. Set the seed that the function is given.",
)
mistake(
    "make",
    replace={
        'torch.nn.RNN(letters, hidden) if kind == "RNN" else torch.nn.LSTM(letters, hidden)': "torch.nn.RNN(letters, hidden)"
    },
    says='You make an RNN whatever the kind is. For kind == "LSTM" make torch.nn.LSTM(letters, hidden).',
)
mistake(
    "make",
    replace={"torch.manual_seed(seed)": "pass"},
    says="The seed is not set, so each of your networks starts elsewhere each time: torch.manual_seed(seed) first.",
)


@check("train", points=2, given=TEXT6, compare=losses(atol=1e-3))
def losses_of_an_lstm(nb):
    """Over eight epochs of an LSTM the losses are right, each the mean over the letters."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"net": torch.nn.LSTM(4, 3), "linr": torch.nn.Linear(3, 4)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.05)
    return nb.train(nets.net, nets.linr, adam, nb.given.x, nb.given.y, 8)


@check("train", points=1, given=TEXT6, compare=losses(atol=1e-3))
def losses_of_an_rnn(nb):
    """And over eight epochs of an RNN, too."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"net": torch.nn.RNN(4, 3), "linr": torch.nn.Linear(3, 4)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.05)
    return nb.train(nets.net, nets.linr, adam, nb.given.x, nb.given.y, 8)


@check("train", points=1, private=True, given=TEXT8, compare=weights(atol=1e-4))
def weights_after_training(nb):
    """With other letters and another width, the weights are right after eight epochs."""
    torch.manual_seed(7)
    nets = torch.nn.ModuleDict({"net": torch.nn.LSTM(5, 4), "linr": torch.nn.Linear(4, 5)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.02)
    nb.train(nets.net, nets.linr, adam, nb.given.x, nb.given.y, 8)
    return nets.state_dict()


mistake(
    "train",
    replace={"(_water, _water) if isinstance(net, torch.nn.LSTM) else _water": "_water"},
    says="An LSTM has two states, h and c, and begins with two kinds of water, as a pair: (_water, _water). An RNN takes one.",
)
mistake(
    "train",
    replace={"hidden, _ = net(x,": "_, (hidden, _) = net(x,"},
    says="You took hT, the state after the last letter, in place of the states of all letters. They are the first result: "
    "hidden, (hT, cT) = lstm(…).",
)
mistake(
    "train",
    replace={"        optimizr.zero_grad()\n": ""},
    says="Gradients add up from epoch to epoch: clear them with optimizr.zero_grad() in each epoch.",
)
mistake(
    "train",
    replace={"        optimizr.step()\n": ""},
    says="The weights have not moved: optimizr.step() is missing. The order is backward(), step(), zero_grad().",
)
mistake(
    "train",
    replace={"loss_fn(linr(hidden), y)": "loss_fn(soft(linr(hidden)), y)"},
    says="You take the softmax before the cross entropy, which takes it again: with four letters the loss can never fall below 0.74. Give it "
    "the logits.",
)
mistake(
    "train",
    replace={"loss = loss_fn(linr(hidden), y)": "loss = loss_fn(linr(hidden), y) * len(x)"},
    says="This is the sum over the letters. Cross entropy of all letters at once is their mean: leave it so.",
)


@check("learned", points=1, given=TEXT6, compare=exact())
def learned_or_not(nb):
    """It tells a network that knows the end of the text from one that is wrong at a single letter."""
    found = []
    for wrong in (None, -1, -6, -7):
        net, linr = torch.nn.LSTM(4, 4), torch.nn.Linear(4, 4)
        following = nb.given.y.clone()
        if wrong is not None:
            following[wrong] = following[wrong].roll(1)
        net.forward = lambda x, *water, out=following: (out, None)
        linr.load_state_dict({"weight": 9 * torch.eye(4), "bias": torch.zeros(4)})
        found.append(bool(nb.learned(net, linr, nb.given.x, nb.given.y, 6)))
    return found


@check("learned", points=1, private=True, given=TEXT8, compare=exact())
def learned_by_trained_networks(nb):
    """It is right for an RNN and an LSTM as they come from training, for several numbers of rows."""
    found = []
    for kind, epochs in (("RNN", 1), ("RNN", 150), ("LSTM", 1), ("LSTM", 150)):
        torch.manual_seed(11)
        net, linr = getattr(torch.nn, kind)(5, 4), torch.nn.Linear(4, 5)
        adam = torch.optim.Adam([*net.parameters(), *linr.parameters()], lr=0.1)
        for _ in range(epochs):
            loss = torch.nn.functional.cross_entropy(linr(net(nb.given.x)[0]), nb.given.y)
            loss.backward()
            adam.step()
            adam.zero_grad()
        found.append([bool(nb.learned(net, linr, nb.given.x, nb.given.y, last)) for last in (1, 4, 8)])
    return found


mistake(
    "learned",
    replace={"[-last:]\n": "\n", "y[-last:]": "y"},
    says="You ask for all letters of the text. At its beginning nobody can know what comes next: look at the last rows only, [-last:].",
)
mistake(
    "learned",
    replace={").all())": ").float().mean() > 0.8)"},
    says="Most letters right is not enough: without any memory, five of six are right already. All of the last rows must be.",
)
mistake(
    "learned",
    replace={"[-last:]\n": "[:last]\n", "y[-last:]": "y[:last]"},
    says="You look at the first rows. The last ones are [-last:].",
)
mistake(
    "learned",
    replace={"[-last:]\n": "[-1:]\n", "y[-last:]": "y[-1:]"},
    says="You look at the last letter only. Look at all of the last rows: [-last:].",
)


@check("in_blocks", points=1, given=TEXT6, compare=losses(atol=2e-3))
def losses_over_blocks(nb):
    """The losses of three blocks of ten epochs are those of one training that goes on."""
    return nb.in_blocks("LSTM", nb.given.x, nb.given.y, 3, 0.05, 3, 10)[0]


@check("in_blocks", points=1, given=TEXT6, compare=exact())
def right_after_each_block(nb):
    """After each block stands whether the network has learned its last six letters."""
    right = nb.in_blocks("LSTM", nb.given.x, nb.given.y, 3, 0.1, 3, 50)[1]
    return [bool(value) for value in right]


@check("in_blocks", points=1, private=True, given=TEXT8, compare=losses(atol=2e-3))
def losses_of_other_blocks(nb):
    """Another text, another width and an RNN give the right losses, too."""
    return nb.in_blocks("RNN", nb.given.x, nb.given.y, 4, 0.03, 4, 6)[0]


mistake(
    "in_blocks",
    source="""
def in_blocks(kind, x, y, hidden, lr, blocks, epochs):
    net, linr = make(kind, x.shape[1], hidden, 43052)
    losses, right = [], []
    for _ in range(blocks):
        optimizr = torch.optim.Adam(list(net.parameters()) + list(linr.parameters()), lr=lr)
        losses.append(train(net, linr, optimizr, x, y, epochs))
        right.append(learned(net, linr, x, y, 6))
    return torch.cat(losses), right
""",
    says="Each block has an Adam of its own, which knows nothing of the steps before: its first ones are as large as at the very start. Make one, "
    "before the loop.",
)
mistake(
    "in_blocks",
    source="""
def in_blocks(kind, x, y, hidden, lr, blocks, epochs):
    losses, right = [], []
    for _ in range(blocks):
        net, linr = make(kind, x.shape[1], hidden, 43052)
        optimizr = torch.optim.Adam(list(net.parameters()) + list(linr.parameters()), lr=lr)
        losses.append(train(net, linr, optimizr, x, y, epochs))
        right.append(learned(net, linr, x, y, 6))
    return torch.cat(losses), right
""",
    says="Each block begins with a new network, so the second repeats the first. Make network and optimizer once, before the loop.",
)
mistake(
    "in_blocks",
    replace={" + list(linr.parameters())": ""},
    says="The optimizer does not hold the parameters of linr, so linr never learns: add list(linr.parameters()).",
)
mistake(
    "in_blocks",
    replace={"make(kind, x.shape[1], hidden, 43052)": "make(kind, x.shape[1], hidden, 0)"},
    says="Your network does not start where the lecture's does: the seed is 43052.",
)
mistake(
    "in_blocks",
    replace={"return torch.cat(losses), right": "return losses[-1], right"},
    says="These are the losses of the last block. All epochs are wanted, one block after the other: torch.cat(losses).",
)

# ========================================================================== 3  many fits at once: 004-T25, T26, T28 to T30


@check("block_mask", points=1, compare=close())
def mask_of_rnns(nb):
    """For four RNNs of two nodes, the mask is right."""
    return nb.block_mask("RNN", 4, 2)


@check("block_mask", points=1, compare=close())
def mask_of_lstms(nb):
    """For two LSTMs of three nodes, too."""
    return nb.block_mask("LSTM", 2, 3)


@check("block_mask", points=1, private=True, compare=close())
def masks_of_other_sizes(nb):
    """For other numbers of networks and nodes, both kinds are right."""
    return {
        f"{kind} {n} {hidden}": nb.block_mask(kind, n, hidden)
        for kind in ("RNN", "LSTM")
        for n, hidden in ((5, 1), (3, 4), (1, 3))
    }


mistake(
    "block_mask",
    replace={'mask if kind == "RNN" else torch.cat([mask] * 4)': "mask"},
    says="weight_hh of an LSTM has four parts one below the other, one for each of i, f, g and o: repeat the mask four times.",
)
mistake(
    "block_mask",
    replace={"torch.cat([mask] * 4)": "torch.block_diag(*[torch.ones(4 * hidden, hidden)] * n)"},
    says="You put the four parts of each network together. In the wide LSTM, first comes the input gate of all networks, then the forget gate of "
    "all, and so on: the diagonal of blocks, four times.",
)
mistake(
    "block_mask",
    replace={"torch.block_diag(*[torch.ones(hidden, hidden)] * n)": "torch.eye(n * hidden)"},
    says="Only the diagonal is 1: no node hears of any other. Within a network all nodes are connected: a block of hidden × hidden ones.",
)
mistake(
    "block_mask",
    replace={"torch.ones(hidden, hidden)] * n": "torch.ones(n, n)] * hidden"},
    says="You have `hidden` blocks of n nodes. There are n networks, each with `hidden` nodes.",
)
mistake(
    "block_mask",
    replace={"    return mask": "    mask = 1 - mask\n    return mask"},
    says="The mask is the wrong way round: 1 where two nodes belong to the same network, 0 elsewhere.",
)


@check("fit_many", points=2, given=TEXT6, compare=close(atol=1e-3))
def losses_of_many(nb):
    """For three LSTMs, the losses of twenty epochs are those of three single trainings."""
    found = nb.fit_many("LSTM", [3, 7, 11], nb.given.x, nb.given.y, 3, 0.1, 20)[1]
    return {f"seed {seed}": found[:, k] for k, seed in enumerate((3, 7, 11))}


@check("fit_many", points=2, given=TEXT6, compare=close(atol=2e-3))
def networks_of_many(nb):
    """And the networks are those, too: what they answer after twenty epochs."""
    nets, _ = nb.fit_many("LSTM", [3, 7, 11], nb.given.x, nb.given.y, 3, 0.1, 20)
    return torch.stack([torch.softmax(linr(net(nb.given.x)[0]), dim=1) for net, linr in nets])


@check("fit_many", points=1, private=True, given=TEXT8, compare=weights(atol=2e-3, upto="bias"))
def weights_of_many(nb):
    """For RNNs, another text and other seeds, the weights are those of single trainings."""
    nets, _ = nb.fit_many("RNN", [1, 4, 2, 0], nb.given.x, nb.given.y, 4, 0.03, 25)
    return torch.nn.ModuleList([module for pair in nets for module in pair]).state_dict()


@check("fit_many", points=1, private=True, given=TEXT6, compare=close(atol=1e-4))
def nobody_hears_of_another(nb):
    """A network is the same, whichever networks are trained beside it."""
    beside = [nb.fit_many("LSTM", found, nb.given.x, nb.given.y, 3, 0.1, 15)[1] for found in ([5, 6], [5, 9], [5])]
    return torch.stack([found[:, 0] for found in beside])


mistake(
    "fit_many",
    replace={"        wide.weight_hh_l0.grad *= mask\n": ""},
    says="The gradient outside of the mask was left as it is, so after one step the networks are connected, and learn together. Multiply "
    "wide.weight_hh_l0.grad by the mask before the step.",
)
mistake(
    "fit_many",
    replace={
        "        wide.weight_hh_l0.grad *= mask\n        optimizr.step()\n": "        optimizr.step()\n        wide.weight_hh_l0.grad *= mask\n"
    },
    same_as="fit_many-1",
    says="The mask comes after the step, which has already used the whole gradient: mask first, then step.",
)
mistake(
    "fit_many",
    replace={".unflatten(1, (n, hidden)).permute(1, 2, 0)": ".unflatten(1, (hidden, n)).permute(2, 1, 0)"},
    says="You part the columns as if node 0 of all networks came first. The first H columns are those of the first network: unflatten(1, (n, hidden)).",
)
mistake(
    "fit_many",
    replace={'reduction="none").mean(dim=1)': 'reduction="none").sum(dim=1)'},
    says="The losses are sums over the letters. For each network the mean is asked for, as cross entropy gives it.",
)
mistake(
    "fit_many",
    replace={"        optimizr.zero_grad()\n": ""},
    says="Gradients add up from epoch to epoch: clear them with optimizr.zero_grad() in each epoch.",
)
mistake(
    "fit_many",
    replace={"torch.baddbmm(bias, weight, states)": "torch.bmm(weight, states)"},
    says="The bias of linr is missing.",
)


@check("race", points=1, given=TEXT6, compare=exact())
def race_gives_two_lists(nb):
    """You return two lists, with a truth value for each seed."""
    rnn_right, lstm_right = nb.race(nb.given.x, nb.given.y, 3, 6, 4, 0.1, 2)
    return [len(rnn_right), len(lstm_right), all(bool(value) in (False, True) for value in [*rnn_right, *lstm_right])]


@check("race", points=1, given=TEXT8, compare=success_rate(at_least=0.6))
def lstms_succeed(nb):
    """Most LSTMs learn abcdabcD in 200 epochs."""
    return [bool(value) for value in nb.race(nb.given.x, nb.given.y, 4, 8, 16, 0.1, 200)[1]]


@check("race", points=1, given=TEXT6, compare=success_rate())
def rnns_succeed_less_often(nb):
    """Of the RNNs, about as many do as should."""
    return [bool(value) for value in nb.race(nb.given.x, nb.given.y, 3, 6, 16, 0.1, 250)[0]]


@check("race", points=1, private=True, given=TEXT8, compare=success_rate())
def rnns_on_another_text(nb):
    """Of the RNNs on abcdabcD, about as many succeed as should."""
    return [bool(value) for value in nb.race(nb.given.x, nb.given.y, 4, 8, 16, 0.1, 200)[0]]


mistake(
    "race",
    replace={"return rnn_right, lstm_right": "return lstm_right, rnn_right"},
    says="The two have changed places: first the RNNs, then the LSTMs.",
)
mistake(
    "race",
    replace={
        'fit_many("LSTM", range(seeds), x, y, hidden, lr, epochs)': 'fit_many("RNN", range(seeds), x, y, hidden, lr, epochs)'
    },
    says='Both lists belong to RNNs: the second fit must be fit_many("LSTM", …).',
)
mistake(
    "race",
    replace={"range(seeds)": "[0] * seeds"},
    says="All your networks have the same seed, so they are one network many times. The seeds are range(seeds).",
)
mistake(
    "race",
    replace={"x, y, last) for net": "x, y, 1) for net"},
    says="You look at a single letter at the end, and that one is easy or not as it happens. Look at the last `last` rows, a whole period.",
)
mistake(
    "race",
    replace={"lr, epochs)\n": "lr / 100, epochs)\n"},
    says="Your networks have hardly learned anything: hand the learning rate on as it is given. With 0.001 they would need 15000 epochs.",
)


@check("near_zero", points=1, given={"hidden": SMALL}, compare=close(atol=1e-6))
def share_near_zero(nb):
    """The share is right for twelve numbers of either sign."""
    return float(nb.near_zero(nb.given.hidden))


@check("near_zero", points=1, private=True, given={"hidden": 0.3 * draw(4, 17, 3)}, compare=close(atol=1e-6))
def share_of_many_near_zero(nb):
    """And for the states of several networks."""
    return float(nb.near_zero(nb.given.hidden))


mistake(
    "near_zero",
    replace={"hidden.abs() < 0.1": "hidden == 0"},
    says="A hidden state is never exactly 0. Near 0 is meant: its distance from 0 is less than 0.1.",
)
mistake(
    "near_zero",
    replace={"hidden.abs() < 0.1": "hidden < 0.1"},
    says="−0.9 is less than 0.1, too, but not near 0: take hidden.abs().",
)
mistake(
    "near_zero",
    replace={".float().mean()": ".sum()"},
    says="This is a number of states. The share of all of them is asked for.",
)
mistake(
    "near_zero",
    replace={"(hidden.abs() < 0.1)": "(hidden.abs() > 0.1)"},
    says="These are the states far from 0.",
)

# ================================================================================= 4  a step by hand: 004-T32 to T36


@check("one_epoch", points=1, given=TEXT4, compare=close(atol=1e-4))
def states_of_the_epoch(nb):
    """From the seed 43052, ht and ct after 19 letters are those before the step."""
    torch.manual_seed(43052)
    cell, linr = torch.nn.LSTMCell(3, 2), torch.nn.Linear(2, 3)
    adam = torch.optim.Adam([*cell.parameters(), *linr.parameters()], lr=0.1)
    ht, ct = nb.one_epoch(cell, linr, adam, nb.given.x, nb.given.y)
    if getattr(ht, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return {"ht": ht, "ct": ct}


@check("one_epoch", points=1, given=TEXT4, compare=trained(steps=1))
def epoch_takes_one_step(nb):
    """One step moves every weight of the cell and of linr."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"cell": torch.nn.LSTMCell(3, 2), "linr": torch.nn.Linear(2, 3)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.1)
    nb.one_epoch(nets.cell, nets.linr, adam, nb.given.x, nb.given.y)
    return nb.training(nets)


@check("one_epoch", points=1, given=TEXT4, compare=weights(atol=1e-4))
def weights_after_the_epoch(nb):
    """The weights are where a step along the gradient of the mean loss takes them."""
    torch.manual_seed(43052)
    nets = torch.nn.ModuleDict({"cell": torch.nn.LSTMCell(3, 2), "linr": torch.nn.Linear(2, 3)})
    sgd = torch.optim.SGD(nets.parameters(), lr=0.5)
    nb.one_epoch(nets.cell, nets.linr, sgd, nb.given.x, nb.given.y)
    return nets.state_dict()


@check("one_epoch", points=1, private=True, given=TEXT6, compare=weights(atol=1e-4))
def weights_after_three_epochs(nb):
    """Three epochs with another text and a wider cell end where they should."""
    torch.manual_seed(7)
    nets = torch.nn.ModuleDict({"cell": torch.nn.LSTMCell(4, 3), "linr": torch.nn.Linear(3, 4)})
    adam = torch.optim.Adam(nets.parameters(), lr=0.05)
    for _ in range(3):
        nb.one_epoch(nets.cell, nets.linr, adam, nb.given.x, nb.given.y)
    return nets.state_dict()


mistake(
    "one_epoch",
    replace={
        "    return ht.detach(), ct.detach()": "    ht = ct = torch.zeros(1, lstm_cell.hidden_size)\n"
        "    for t in range(len(x)):\n"
        "        ht, ct = lstm_cell(x[[t]], (ht, ct))\n"
        "    return ht.detach(), ct.detach()"
    },
    says="These are the states after the step, with the new weights. Return those of the pass that was made before it.",
)
mistake(
    "one_epoch",
    replace={"    loss = loss / len(x)\n": ""},
    says="Your loss is the sum over the letters. Divide it by their number before backward().",
)
mistake(
    "one_epoch",
    replace={"loss = loss + loss_fn(linr(ht), y[[t]])": "loss = loss_fn(linr(ht), y[[t]])"},
    says="The loss is overwritten at each letter, so only the last one is learned. Add it up.",
)
mistake(
    "one_epoch",
    replace={"ht, ct = lstm_cell(x[[t]], (ht, ct))": "ct, ht = lstm_cell(x[[t]], (ht, ct))"},
    says="The two states have changed places: the cell returns first h, then c.",
)
mistake(
    "one_epoch",
    replace={"linr(ht)": "linr(ct)"},
    says="linr sees the cell state. What an LSTM shows is the hidden state: linr(ht).",
)
mistake(
    "one_epoch",
    replace={"(ht, ct))\n": "(ht.detach(), ct.detach()))\n"},
    says="The states are cut off from the letter before (detach), so the gradient cannot flow back in time. Hand them on as they are.",
)


@check(
    "lstm_step",
    points=1,
    required=True,
    given=STEP,
    compare=avoids(
        modules=("torch.nn.LSTM", "torch.nn.LSTMCell", "torch.nn.GRU", "torch.nn.RNN", "torch.nn.RNNCell"),
        functions=(
            "lstm_cell",
            "torch.lstm_cell",
            "torch.lstm",
            "torch._VF.lstm_cell",
            "torch._VF.lstm",
            ".forward",
            ".__call__",
        ),
    ),
)
def step_is_your_own(nb):
    """The step is computed from the weights, without a call of the cell."""
    cell = torch.nn.LSTMCell(3, 2)
    cell.load_state_dict(nb.given.cell)
    return list(nb.lstm_step(cell, nb.given.xt, nb.given.ht, nb.given.ct))


@check("lstm_step", points=2, given=STEP, compare=close(atol=1e-5))
def step_from_a_state(nb):
    """From a letter and two old states, ht and ct are those of the cell."""
    cell = torch.nn.LSTMCell(3, 2)
    cell.load_state_dict(nb.given.cell)
    ht, ct = nb.lstm_step(cell, nb.given.xt, nb.given.ht, nb.given.ct)
    return {"ht": ht, "ct": ct}


@check("lstm_step", points=1, given={"x": X4}, compare=close(atol=1e-5))
def step_of_the_lecture(nb):
    """From the seed 43052 and water, they are those of the lecture."""
    torch.manual_seed(43052)
    ht, ct = nb.lstm_step(torch.nn.LSTMCell(3, 2), nb.given.x[[0]], torch.zeros(1, 2), torch.zeros(1, 2))
    return {"ht": ht, "ct": ct}


@check("lstm_step", points=2, private=True, given=WIDE_STEP, compare=close(atol=1e-5))
def step_of_a_wider_cell(nb):
    """A cell with four inputs and three hidden nodes works as well, and its weights get gradients."""
    cell = torch.nn.LSTMCell(4, 3)
    cell.load_state_dict(nb.given.cell)
    ht, ct = nb.lstm_step(cell, nb.given.xt, nb.given.ht, nb.given.ct)
    return {"ht": ht, "ct": ct}


mistake(
    "lstm_step",
    replace={"i, f, g, o = ifgo": "i, g, f, o = ifgo"},
    says="You read the four parts in the order i, g, f, o. Torch keeps them in the order i, f, g, o.",
)
mistake(
    "lstm_step",
    replace={"i, f, g, o = ifgo": "i, f, o, g = ifgo"},
    says="You read the four parts in the order i, f, o, g. Torch keeps them in the order i, f, g, o.",
)
mistake(
    "lstm_step",
    replace={"i, f, g, o = ifgo": "f, i, g, o = ifgo"},
    says="You read the four parts in the order f, i, g, o. Torch keeps them in the order i, f, g, o.",
)
mistake(
    "lstm_step",
    replace={" + lstm_cell.bias_hh": ""},
    says="bias_hh is missing. There are two biases, one with the letter and one with the hidden state; both are added.",
)
mistake(
    "lstm_step",
    replace={"sig(i) * tanh(g)": "sig(i) * sig(g)"},
    says="g is the news, not a gate: it takes both signs, so tanh(g).",
)
mistake(
    "lstm_step",
    replace={"sig(o) * tanh(ct)": "tanh(sig(o) * ct)"},
    says="This is h = tanh(o ∘ c): the gate stands inside the tanh. It is a gate for what comes out of it: h = o ∘ tanh(c).",
)
mistake(
    "lstm_step",
    replace={"sig(o) * tanh(ct)": "sig(o) * ct"},
    says="tanh is missing in h = o ∘ tanh(c). The cell may grow beyond 1; what is shown of it does not.",
)
mistake(
    "lstm_step",
    replace={"sig(f) * ct + sig(i) * tanh(g)": "sig(i) * ct + sig(f) * tanh(g)"},
    name="gates of the wrong partner",
    same_as="lstm_step-3",
    says="The two gates have changed partners: the forget gate belongs to the old cell, the input gate to g.",
)
mistake(
    "lstm_step",
    replace={
        "    ct = sig(f) * ct + sig(i) * tanh(g)\n    ht = sig(o) * tanh(ct)\n": "    ht = sig(o) * tanh(ct)\n    ct = sig(f) * ct + sig(i) * tanh(g)\n"
    },
    says="h is made of the old cell: compute the new c first, and then h of it.",
)
mistake(
    "lstm_step",
    replace={" + ht @ lstm_cell.weight_hh.T": ""},
    says="The old hidden state is not used: add ht @ lstm_cell.weight_hh.T.",
)


@check("through_time", points=2, given={"x": X4, "cell": CELL}, compare=sequence(atol=1e-5))
def states_through_time(nb):
    """h and c after each of 19 letters are those of the cell."""
    cell = torch.nn.LSTMCell(3, 2)
    cell.load_state_dict(nb.given.cell)
    h, c = nb.through_time(cell, nb.given.x)
    if getattr(h, "requires_grad", False):
        raise ValueError("the result still carries its gradients; .detach() or .data leaves them behind")
    return {"c": c, "h": h}


@check("through_time", points=1, private=True, given={"x": X6, "cell": WIDE}, compare=hidden_states(atol=1e-5))
def states_of_a_wider_cell(nb):
    """With three hidden nodes, too."""
    cell = torch.nn.LSTMCell(4, 3)
    cell.load_state_dict(nb.given.cell)
    return nb.through_time(cell, nb.given.x)[0]


mistake(
    "through_time",
    replace={"lstm_step(lstm_cell, x[[t]], ht, ct)": "lstm_step(lstm_cell, x[[t]], torch.zeros_like(ht), torch.zeros_like(ct))"},
    says="Every letter begins with water again, so nothing is remembered. Hand on both states from letter to letter.",
)
mistake(
    "through_time",
    replace={"lstm_step(lstm_cell, x[[t]], ht, ct)": "lstm_step(lstm_cell, x[[t]], ht, torch.zeros_like(ct))"},
    says="The hidden state is handed on, but the cell state begins with water at each letter. It is the longer memory: hand it on, too.",
)
mistake(
    "through_time",
    replace={"return torch.cat(h).detach(), torch.cat(c).detach()": "return torch.cat(c).detach(), torch.cat(h).detach()"},
    says="The two have changed places: first h, then c.",
)
mistake(
    "through_time",
    replace={"return torch.cat(h).detach(), torch.cat(c).detach()": "return ht.detach(), ct.detach()"},
    says="Only the last states come out. All of them are wanted, a row for each letter.",
)
mistake(
    "through_time",
    replace={"torch.cat(h).detach(), torch.cat(c).detach()": "torch.cat(h), torch.cat(c)"},
    says="The states still carry their gradients: .detach() or .data leaves them behind.",
)


# Whether its weights have the shapes they should is asked before anything computes: torch does not ask, and reads what is not there.


@check("as_lstm", points=1, required=True, compare=exact())
def lstm_has_the_right_shapes(nb):
    """What you return is a torch.nn.LSTM of the right size, and each weight has the shape that it should."""
    found = {}
    for letters, hidden in ((3, 2), (5, 4)):
        lstm = nb.as_lstm(torch.nn.LSTMCell(letters, hidden))
        found[f"{letters}, {hidden}"] = [
            type(lstm).__name__,
            {name: list(value.shape) for name, value in lstm.named_parameters()},
        ]
    return found


@check("as_lstm", points=1, given={"cell": CELL}, compare=weights(upto="bias", atol=1e-6))
def lstm_weights(nb):
    """It holds the weights and biases of the cell."""
    cell = torch.nn.LSTMCell(3, 2)
    cell.load_state_dict(nb.given.cell)
    return nb.as_lstm(cell).state_dict()


@check("as_lstm", points=1, compare=exact())
def lstm_has_weights_of_its_own(nb):
    """When one of the two changes, the other does not."""
    cell = torch.nn.LSTMCell(3, 2)
    before = [parameter.detach().clone() for parameter in cell.parameters()]
    for parameter in nb.as_lstm(cell).parameters():
        parameter.data.add_(1)
    return all(torch.equal(was, now) for was, now in zip(before, cell.parameters(), strict=True))


@check("as_lstm", points=1, compare=exact())
def lstm_has_the_cells_sizes(nb):
    """It says itself that it has the sizes of the cell: here four letters and three hidden nodes."""
    lstm = nb.as_lstm(torch.nn.LSTMCell(4, 3))
    return [lstm.input_size, lstm.hidden_size]


@check("as_lstm", points=1, private=True, given={"x": X6, "cell": WIDE}, compare=hidden_states(atol=1e-5))
def lstm_through_time(nb):
    """A wider one goes through the states of the cell."""
    cell = torch.nn.LSTMCell(4, 3)
    cell.load_state_dict(nb.given.cell)
    lstm = nb.as_lstm(cell)
    like_it = torch.nn.LSTM(4, 3)
    for name, weight in like_it.named_parameters():
        if lstm.get_parameter(name).shape != weight.shape:
            raise ValueError(f"{name} has not the shape that it should have, so the LSTM is not run")
    like_it.load_state_dict(lstm.state_dict())
    return like_it(nb.given.x)[0]


mistake(
    "as_lstm",
    replace={
        "lstm.weight_ih_l0.data = lstm_cell.weight_ih": "lstm.weight_ih_l0.data = lstm_cell.weight_hh",
        "lstm.weight_hh_l0.data = lstm_cell.weight_hh": "lstm.weight_hh_l0.data = lstm_cell.weight_ih",
    },
    says="weight_ih and weight_hh have changed places. Torch believes what is assigned to .data, whatever its shape, and such an LSTM reads memory "
    "that is not its own: other numbers in every run, or a dead kernel. ih, input to hidden, has as many columns as there are letters.",
)
mistake(
    "as_lstm",
    replace={".clone()": ""},
    says="Without .clone() the cell and the LSTM hold the same memory: train one, and the other moves along.",
)
mistake(
    "as_lstm",
    source="""
def as_lstm(lstm_cell):
    lstm = torch.nn.LSTM(lstm_cell.input_size, lstm_cell.hidden_size)
    lstm.weight_ih_l0.data = lstm_cell.weight_ih.data.clone()
    lstm.weight_hh_l0.data = lstm_cell.weight_hh.data.clone()
    lstm.bias_ih_l0.data = torch.zeros(4 * lstm_cell.hidden_size)
    lstm.bias_hh_l0.data = torch.zeros(4 * lstm_cell.hidden_size)
    return lstm
""",
    says="The biases are missing: copy bias_ih and bias_hh, too.",
)
mistake(
    "as_lstm",
    replace={"lstm_cell.input_size, lstm_cell.hidden_size": "3, 2"},
    says="Your LSTM is always LSTM(3, 2). Its sizes are those of the cell: lstm_cell.input_size, lstm_cell.hidden_size.",
)
mistake(
    "as_lstm",
    replace={"lstm_cell.weight_hh.data.clone()": "lstm_cell.weight_hh.data.flip(0).clone()"},
    says="The rows of weight_hh are not in the cell's order. Both keep them in the order i, f, g, o: copy the weight as it stands.",
)

# =================================================================================== 5  inside an LSTM: 004-T37 to T41


@check("learn_abaB", points=1, compare=losses(atol=2e-3, epochs=False))
def first_losses_of_abaB(nb):
    """The losses of the first twenty epochs are those of the lecture's start."""
    return [float(loss) for loss in nb.losses[:20]]


@check("learn_abaB", points=1, compare=losses(band=0.3, decrease=0.05))
def losses_of_abaB(nb):
    """The losses fall as they should, over all epochs."""
    return [float(loss) for loss in nb.losses]


@check("learn_abaB", points=1, required=True, compare=trained())
def abaB_is_trained(nb):
    """Your optimizer has moved every weight of lstm and linr."""
    return nb.training(torch.nn.ModuleDict({"lstm": nb.lstm, "linr": nb.linr}))


@check(
    "learn_abaB",
    points=1,
    private=True,
    given={"x": X4_LONG},
    compare=linear_probe(labels=Y4_LONG.argmax(dim=1)[SETTLED:], at_least=0.95),
)
def abaB_is_remembered(nb):
    """The hidden states tell which letter comes next."""
    return nb.lstm(nb.given.x)[0][7:]


@check(
    "learn_abaB",
    points=1,
    private=True,
    given={"x": X4_LONG},
    compare=accuracy(labels=Y4_LONG.argmax(dim=1)[SETTLED:], at_least=0.95),
)
def abaB_is_predicted(nb):
    """linr makes the right predictions of them."""
    return nb.linr(nb.lstm(nb.given.x)[0])[7:]


mistake(
    "learn_abaB",
    replace={"lr=lr": "lr=0.001"},
    says="The learning rate is Adam's own, 0.001, and not that of the notebook: lr=lr.",
)
mistake(
    "learn_abaB",
    replace={"43052": "0"},
    says="From this seed the training comes to rest where the text is not known. That happens; but the task says the seed 43052.",
)
mistake(
    "learn_abaB",
    replace={"torch.optim.Adam": "torch.optim.SGD"},
    says="This is SGD, which does not get beyond guessing here. Take Adam.",
)
mistake(
    "learn_abaB",
    replace={'"LSTM"': '"RNN"'},
    says='You trained an RNN. This section is about make("LSTM", …).',
)
mistake(
    "learn_abaB",
    replace={" + list(linr.parameters())": ""},
    says="The optimizer does not hold the parameters of linr, so linr never learns.",
)

NAMES = ["x", "input_gate", "forget_gate", "g", "output_gate", "cell", "h"]


@check("printed_too_late", points=0, required=True, given={"names": NAMES}, compare=exact())
def too_late_is_a_list_of_names(nb):
    """Your answer is a list of some of these names. Whether it is the right one, your grade will tell."""
    return set(nb.printed_too_late) <= set(nb.given.names) and not isinstance(nb.printed_too_late, str)


@check("printed_too_late", points=2, private=True, compare=exact())
def too_late_is_found(nb):
    """You name what is read at t where it should be read at t − 1."""
    return sorted(nb.printed_too_late)


mistake(
    "printed_too_late",
    replace={'["cell", "h"]': '["cell"]'},
    says="cell is one of them. But the first line of the loop reads h[[t]] as well, which has not been computed yet, and is still zero.",
)
mistake(
    "printed_too_late",
    replace={'["cell", "h"]': '["h"]'},
    says="h is one of them. But forget_gate[[t]] * cell[[t]] is meant to keep something of the cell *before*, and cell[[t]] is still zero.",
)
mistake(
    "printed_too_late",
    replace={'["cell", "h"]': '["cell", "g", "h"]'},
    says="cell and h are right, g is not: the news of this letter is computed from this letter, so g[[t]] is what is meant.",
)
mistake(
    "printed_too_late",
    replace={'["cell", "h"]': '["cell", "h", "x"]'},
    says="cell and h are right, x is not: the letter that goes in at t is x[[t]].",
)


@check("over_time", points=1, given={"x": X4, "lstm": lstm_of(CELL)}, compare=exact())
def six_tensors(nb):
    """The dict has the six names, with a row for each letter, without gradients."""
    lstm = torch.nn.LSTM(3, 2)
    lstm.load_state_dict(nb.given.lstm)
    found = nb.over_time(lstm, nb.given.x)
    if any(getattr(value, "requires_grad", False) for value in found.values()):
        raise ValueError("the result still carries its gradients; .detach() or torch.no_grad() leaves them behind")
    return {name: list(found[name].shape) for name in sorted(found)}


@check("over_time", points=3, given={"x": X4, "lstm": lstm_of(CELL)}, compare=sequence(atol=1e-5))
def gates_and_states(nb):
    """Gates and states are right at each letter."""
    lstm = torch.nn.LSTM(3, 2)
    lstm.load_state_dict(nb.given.lstm)
    found = nb.over_time(lstm, nb.given.x)
    return {name: found[name] for name in ("input_gate", "forget_gate", "g", "output_gate", "cell", "h")}


@check("over_time", points=2, private=True, given={"x": X6, "lstm": lstm_of(WIDE)}, compare=sequence(atol=1e-5))
def gates_and_states_of_a_wider_one(nb):
    """With three hidden nodes, too, also when it is called a second time."""
    lstm = torch.nn.LSTM(4, 3)
    lstm.load_state_dict(nb.given.lstm)
    nb.over_time(lstm, nb.given.x)
    found = nb.over_time(lstm, nb.given.x)
    return {name: found[name] for name in ("input_gate", "forget_gate", "g", "output_gate", "cell", "h")}


mistake(
    "over_time",
    replace={"ht @ lstm.weight_hh_l0.T": "h[[t]] @ lstm.weight_hh_l0.T", "forget_gate[[t]] * ct": "forget_gate[[t]] * cell[[t]]"},
    says="These are the numbers of the printed loop: h[[t]] and cell[[t]] are still zero where they are read, so nothing is remembered. Read the "
    "states of t − 1.",
)
mistake(
    "over_time",
    replace={"forget_gate[[t]] * ct": "forget_gate[[t]] * cell[[t]]"},
    says="h is handed on, but not the cell: cell[[t]] is still zero where it is multiplied with the forget gate. Take the one of t − 1.",
)
mistake(
    "over_time",
    replace={"ht @ lstm.weight_hh_l0.T": "h[[t]] @ lstm.weight_hh_l0.T"},
    says="The cell is handed on, but not h: h[[t]] is still zero in the first line of the loop. Take the one of t − 1.",
)
mistake(
    "over_time",
    replace={"output_gate[[t]] * tanh(ct)": "tanh(output_gate[[t]] * ct)"},
    says="The output gate stands inside the tanh, as in the lecture's last formula. It is h = o ∘ tanh(c).",
)
mistake(
    "over_time",
    replace={"T, H = len(x), lstm.hidden_size": "T, H = len(x), 2"},
    says="Your loop is made for two hidden nodes. Their number is lstm.hidden_size, and the parts of ifgo are as wide.",
)
mistake(
    "over_time",
    replace={
        "forget_gate[[t]] = sig(ifgo[:, H : 2 * H])": "output_gate[[t]] = sig(ifgo[:, H : 2 * H])",
        "output_gate[[t]] = sig(ifgo[:, 3 * H :])": "forget_gate[[t]] = sig(ifgo[:, 3 * H :])",
    },
    says="Forget gate and output gate have changed places. The order is i, f, g, o.",
)


@check("two_figures", points=1, given={"states": STATES, "yhat": torch.softmax(draw(12, 3), dim=1)}, compare=figure())
def gates_drawn(nb):
    """The first figure shows the last eight rows of the gates, side by side in the right order."""
    return nb.two_figures(dict(nb.given.states), nb.given.yhat, 8)[0]


@check("two_figures", points=1, given={"states": STATES, "yhat": torch.softmax(draw(12, 3), dim=1)}, compare=figure())
def states_drawn(nb):
    """The second figure shows those of g, c, h and yhat."""
    return nb.two_figures(dict(nb.given.states), nb.given.yhat, 8)[1]


@check("two_figures", points=1, given={"states": STATES, "yhat": torch.softmax(draw(12, 3), dim=1)}, compare=exact())
def columns_are_named(nb):
    """The ticks tell what each column is."""
    figures = nb.two_figures(dict(nb.given.states), nb.given.yhat, 8)
    return [[label.get_text() for label in fig.axes[0].get_xticklabels()] for fig in figures]


@check(
    "two_figures",
    points=1,
    private=True,
    given={"states": WIDE_STATES, "yhat": torch.softmax(draw(9, 4), dim=1)},
    compare=figure(),
)
def wider_states_drawn(nb):
    """With three hidden nodes and another number of rows, too."""
    return nb.two_figures(dict(nb.given.states), nb.given.yhat, 5)[1]


mistake(
    "two_figures",
    replace={"combined[-last:]": "combined[:last]"},
    says="You drew the first rows. The last ones are [-last:].",
)
mistake(
    "two_figures",
    replace={
        '"i": states["input_gate"], "f": states["forget_gate"], "o": states["output_gate"]': '"i": states["forget_gate"], "f": states["input_gate"], "o": states["output_gate"]'
    },
    says="Input gate and forget gate have changed places: i, f, o.",
)
mistake(
    "two_figures",
    replace={'"yhat": yhat}': '"yhat": states["output_gate"]}'},
    says="The last columns of the second picture are to show the probabilities, yhat.",
)
mistake(
    "two_figures",
    replace={
        "        ax.set_xticks(range(combined.shape[1]), [name for name, part in columns.items() for _ in range(part.shape[1])])\n": ""
    },
    says="The columns have numbers for names. Put a tick with its name at each of them: ax.set_xticks(range(…), […]).",
)
mistake(
    "two_figures",
    replace={"combined[-last:]": "combined[-last:].T"},
    says="The pictures lie on their side. Leave time on the vertical axis.",
)

PARTNERS = ["x", "g", "old c", "c", "tanh(c)", "old h"]


@check("multiplies", points=0, required=True, given={"partners": PARTNERS}, compare=exact())
def partners_are_choices(nb):
    """Your answer names something out of the list for each of the three gates. Whether it is right, your grade will tell."""
    plain = {str(gate): str(partner).replace(" ", "") for gate, partner in dict(nb.multiplies).items()}
    known = {partner.replace(" ", "") for partner in nb.given.partners}
    return [sorted(plain), all(partner in known for partner in plain.values())]


@check("multiplies", points=1, private=True, compare=text())
def partner_of_the_input_gate(nb):
    """You say what the input gate is multiplied with."""
    return str(nb.multiplies["input_gate"]).replace(" ", "")


@check("multiplies", points=1, private=True, compare=text())
def partner_of_the_forget_gate(nb):
    """You say what the forget gate is multiplied with."""
    return str(nb.multiplies["forget_gate"]).replace(" ", "")


@check("multiplies", points=1, private=True, compare=text())
def partner_of_the_output_gate(nb):
    """You say what the output gate is multiplied with."""
    return str(nb.multiplies["output_gate"]).replace(" ", "")


mistake(
    "multiplies",
    replace={'"input_gate": "g", "forget_gate": "old c"': '"input_gate": "old c", "forget_gate": "g"'},
    says="Input gate and forget gate have changed partners: what is new, g, comes in by the input gate, and the forget gate decides about the old c.",
)
mistake(
    "multiplies",
    replace={'"tanh(c)"': '"c"'},
    says="The output gate is multiplied with tanh(c), not with c: with c at 127, h would be near 127.",
)
mistake(
    "multiplies",
    replace={'"input_gate": "g"': '"input_gate": "x"'},
    says="The input gate does not let the letter itself through, but what was made of it and the old h: g.",
)
mistake(
    "multiplies",
    replace={'"old c"': '"old h"'},
    says="The forget gate is multiplied with the old cell, not with the old hidden state: f decides what the cell keeps.",
)


@check("always_within_one", points=0, required=True, compare=exact())
def within_is_a_list_of_letters(nb):
    """Your answer is a list of some of the six letters. Whether it is the right one, your grade will tell."""
    return set(nb.always_within_one) <= set("ifgoch")


@check("always_within_one", points=2, private=True, compare=exact())
def which_lie_within(nb):
    """You name all that lie between −1 and 1 whatever happens, and nothing else."""
    return sorted(nb.always_within_one)


mistake(
    "always_within_one",
    replace={'["i", "f", "g", "o", "h"]': '["i", "f", "g", "o", "c", "h"]'},
    says="c is not bounded: at each letter up to 1 may be added, and with f near 1 it is all kept. Yours went beyond 100. The printed numbers come "
    "from the loop with the slip.",
)
mistake(
    "always_within_one",
    replace={'["i", "f", "g", "o", "h"]': '["i", "f", "o"]'},
    says="The gates are right, but there is more: g is a tanh, and h a gate times a tanh.",
)
mistake(
    "always_within_one",
    replace={'["i", "f", "g", "o", "h"]': '["g", "h"]'},
    says="g and h are right, but a number between 0 and 1, such as a gate, is between −1 and 1, too.",
)
mistake(
    "always_within_one",
    replace={'["i", "f", "g", "o", "h"]': '["i", "f", "g", "o"]'},
    says="h is missing: whatever c is, tanh(c) lies between −1 and 1, and the output gate makes it only smaller.",
)


@check("kept_and_added", points=1, given={"states": STATES}, compare=close(atol=1e-6))
def parts_of_the_cell(nb):
    """At t = 5, what is kept and what is added are right."""
    kept, added = nb.kept_and_added(dict(nb.given.states), 5)
    return {"kept": kept, "added": added}


@check("kept_and_added", points=1, private=True, given={"states": WIDE_STATES}, compare=close(atol=1e-6))
def parts_of_the_first_cell(nb):
    """With three hidden nodes, and at t = 0, too."""
    found = [nb.kept_and_added(dict(nb.given.states), t) for t in (0, 1, 8)]
    return [torch.stack([torch.as_tensor(kept) * torch.ones(3), torch.as_tensor(added)]) for kept, added in found]


mistake(
    "kept_and_added",
    replace={'states["cell"][t - 1] if t > 0 else torch.zeros_like(states["cell"][0])': 'states["cell"][t - 1]'},
    says="At t = 0, cell[t − 1] is cell[−1], the last row. Before the first letter there was water: nothing is kept.",
)
mistake(
    "kept_and_added",
    replace={'states["cell"][t - 1] if t > 0': 'states["cell"][t] if t > 0'},
    says="You multiply the forget gate with the new cell. It decides about the one before: cell[t − 1].",
)
mistake(
    "kept_and_added",
    replace={'states["forget_gate"][t]': '(1 - states["forget_gate"][t])'},
    says="This is what is forgotten, (1 − f) ∘ c. What is kept is f ∘ c.",
)
mistake(
    "kept_and_added",
    replace={
        'states["forget_gate"][t] * before': 'states["input_gate"][t] * before',
        'states["input_gate"][t] * states["g"]': 'states["forget_gate"][t] * states["g"]',
    },
    says="The gates have changed partners: f with the old cell, i with g.",
)
mistake(
    "kept_and_added",
    replace={"return kept, added": "return added, kept"},
    says="The two have changed places: first what is kept, then what is added.",
)

# ============================================================================================ 6  in review: 004-T42, T43


@check("wrong_formula", points=0, required=True, compare=exact())
def wrong_formula_is_a_letter(nb):
    """Your answer is one of the six letters. Whether it is the right one, your grade will tell."""
    return str(nb.wrong_formula).strip().lower() in tuple("ifgoch")


@check("wrong_formula", points=1, private=True, compare=text())
def wrong_formula_is_found(nb):
    """You say which formula is wrong."""
    return nb.wrong_formula


mistake(
    "wrong_formula",
    replace={'"h"': '"c"'},
    says="The formula of c is right; the order of the two terms does not matter.",
)
mistake(
    "wrong_formula",
    replace={'"h"': '"g"'},
    says="g is no gate, and takes a tanh: its formula is right.",
)
mistake(
    "wrong_formula",
    replace={'"h"': '"o"'},
    says="The output gate is computed like the others, and its formula is right. Look at what is done with it.",
)


@check("comparison", points=0, required=True, compare=exact())
def comparison_is_complete(nb):
    """Your table has the four rows, each with three of the given texts. Whether they are right, your grade will tell."""
    choices = ({"h", "c", "none"}, {"x", "g", "c"}, {"tanh", "none"})
    rows = [list(row) for row in nb.comparison.values()]
    fit = all(len(row) == 3 and all(cell in allowed for cell, allowed in zip(row, choices, strict=True)) for row in rows)
    return [sorted(nb.comparison), fit]


@check("comparison", points=1, private=True, compare=exact())
def what_is_past(nb):
    """The past is right in each row."""
    return [nb.comparison[name][0] for name in ("RNN h", "LSTM g", "LSTM c", "LSTM h")]


@check("comparison", points=1, private=True, compare=exact())
def what_is_present(nb):
    """The present is right in each row."""
    return [nb.comparison[name][1] for name in ("RNN h", "LSTM g", "LSTM c", "LSTM h")]


@check("comparison", points=1, private=True, compare=exact())
def what_is_the_activation(nb):
    """The activation is right in each row."""
    return [nb.comparison[name][2] for name in ("RNN h", "LSTM g", "LSTM c", "LSTM h")]


mistake(
    "comparison",
    replace={'("c", "g", "none")': '("c", "g", "tanh")'},
    says="c has no activation of its own: f ∘ c + i ∘ g. That is why it may grow beyond 1, and why it forgets so little.",
)
mistake(
    "comparison",
    replace={'("c", "g", "none")': '("h", "g", "none")'},
    says="The past of c is the old c: it is what the forget gate is multiplied with. The old h only goes into the gates and g.",
)
mistake(
    "comparison",
    replace={'"LSTM g": ("h", "x", "tanh")': '"LSTM g": ("c", "x", "tanh")'},
    says="g is made of the letter and the old h, like the hidden state of an RNN. The old c does not go into it.",
)
mistake(
    "comparison",
    replace={'("none", "c", "tanh")': '("c", "c", "tanh")'},
    says="h is made of the *new* c alone, h = o ∘ tanh(c): nothing of the step before stands in it.",
)
