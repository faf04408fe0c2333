"""What lecture 004 prints of LSTMs, recomputed with the reference."""

import functools

import torch

from reference import lstm as ref

from .book import Book

book = Book("lstm")
SEED, RATE = 43052, 0.1


@functools.cache
def abaB() -> tuple[torch.Tensor, torch.Tensor]:
    return ref.text_data("abaB", 100)


def cell() -> torch.nn.LSTMCell:
    torch.manual_seed(SEED)
    return torch.nn.LSTMCell(3, 2)


def last_states(h: torch.Tensor, c: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"ht": h[-1].detach(), "ct": c[-1].detach()}


@functools.cache
def as_printed() -> dict[str, torch.Tensor]:
    """After the lecture's training, with the slip of its loop."""
    lstm, *_ = ref.learn_abaB(*abaB(), RATE, 1000)
    return ref.as_printed(lstm, abaB()[0])


def rows(*names: str) -> dict[str, torch.Tensor]:
    states = {"g": as_printed()["g"], "c": as_printed()["cell"], "h": as_printed()["h"]}
    return {f"{name}_{row}": states[name][row] for name in names for row in (-8, -7)}


# ------------------------------------------------------------------------------------------------------------- the texts


@book.recomputes("004-P17")
def abcabC():
    return {"txt8": (list("abcabC") * 100)[:8], "shape": list(ref.text_data("abcabC", 100)[0].shape)}


@book.recomputes("004-P18")
def letters_and_contexts():
    letters, contexts = ref.letters_and_contexts("abcabC")
    return {"letters": letters, "contexts": contexts}


@book.recomputes("004-P19")
def abcdabcD():
    return {"txt8": (list("abcdabcD") * 100)[:8]}


@book.recomputes("004-P20")
def abaB_begins():
    return {"txt5": (list("abaB") * 100)[:5]}


@book.recomputes("004-P26")
def pairs_of_abaB():
    txt = list("abaB") * 100
    x, y = (rows.int().tolist() for rows in abaB())
    ends = {"x_head": x[:3], "x_tail": x[-3:], "y_head": y[:3], "y_tail": y[-3:]}
    return {"txt5": txt[:5], "x10": txt[:-1][:10], "y10": txt[1:][:10], **ends}


@book.recomputes("004-P33")
def how_many_of_each():
    x, _ = abaB()
    return {"n_words": x.shape[1], "implied_counts_x": x.sum(dim=0).int()}


# ------------------------------------------------------------------------------------------------------------ the states


@book.recomputes("004-P21")
def an_epoch_of_a_cell():
    lstm_cell = cell()
    linr = torch.nn.Linear(2, 3)
    optimizr = torch.optim.Adam([*lstm_cell.parameters(), *linr.parameters()], lr=RATE)
    return last_states(*ref.one_epoch(lstm_cell, linr, optimizr, *abaB()))


@book.recomputes("004-P22")
def a_step_of_a_cell():
    return last_states(*cell()(abaB()[0][[0]]))


@book.recomputes("004-P23")
def a_step_by_hand():
    water = torch.zeros(1, 2)
    return last_states(*ref.lstm_step(cell(), abaB()[0][[0]], water, water))


@book.recomputes("004-P24")
def all_steps_by_hand():
    return last_states(*ref.through_time(cell(), abaB()[0]))


@book.recomputes("004-P25")
def an_lstm_with_the_weights_of_the_cell():
    _, (h, c) = ref.as_lstm(cell())(abaB()[0])
    return last_states(h, c)


# ------------------------------------------------------------------------------------------------ the gates, with the slip


@book.recomputes("004-P27")
def g_and_c_with_the_slip():
    return rows("g", "c")


@book.recomputes("004-P28")
def g_c_and_h_with_the_slip():
    return rows("g", "c", "h")


@book.recomputes("004-P29")
def the_second_letter():
    states = as_printed()
    input_gate, forget_gate = states["input_gate"][1], states["forget_gate"][1]
    return {
        "input_gate1": input_gate,
        "g1": states["g"][1],
        "forget_gate1": forget_gate,
        "cell0": states["cell"][0],
        "text_i": [round(value, 1) for value in input_gate.tolist()],
        "text_f": [round(value, 1) for value in forget_gate.tolist()],
    }


@book.recomputes("004-P30")
def gates():
    states = as_printed()
    found = torch.cat([states["input_gate"], states["forget_gate"], states["output_gate"]])
    return {"gates_in_0_1": bool(((found >= 0) & (found <= 1)).all())}


# ------------------------------------------------------------------------------------------------------- RNN against LSTM


@book.recomputes("004-P32", slow=True)
def which_learns_more_often():
    """Said of pictures of 25 fits of each, drawn without a seed; so it is for the seeds 0 to 24, on both texts."""
    better, nearer = [], []
    for word, hidden in [("abcabC", 3), ("abcdabcD", 4)]:
        x, y = ref.text_data(word, 5)
        fits = {kind: ref.fit_many(kind, range(25), x, y, hidden, RATE, 600)[0] for kind in ("RNN", "LSTM")}
        right = {kind: sum(ref.learned(*pair, x, y, len(word)) for pair in pairs) for kind, pairs in fits.items()}
        near = {kind: ref.near_zero(torch.stack([net(x)[0] for net, _ in pairs])) for kind, pairs in fits.items()}
        better.append(right["LSTM"] > right["RNN"])
        nearer.append(near["LSTM"] > near["RNN"])
    return {"lstm_better": all(better), "lstm_more_near_zero": all(nearer)}


test_printed = book.tests()
