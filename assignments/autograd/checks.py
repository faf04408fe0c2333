"""How the answers of `autograd` are judged, and what students typically get wrong. Order as in the notebook."""

import torch

from grader.author import avoids, check, close, exact, gradient, mistake, text

DRAW = torch.Generator().manual_seed(43052)


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=DRAW)


ONE, TWO, THREE, FOUR, FIVE = (draw(4) for _ in range(5))
MATRIX_1, MATRIX_2 = draw(3, 5), draw(3, 5)
AROUND_ZERO = torch.tensor([-1.5, -0.25, 0.5, 2.0, -3.0])
SIX = draw(2, 3)
START = torch.tensor([-2.0, 1.5])
OTHER_START = draw(4)

# ============================================================= 1  one operation at a time: 001-T10, T11, T12, T13, T14


@check("Multiply", points=0, required=True, compare=exact())
def multiply_is_your_own(nb):
    """Multiply is a torch.autograd.Function, with a backward of its own."""
    x = torch.ones(2, requires_grad=True)
    return isinstance(nb.Multiply.apply(x, x + 1).grad_fn, torch.autograd.function.BackwardCFunction)


@check("Multiply", points=2, given={"a": ONE, "b": TWO}, compare=gradient())
def multiply_gradients(nb):
    """Both gradients are the slopes of your product, times what comes from above."""
    return nb.gradients(nb.Multiply, nb.given.a, nb.given.b)


@check("Multiply", points=1, private=True, given={"a": MATRIX_1, "b": MATRIX_2}, compare=gradient())
def multiply_in_a_network(nb):
    """They are right in the middle of other operations, for a matrix."""
    return nb.gradients(lambda a, b: torch.tanh(nb.Multiply.apply(2 * a, b)) * b, nb.given.a, nb.given.b)


@check("Multiply", points=1, compare=exact())
def multiply_is_watched(nb):
    """When an input is changed before the way back, there is an error, or still the right gradient, but no wrong one."""
    x, y = torch.ones(3, requires_grad=True), torch.tensor([1.0, 2.0, 3.0])
    z = nb.Multiply.apply(x, y)
    y.mul_(10)
    error = nb.raises(z.sum().backward)
    return isinstance(error, RuntimeError) or x.grad.tolist() == [1.0, 2.0, 3.0]


mistake(
    "Multiply",
    replace={"upstream * in2, upstream * in1": "upstream * in1, upstream * in2"},
    says="The gradients are exchanged: the slope by in1 is in2, and the slope by in2 is in1.",
)
mistake(
    "Multiply",
    replace={"return upstream * in2, upstream * in1": "return in2, in1"},
    says="These are the slopes alone. What comes from above is left out, so it is right only where that is 1: upstream times slope.",
)
mistake(
    "Multiply",
    replace={
        "ctx.save_for_backward(in1, in2)": "ctx.in1, ctx.in2 = in1, in2",
        "in1, in2 = ctx.saved_tensors": "in1, in2 = ctx.in1, ctx.in2",
    },
    says="The inputs are kept as attributes of ctx, where torch does not watch over them: if one is changed before the way back, the gradient "
    "is silently wrong. Use ctx.save_for_backward.",
)
mistake(
    "Multiply",
    replace={"upstream * in2, upstream * in1": "upstream, upstream"},
    says="Upstream goes to both inputs unchanged: that is the way back through a sum. Through a product it is multiplied by the *other* input.",
)
mistake(
    "Multiply",
    replace={"return in1 * in2": "return in1 + in2", "upstream * in2, upstream * in1": "upstream, upstream"},
    says="Forwards this is a sum, in1 + in2. Multiply is the product.",
)


@check("Add", points=0, required=True, compare=exact())
def add_is_your_own(nb):
    """Add is a torch.autograd.Function, with a backward of its own."""
    x = torch.ones(2, requires_grad=True)
    return isinstance(nb.Add.apply(x, x + 1).grad_fn, torch.autograd.function.BackwardCFunction)


@check("Add", points=2, given={"a": ONE, "b": TWO, "c": THREE}, compare=gradient())
def add_three(nb):
    """For three inputs, sum and gradients are right."""
    return nb.gradients(nb.Add, nb.given.a, nb.given.b, nb.given.c)


@check("Add", points=1, private=True, given={"inputs": draw(5, 4)}, compare=gradient())
def add_any_number(nb):
    """So they are for five inputs, of which one comes twice."""
    a, b, c, d, e = nb.given.inputs
    return nb.gradients(lambda a, b, c, d, e: nb.Add.apply(a, b, c * c, d, e, a), a, b, c, d, e)


mistake(
    "Add",
    replace={"(upstream,) * ctx.count": "(upstream / ctx.count,) * ctx.count"},
    says="You share upstream out among the inputs, as for a mean. Whoever adds 1 to an input adds 1 to the sum: each input gets all of it.",
)
mistake(
    "Add",
    replace={
        "ctx.count = len(inputs)": "ctx.save_for_backward(*inputs)",
        "(upstream,) * ctx.count": "tuple(upstream * x for x in ctx.saved_tensors)",
    },
    says="You multiply upstream by the inputs, as for a product. The slope of a sum by each of its inputs is 1.",
)
mistake(
    "Add",
    replace={"(upstream,) * ctx.count": "(torch.ones_like(upstream),) * ctx.count"},
    says="These are the slopes alone, all of them 1. What comes from above is left out: each input gets upstream.",
)
mistake(
    "Add",
    replace={"(upstream,) * ctx.count": "(upstream, upstream, upstream)"},
    says="You return three gradients, whatever the number of inputs. There must be one for each: note in forward how many there are.",
)
mistake(
    "Add",
    replace={".sum(dim=0)": ".mean(dim=0)", "(upstream,) * ctx.count": "(upstream / ctx.count,) * ctx.count"},
    says="This is the mean of the inputs. Add gives their sum, and each gets upstream undivided.",
)


@check("Sigmoid", points=0, required=True, compare=exact())
def sigmoid_is_your_own(nb):
    """Sigmoid is a torch.autograd.Function, with a backward of its own."""
    return isinstance(nb.Sigmoid.apply(torch.ones(2, requires_grad=True)).grad_fn, torch.autograd.function.BackwardCFunction)


@check("Sigmoid", points=2, given={"x": ONE}, compare=gradient())
def sigmoid_gradient(nb):
    """Output and gradient of the sigmoid are right."""
    return nb.gradients(nb.Sigmoid, nb.given.x)


@check("Sigmoid", points=1, private=True, given={"x": MATRIX_1}, compare=gradient())
def sigmoid_of_a_sigmoid(nb):
    """They are right for a matrix, and for one sigmoid in another."""
    return nb.gradients(lambda x: nb.Sigmoid.apply(3 * nb.Sigmoid.apply(x) - 1), nb.given.x)


@check("Sigmoid", points=1, private=True, given={"x": torch.tensor([-200.0, -100.0, 105.0, 205.0])}, compare=close(atol=1e-6))
def sigmoid_far_out(nb):
    """Far out, output and gradient are numbers, and not NaN."""
    x = nb.given.x.clone().requires_grad_()
    out = nb.Sigmoid.apply(x)
    out.sum().backward()
    return {"out": out, "gradient": x.grad}


mistake(
    "Sigmoid",
    replace={
        "ctx.save_for_backward(out)": "ctx.save_for_backward(x)",
        "(out,) = ctx.saved_tensors": "(x,) = ctx.saved_tensors",
        "upstream * out * (1 - out)": "upstream * torch.sigmoid(x) * (1 - x)",
    },
    says="You computed σ(x)·(1 − x). The second factor has the sigmoid in it, too: σ(x)·(1 − σ(x)).",
)
mistake(
    "Sigmoid",
    replace={"upstream * out * (1 - out)": "upstream * torch.sigmoid(out) * (1 - torch.sigmoid(out))"},
    says="You took the sigmoid of what is already one: this is the slope at σ(x), 0.235 instead of 0.25 in the middle. With the output kept, "
    "the slope is out·(1 − out).",
)
mistake(
    "Sigmoid",
    replace={"(1 - out)": "(out - 1)"},
    says="The sign is wrong: the sigmoid rises everywhere, so its slope is positive, out·(1 − out).",
)
mistake(
    "Sigmoid",
    replace={"upstream * out * (1 - out)": "out * (1 - out)"},
    says="This is the slope alone. What comes from above is left out: upstream·out·(1 − out).",
)
mistake(
    "Sigmoid",
    replace={
        "ctx.save_for_backward(out)": "ctx.save_for_backward(x)",
        "(out,) = ctx.saved_tensors": "(x,) = ctx.saved_tensors",
        "upstream * out * (1 - out)": "upstream * torch.exp(-x) / (1 + torch.exp(-x)) ** 2",
    },
    says="The formula is right on paper, but exp(100) is too large for a float, and inf / inf is NaN. With the output kept, out·(1 − out), "
    "nothing overflows.",
)


@check("ReLU", points=0, required=True, compare=exact())
def relu_is_your_own(nb):
    """ReLU is a torch.autograd.Function, with a backward of its own."""
    return isinstance(nb.ReLU.apply(torch.ones(2, requires_grad=True)).grad_fn, torch.autograd.function.BackwardCFunction)


@check("ReLU", points=2, given={"x": AROUND_ZERO}, compare=gradient())
def relu_gradient(nb):
    """Output and gradient of ReLU are right on both sides of 0."""
    return nb.gradients(nb.ReLU, nb.given.x)


@check("ReLU", points=1, compare=close(atol=1e-6))
def relu_at_zero(nb):
    """At 0 itself, the gradient is 0."""
    x = torch.zeros(2, requires_grad=True)
    nb.ReLU.apply(x).backward(torch.tensor([1.0, -2.0]))
    return x.grad


@check("ReLU", points=1, private=True, given={"x": 3 * MATRIX_2}, compare=gradient())
def relu_in_a_network(nb):
    """They are right for a matrix, in the middle of other operations."""
    return nb.gradients(lambda x: nb.ReLU.apply(1 - nb.ReLU.apply(x)) ** 2, nb.given.x)


mistake(
    "ReLU",
    replace={"upstream * (x > 0)": "upstream"},
    says="Upstream passes everywhere. Where the input was negative, the output was 0 whatever the input: nothing passes back there.",
)
mistake(
    "ReLU",
    replace={"(x > 0)": "(x >= 0)"},
    says="At exactly 0 you let upstream pass. That is a possible choice, but torch's, and this task's, is 0: x > 0.",
)
mistake(
    "ReLU",
    replace={"upstream * (x > 0)": "x.clamp(min=0)"},
    says="You pass the input on instead of upstream: this is ReLU once more. Backwards it is the gradient from above that passes, or not.",
)
mistake(
    "ReLU",
    replace={"upstream * (x > 0)": "upstream.clamp(min=0)"},
    says="You look at the sign of upstream. Whether the gate is open was decided by the *input*, forwards; upstream may be negative.",
)
mistake(
    "ReLU",
    replace={"upstream * (x > 0)": "(x > 0).to(x.dtype)"},
    says="This is the slope alone, 0 or 1. What comes from above is left out: multiply it in.",
)


@check("Max", points=0, required=True, compare=exact())
def max_is_your_own(nb):
    """Max is a torch.autograd.Function, with a backward of its own."""
    return isinstance(
        nb.Max.apply(torch.tensor([1.0, 2.0], requires_grad=True)).grad_fn, torch.autograd.function.BackwardCFunction
    )


@check("Max", points=2, given={"x": TWO}, compare=gradient())
def max_gradient(nb):
    """The winner gets all of upstream, the others nothing."""
    return nb.gradients(nb.Max, nb.given.x)


@check("Max", points=1, private=True, given={"x": torch.tensor([2.0, 5.5, 5.5, -7.25, 5.5, 1.0])}, compare=close(atol=1e-5))
def max_with_ties(nb):
    """Where several are the largest, they get upstream together, not each."""
    x = nb.given.x.clone().requires_grad_()
    nb.Max.apply(x).backward(torch.tensor(-3.0))
    return {"together": x.grad.sum(), "the others": x.grad[[0, 3, 5]], "none against it": bool((x.grad <= 0).all())}


mistake(
    "Max",
    replace={"gradient[x.argmax()] = upstream": "gradient[:] = upstream"},
    says="All entries get upstream. Only the largest one had any influence on the output; the others get 0.",
)
mistake(
    "Max",
    replace={"gradient[x.argmax()] = upstream": "gradient[x == x.max()] = upstream"},
    says="When several entries are the largest, each gets all of upstream, so it is given away several times. Give it to one, or share it out.",
)
mistake(
    "Max",
    replace={"gradient[x.argmax()] = upstream": "gradient[x.argmax()] = 1"},
    says="The winner gets 1: that is the slope alone. It should get upstream.",
)
mistake(
    "Max",
    replace={"gradient[x.argmax()] = upstream": "gradient[x.argmax()] = upstream * x.max()"},
    says="You multiply upstream by the largest entry. The slope of the output by the winner is 1, whatever its value.",
)
mistake(
    "Max",
    replace={"x.argmax()": "0"},
    says="You always give upstream to the first entry. It belongs to the largest one, wherever it stands: argmax.",
)


@check("FanOut", points=0, required=True, compare=exact())
def fan_out_is_your_own(nb):
    """FanOut is a torch.autograd.Function, with a backward of its own."""
    return isinstance(nb.FanOut.apply(torch.ones(2, requires_grad=True), 2)[0].grad_fn, torch.autograd.function.BackwardCFunction)


@check("FanOut", points=2, compare=close(atol=1e-5))
def fan_out_of_the_picture(nb):
    """For the graph of the picture, dz/dt is 36 at t = 2."""
    t = torch.tensor(2.0, requires_grad=True)
    first, second = nb.FanOut.apply(t, 2)
    (first**2 * (3 * second)).backward()
    return {"copies": [first, second], "dz/dt": t.grad}


@check("FanOut", points=1, given={"t": ONE}, compare=gradient())
def fan_out_in_three(nb):
    """For three branches, their gradients add up."""
    return nb.gradients(lambda t: nb.FanOut.apply(t, 3), nb.given.t)


@check("FanOut", points=1, private=True, given={"t": MATRIX_1}, compare=gradient())
def fan_out_in_fan_out(nb):
    """So they do for a matrix, four branches, and one fan-out behind another."""

    def forward(t):
        a, b, c, d = nb.FanOut.apply(t, 4)
        e, f = nb.FanOut.apply(torch.sin(b), 2)
        return a * e + c * d - f**2

    return nb.gradients(forward, nb.given.t)


mistake(
    "FanOut",
    replace={"torch.stack(upstreams).sum(dim=0)": "upstreams[0]"},
    says="Only the first branch counts. t acts on the result along all of them: add up their gradients.",
)
mistake(
    "FanOut",
    replace={"torch.stack(upstreams).sum(dim=0)": "upstreams[-1]"},
    says="Only the last branch counts, as if each gradient had overwritten the one before. They add up.",
)
mistake(
    "FanOut",
    replace={".sum(dim=0), None": ".prod(dim=0), None"},
    says="You multiply the gradients of the branches. One multiplies along a branch; different branches are added.",
)
mistake(
    "FanOut",
    replace={".sum(dim=0), None": ".mean(dim=0), None"},
    says="You take the mean of the branches. Nobody shares anything out here: t moves all of the copies at once, so the gradients add up.",
)
mistake(
    "FanOut",
    replace={"torch.stack(upstreams).sum(dim=0)": "upstreams[0] + upstreams[1]"},
    says="You add the first two gradients only. There are k of them.",
)

# ============================================================================ 2  what torch notes down: 001-T16


@check("facts", points=2, compare=exact())
def facts_of_the_lecture(nb):
    """For the lecture's x and y = x + 2, all is noted rightly."""
    x = torch.ones(2, 2, requires_grad=True)
    return [nb.facts(x), nb.facts(x + 2)]


@check("facts", points=1, private=True, given={"w": FOUR}, compare=exact())
def facts_of_other_tensors(nb):
    """So it is for tensors that nobody follows, and for those that were cut off."""
    w = nb.given.w.clone().requires_grad_()
    u = torch.exp(w)
    found = [nb.facts(tensor) for tensor in (nb.given.w, nb.given.w * 2, u, u.detach(), u.mean(), w @ u)]
    w.requires_grad_(False)
    return [*found, nb.facts(w), nb.facts(u)]


mistake(
    "facts",
    replace={"None if made_by is None else type(made_by).__name__": "type(made_by).__name__"},
    says='For a leaf you give the text "NoneType", the type of None. It should be None itself.',
)
mistake(
    "facts",
    replace={'"is_leaf": tensor.is_leaf': '"is_leaf": not tensor.is_leaf'},
    says="is_leaf is the wrong way round: a leaf is what you made yourself, at the beginning of the graph. x is one, x + 2 is not.",
)
mistake(
    "facts",
    replace={'"is_leaf": tensor.is_leaf': '"is_leaf": tensor.requires_grad'},
    says="To be a leaf and to require gradients are two things: x + 2 requires gradients, too, but is no leaf.",
)
mistake(
    "facts",
    replace={"None if made_by is None else type(made_by).__name__": "made_by is not None"},
    says="Under grad_fn you say only whether there is one. Its name is asked for.",
)
mistake(
    "facts",
    replace={'"is_leaf": tensor.is_leaf': '"is_leaf": tensor.is_leaf and tensor.requires_grad'},
    says="A tensor that nobody follows is a leaf as well: nothing made it that autograd knows of. Take is_leaf as it is.",
)


@check("spelled", points=1, compare=exact())
def slip_of_the_attribute(nb):
    """1: the attribute is there, and says whether a tensor is followed."""
    return [getattr(torch.ones(2, requires_grad=flag), nb.spelled[1].strip().lstrip(".")) for flag in (True, False)]


@check("spelled", points=1, compare=exact())
def slip_of_the_block(nb):
    """2: in a block with this, nothing is followed."""
    expression = nb.spelled[2].strip().removeprefix("with ").rstrip(": ")
    x = torch.ones(2, requires_grad=True)
    with eval(expression, {"torch": torch}):  # noqa: S307  the student's own text, where the student's code runs
        y = x * 2
    return [y.requires_grad, (x * 2).requires_grad]


@check("spelled", points=1, compare=exact())
def slip_of_the_printed_true(nb):
    """3: the expression is True for a tensor that is followed, and False for one that is not."""
    found = []
    for flag in (True, False):
        x = torch.ones(2, requires_grad=flag)
        found.append(eval(nb.spelled[3], {"x": x, "requires_grad": flag}))  # noqa: S307  the student's own text
    return found


@check("spelled", points=1, compare=text(pattern=r"^[\s$(]*d?\s*k"))
def slip_of_the_left_side(nb):
    """4: the derivative of the whole stands to the left."""
    return nb.spelled[4]


@check("spelled", points=1, compare=exact())
def slip_of_the_assertion(nb):
    """5: the condition is true for an 8, and false for a 7."""
    table = torch.tensor([[8.0, 7.0]])
    return [bool(eval(nb.spelled[5], {"dz_dx": table, "i": 0, "j": j})) for j in (0, 1)]  # noqa: S307  the student's own text


mistake(
    "spelled",
    replace={'1: "requires_grad"': '1: "required_grad"'},
    says="1: that is the slip itself. The attribute says that the tensor *requires* a gradient.",
)
mistake(
    "spelled",
    replace={'"torch.no_grad()"': '"torch_no_grad()"'},
    says="2: no_grad belongs to torch, so a dot stands between them, and the dot before `with` goes away: torch.no_grad().",
)
mistake(
    "spelled",
    replace={'"x.requires_grad"': '"x.grad_fn"'},
    says="3: x was made by hand, so its grad_fn is None. What is True is that x requires a gradient.",
)
mistake(
    "spelled",
    replace={'"k\'(x)"': '"f\'(x)"'},
    says="4: f is only the outermost function. The four factors together are the derivative of k.",
)
mistake(
    "spelled",
    replace={"dz_dx[i][j].numpy() == 8.0": "dz_dx[i][j].numpy == 8.0"},
    says="5: without parentheses the method is not called, and a method is never equal to 8. Call it: numpy(), or item().",
)
mistake(
    "spelled",
    replace={'"x.requires_grad"': '"x.is_leaf"'},
    says="3: is_leaf is True for x, but also for a tensor that nobody follows. It is not what requires_grad=True has set.",
)


@check("nodes_of", points=2, compare=exact())
def nodes_of_the_picture(nb):
    """For the graph of the picture the four nodes are found, and none for a leaf."""
    x = torch.ones(2, 2, requires_grad=True)
    return [sorted(nb.nodes_of(((x + 2) ** 3).mean())), sorted(nb.nodes_of(x))]


@check("nodes_of", points=2, private=True, given={"w": FIVE}, compare=exact())
def nodes_of_other_graphs(nb):
    """With branches, several leaves and constants, each node is found once."""
    w, v = nb.given.w.clone().requires_grad_(), torch.ones(4, requires_grad=True)
    u = torch.exp(w)
    several = [(u * u).sum(), torch.tanh(u * v) - nb.given.w * v, torch.stack([u, w, torch.sin(u)]), nb.given.w * 2]
    return [sorted(nb.nodes_of(tensor)) for tensor in several]


mistake(
    "nodes_of",
    source="""
def nodes_of(tensor):
    names = []
    node = tensor.grad_fn
    while node is not None:
        names.append(type(node).__name__)
        node = node.next_functions[0][0] if node.next_functions else None
    return names
""",
    says="You follow the first input only. An operation with two inputs has two ways back: go through all of next_functions.",
)
mistake(
    "nodes_of",
    replace={"if node is not None and node not in seen:": "if node is not None:"},
    says="A node to which two ways lead is counted twice, with all that lies behind it. Remember which nodes you have been to.",
)
mistake(
    "nodes_of",
    replace={"for node in seen]": "for node in seen if node.next_functions]"},
    says="The nodes at the end are missing: AccumulateGrad, one for each leaf.",
)
mistake(
    "nodes_of",
    replace={"            waiting += [before for before, _ in node.next_functions]\n": ""},
    says="This is only the last node, grad_fn. From there the way goes on through next_functions.",
)
mistake(
    "nodes_of",
    replace={"[type(node).__name__ for node in seen]": "list({type(node).__name__ for node in seen})"},
    says="You count each *name* once. A graph may have two different nodes of the same name, such as two leaves: each node counts once.",
)

# =========================================================================================== 3  backward: 001-T17, T18


@check("all_gradients", points=2, compare=close(atol=1e-5))
def gradients_of_the_lecture(nb):
    """For x of ones the gradients are 6.75, 6.75 and 0.25."""
    x_grad, y_grad, z_grad = nb.all_gradients(torch.ones(2, 2))
    return {"x": x_grad, "y": y_grad, "z": z_grad}


@check("all_gradients", points=2, private=True, given={"numbers": SIX}, compare=close(atol=1e-4))
def gradients_of_other_numbers(nb):
    """For other numbers in another shape they are right, also the second time."""
    nb.all_gradients(nb.given.numbers)
    return list(nb.all_gradients(nb.given.numbers))


mistake(
    "all_gradients",
    replace={"z.mean()": "z.sum()"},
    says="out is the sum of z here, so all gradients are too large by the number of entries, 27 instead of 6.75. out is the mean.",
)
mistake(
    "all_gradients",
    replace={"y = x + 2": "y = x * 2"},
    says="Your y is 2·x. It should be x + 2; then x and y have the same gradient.",
)
mistake(
    "all_gradients",
    replace={"z = y**3": "z = y**2"},
    says="Your z is the square of y. It should be the cube: y ** 3, with the slope 3·y².",
)
mistake(
    "all_gradients",
    replace={"    y.retain_grad()\n    z.retain_grad()\n": ""},
    says="The gradients of y and z are None: those of tensors that are no leaves are thrown away, unless you call retain_grad() on each "
    "before you go back.",
)
mistake(
    "all_gradients",
    replace={
        "    y.retain_grad()\n    z.retain_grad()\n    out.backward()\n": "    y.retain_grad()\n    out.backward()\n    z.retain_grad()\n"
    },
    says="The gradient of z is None: retain_grad() must be called *before* backward(), and on z as well as on y.",
)


@check("second_backward", points=1, compare=text(pattern="a second time"))
def message_of_the_second_backward(nb):
    """The message is that of the error of the second backward()."""
    return nb.second_backward(torch.ones(2, 2))[0]


@check("second_backward", points=1, compare=close(atol=1e-5))
def gradients_after_the_error(nb):
    """After the error, the three gradients are what they are then."""
    return list(nb.second_backward(torch.ones(2, 2))[1:])


@check("second_backward", points=1, private=True, given={"numbers": SIX + 0.5}, compare=close(atol=1e-4))
def gradients_after_another_error(nb):
    """So they are for other numbers."""
    return list(nb.second_backward(nb.given.numbers)[1:])


mistake(
    "second_backward",
    replace={"try:\n        out.backward()\n    except RuntimeError as error:\n        message = str(error)": "out.backward()"},
    says="The error is not caught, so nothing is returned. Put the second out.backward() into try, and except RuntimeError as error.",
)
mistake(
    "second_backward",
    replace={"message = str(error)": "pass"},
    says='You caught the error, but its text is lost: message is still "no error". except RuntimeError as error: message = str(error).',
)
mistake(
    "second_backward",
    replace={"        out.backward()\n    except": "        graph(numbers)[-1].backward()\n    except"},
    says="You made a new graph and went back through that, which works, of course. The second backward() must go through the *same* graph.",
)
mistake(
    "second_backward",
    replace={"message = str(error)": "message = str(error)\n        x.grad = y.grad = z.grad = None"},
    says="You cleared the gradients after the error. They are to be returned as the failed pass has left them.",
)
mistake(
    "second_backward",
    replace={"    try:\n        out.backward()": "    try:\n        z.grad = None\n        out.backward()"},
    says="Your z.grad is what one pass gives: you looked at it (or copied it) before the second pass, or cleared it. Leave it alone, and look "
    "after the error.",
)


@check("after_passes", points=2, compare=close(atol=1e-5))
def two_passes(nb):
    """After two passes x.grad and y.grad are 13.5, and z.grad is None."""
    x_grad, y_grad, z_grad = nb.after_passes(torch.ones(2, 2), 2)
    return {"x": x_grad, "y": y_grad, "z is None": z_grad is None}


@check("after_passes", points=2, private=True, given={"numbers": SIX - 0.5}, compare=close(atol=1e-3))
def more_passes(nb):
    """So it is after one and after five passes, for other numbers."""
    five, one = nb.after_passes(nb.given.numbers, 5), nb.after_passes(nb.given.numbers, 1)
    return [*five[:2], *one[:2], [five[2] is None, one[2] is None]]


mistake(
    "after_passes",
    replace={
        "        out.backward(retain_graph=True)": "        x.grad = y.grad = None\n        out.backward(retain_graph=True)"
    },
    says="You clear the gradients between the passes, so only the last one is left, 6.75. Here they should add up.",
)
mistake(
    "after_passes",
    replace={"range(passes)": "range(passes + 1)"},
    says="You went back once too often: `passes` passes in all.",
)
mistake(
    "after_passes",
    replace={"    y.retain_grad()\n": "    y.retain_grad()\n    z.retain_grad()\n"},
    says="z keeps its gradient, too. It should not: call retain_grad() on y only.",
)
mistake(
    "after_passes",
    replace={"    y.retain_grad()\n": ""},
    says="y.grad is None: y is no leaf, so it keeps its gradient only if you call y.retain_grad() before the first pass.",
)
mistake(
    "after_passes",
    replace={"retain_graph=True": ""},
    says="The first pass has freed what the second one needs: say retain_graph=True.",
)
mistake(
    "after_passes",
    replace={
        "        out.backward(retain_graph=True)": "        x, y, z, out = graph(numbers)\n        y.retain_grad()\n        out.backward()"
    },
    same_as="after_passes-1",
    says="You make a new graph, with a new x, for each pass, so nothing adds up. Make it once, before the loop, and say retain_graph=True.",
)

# ====================================================================================== 4  to stop following: 001-T16


@check("copies", points=1, compare=exact())
def copies_that_require_gradients(nb):
    """You say which of the four results require gradients."""
    return {name: bool(pair[0]) for name, pair in nb.copies.items()}


@check("copies", points=1, compare=exact())
def copies_that_share_memory(nb):
    """You say which of them share their memory with x."""
    return {name: bool(pair[1]) for name, pair in nb.copies.items()}


mistake(
    "copies",
    replace={'"x.detach()": (False, True)': '"x.detach()": (False, False)'},
    says="x.detach() is no copy: it holds the same memory as x. Change an entry of it, and x changes.",
)
mistake(
    "copies",
    replace={'"x.clone()": (True, False)': '"x.clone()": (False, False)'},
    says="x.clone() is an operation like any other: autograd follows it, and its grad_fn is CloneBackward0.",
)
mistake(
    "copies",
    replace={'"x.detach().clone()": (False, False)': '"x.detach().clone()": (False, True)'},
    says="clone() makes new memory, whatever it is a clone of: x.detach().clone() shares nothing with x.",
)
mistake(
    "copies",
    replace={'"x + 2": (True, False)': '"x + 2": (False, False)'},
    says="x + 2 requires gradients because x does: whatever is made from a followed tensor is followed.",
)
mistake(
    "copies",
    replace={
        "(False, True)": "(True, False)",
        '"x.clone()": (True, False)': '"x.clone()": (False, True)',
        '"x + 2": (True, False)': '"x + 2": (False, True)',
    },
    says="The two truth values of a pair have changed places: first whether it requires gradients, then whether it shares memory.",
)


@check("stopped", points=1, compare=close(atol=1e-5))
def stopped_at_1_2_3(nb):
    """At 1, 2 and 3 the gradient is right."""
    return nb.stopped(torch.tensor([1.0, 2.0, 3.0]))


@check("stopped", points=1, private=True, given={"numbers": SIX + 1}, compare=close(atol=1e-4))
def stopped_elsewhere(nb):
    """It is right for other numbers."""
    return nb.stopped(nb.given.numbers)


mistake(
    "stopped",
    replace={"y * y.detach()": "y * y"},
    says="Nothing is detached: this is the whole derivative, 4x³. The second y should count as a constant.",
)
mistake(
    "stopped",
    replace={"(y * y.detach()).sum()": "(y * y).detach().sum()"},
    says="You detached the whole product, so no way leads back to x. Detach the second y only.",
)
mistake(
    "stopped",
    replace={"y = x**2": "y = x * x.detach()"},
    says="You detached an x inside of y. It is the second *y* that counts as a constant; the first one is x², with the slope 2x.",
)
mistake(
    "stopped",
    replace={"(y * y.detach()).sum()": "y.sum()"},
    says="The detached factor is not there at all. A constant factor gets no gradient, but it does multiply: y times y.detach().",
)


@check("descend", points=2, given={"start": START}, compare=close(atol=1e-4))
def path_into_the_valley(nb):
    """The first steps into the valley are right, the start stands first."""
    return nb.descend(lambda w: (w[0] - 1) ** 2 / 2 + 4 * (w[1] + 1) ** 2, nb.given.start, 0.1, 4)


@check("descend", points=2, private=True, given={"start": OTHER_START}, compare=close(atol=1e-4))
def path_into_another_valley(nb):
    """So they are for another function of more variables."""
    return nb.descend(lambda w: (torch.arange(1.0, 5.0) * w**2).sum() + torch.sin(w[0] * w[3]), nb.given.start, 0.06, 6)


@check("descend", points=1, compare=exact())
def path_is_cut_off(nb):
    """The path requires no gradient, and the start is as it was."""
    start = torch.tensor([3.0, 4.0])
    path = nb.descend(lambda w: (w**2).sum(), start, 0.25, 3)
    return {"requires_grad": path.requires_grad, "start": start.tolist(), "start requires": start.requires_grad}


mistake(
    "descend",
    replace={"        w.grad = None\n": ""},
    says="The gradient is never cleared, so each step goes along the sum of all gradients so far, and runs past the goal. w.grad = None.",
)
mistake(
    "descend",
    replace={"path.append(w.detach().clone())": "path.append(w.detach())"},
    says="All rows after the first are the same: detach() is no copy, so each holds the memory of w, and shows where w is at the end. "
    "Note down w.detach().clone().",
)
mistake(
    "descend",
    replace={"w -= rho * w.grad": "w += rho * w.grad"},
    says="This goes uphill. The step is minus ρ times the gradient.",
)
mistake(
    "descend",
    replace={"        with torch.no_grad():\n            w -= rho * w.grad\n": "        w -= rho * w.grad\n"},
    says="A leaf that requires gradients must not be changed in place while autograd looks: put the step into `with torch.no_grad():`.",
)
mistake(
    "descend",
    replace={"path = [w.detach().clone()]": "path = []"},
    says="The start is missing from the path: it is its first row.",
)
mistake(
    "descend",
    replace={"w = start.clone().requires_grad_()": "w = start.requires_grad_()"},
    says="You worked on start itself: it has moved, and requires gradients now. Take a copy.",
)

# ============================================================================== 5  many by many: 001-T15, 001-T19


@check("shapes", points=1, compare=exact())
def shapes_for_one_output(nb):
    """The two derivatives of a number have the right shapes."""
    return [list(nb.shapes["a number by a number"]), list(nb.shapes["a number by a vector"])]


@check("shapes", points=1, compare=exact())
def shapes_for_many_outputs(nb):
    """The Jacobian, and v times it, have the right shapes."""
    return [list(nb.shapes["a vector by a vector"]), list(nb.shapes["v times the Jacobian"])]


mistake(
    "shapes",
    replace={'"a number by a vector": (4,)': '"a number by a vector": (1, 4)'},
    says="A gradient has the shape of the vector itself, (4,). A row (1, 4) would be the Jacobian of a function with one output in a vector.",
)
mistake(
    "shapes",
    replace={"(3, 4)": "(4, 3)"},
    says="The Jacobian is transposed: its *rows* belong to the outputs, of which there are 3, and its columns to the 4 inputs.",
)
mistake(
    "shapes",
    replace={'"v times the Jacobian": (4,)': '"v times the Jacobian": (3,)'},
    says="v has a number for each of the 3 outputs. The product goes back to the inputs, so it has 4.",
)
mistake(
    "shapes",
    replace={'"a number by a number": ()': '"a number by a number": (1,)'},
    says="(1,) is a vector with one entry. A number has no axis at all: ().",
)


@check("vjp", points=2, given={"x": torch.tensor([0.5778, 1.1385, -0.4793])}, compare=close(atol=1e-6))
def vjp_of_the_lecture(nb):
    """For 2x and the lecture's v the product is right, also when it is asked for twice."""
    v = torch.tensor([0.1, 1.0, 0.0001])
    return [nb.vjp(lambda x: 2 * x, nb.given.x, v), nb.vjp(lambda x: 2 * x, nb.given.x, v)]


@check("vjp", points=2, private=True, given={"x": FOUR, "v": draw(2)}, compare=close(atol=1e-4))
def vjp_from_two_to_four(nb):
    """It is right for a function that makes 2 numbers of 4, and mixes them."""
    return nb.vjp(lambda x: torch.stack([x[0] * x[1] - x[3], torch.exp(x[1]) * x[2] ** 2]), nb.given.x, nb.given.v)


mistake(
    "vjp",
    replace={"f(leaf).backward(v)": "f(leaf).sum().backward()"},
    says="v is not used: this is the product with ones, the gradient of the sum. Give v to backward().",
)
mistake(
    "vjp",
    replace={"f(leaf).backward(v)": "f(leaf).backward()"},
    says="For a vector there is no default: backward() without an argument works for a single number only. Say what comes from above, backward(v).",
)
mistake(
    "vjp",
    replace={"    f(leaf).backward(v)\n    return leaf.grad": "    f(leaf).sum().backward()\n    return v * leaf.grad"},
    says="You multiply by v at the end. That is right only where each output depends on one input; in general v belongs at the outputs, "
    "where the way back begins: backward(v).",
)
mistake(
    "vjp",
    replace={"return leaf.grad": "return v * x"},
    says="This is v times x, with no derivative in it. The product is with the Jacobian: what backward(v) leaves in .grad.",
)


@check("jacobian", points=2, given={"x": torch.tensor([2.0, 0.5])}, compare=close(atol=1e-5))
def jacobian_of_polar_coordinates(nb):
    """For the polar coordinates of the notebook the Jacobian is right."""
    return nb.jacobian(lambda p: torch.stack([p[0] * torch.cos(p[1]), p[0] * torch.sin(p[1])]), nb.given.x)


@check("jacobian", points=2, private=True, given={"x": FOUR}, compare=close(atol=1e-4))
def jacobian_from_four_to_three(nb):
    """So it is for 3 outputs and 4 inputs, rows for outputs."""
    return nb.jacobian(lambda x: torch.stack([x[0] * x[1] - x[3], torch.exp(x[1]) * x[2] ** 2, torch.tanh(x).sum()]), nb.given.x)


@check(
    "jacobian",
    points=1,
    given={"x": torch.tensor([2.0, 0.5])},
    compare=avoids(
        functions=(
            "torch.autograd.functional.jacobian",
            "torch.func.jacrev",
            "torch.func.jacfwd",
            "functorch.jacrev",
            ".jacobian",
            ".jacrev",
            ".jacfwd",
        )
    ),
)
def jacobian_is_your_own(nb):
    """It is made row by row, without torch's ready-made Jacobians."""
    return nb.jacobian(lambda p: p * p, nb.given.x)


mistake(
    "jacobian",
    replace={"torch.stack(rows)": "torch.stack(rows, dim=1)"},
    says="The Jacobian is transposed: row i belongs to output i.",
)
mistake(
    "jacobian",
    replace={
        "        (row,) = torch.autograd.grad(y, leaf, v, retain_graph=True)\n        rows.append(row)\n": "        y.backward(v, retain_graph=True)\n        rows.append(leaf.grad.clone())\n"
    },
    says="Each row holds the sum of all rows before it: .grad adds up from pass to pass. Clear it, or use torch.autograd.grad.",
)
mistake(
    "jacobian",
    replace={", retain_graph=True": ""},
    says="The first pass has freed the graph, so the second row fails: say retain_graph=True.",
)
mistake(
    "jacobian",
    replace={"torch.autograd.grad(y, leaf, v, ": "torch.autograd.grad(y, leaf, torch.ones_like(v), "},
    says="All rows are the same, the gradient of the sum of all outputs. For row i take a v that is 1 at place i and 0 elsewhere.",
)
mistake(
    "jacobian",
    replace={"return torch.stack(rows)": "return torch.autograd.functional.jacobian(f, x)"},
    says="The matrix is right, but it is torch's ready-made one. Build it yourself, a row for each v.",
)

# ================================================================== 6  gradients of gradients: 001-T28, T29, T30


@check("square_of_sum", points=2, compare=close(atol=1e-5))
def square_of_the_lecture(nb):
    """For ones: y = 4, z = 16, and all derivatives are 8."""
    y, z, dz_dx, dz_dy = nb.square_of_sum(torch.ones(2, 2))
    return {"y": float(y), "z": float(z), "dz_dx": dz_dx, "dz_dy": float(dz_dy)}


@check("square_of_sum", points=2, private=True, given={"numbers": SIX * 2 + 0.25}, compare=close(atol=1e-4))
def square_of_other_numbers(nb):
    """For other numbers all four are right, and dz/dx has their shape."""
    y, z, dz_dx, dz_dy = nb.square_of_sum(nb.given.numbers)
    return [float(y), float(z), dz_dx, float(dz_dy)]


mistake(
    "square_of_sum",
    replace={"x.sum()": "x.mean()"},
    says="Your y is the mean of x, 1 instead of 4. It should be the sum.",
)
mistake(
    "square_of_sum",
    replace={"y = x.sum()": "y = x.norm()"},
    says="Your z is the sum of the squares. It should be the square of the sum: first add, then square.",
)
mistake(
    "square_of_sum",
    replace={
        "    dz_dx, dz_dy = torch.autograd.grad(z, [x, y])\n": "    (dz_dx,) = torch.autograd.grad(z, x, retain_graph=True)\n    dz_dy = y\n"
    },
    says="dz/dy is 2y, not y: a factor 2 is lost. Let autograd say it.",
)
mistake(
    "square_of_sum",
    replace={
        "    dz_dx, dz_dy = torch.autograd.grad(z, [x, y])\n": "    (dz_dx,) = torch.autograd.grad(z, x)\n    (dz_dy,) = torch.autograd.grad(z, y)\n"
    },
    says="The first question has freed the graph, and the second one fails. Ask for both at once, or say retain_graph=True in the first.",
)
mistake(
    "square_of_sum",
    replace={"torch.autograd.grad(z, [x, y])": "torch.autograd.grad(z, [y, y])"},
    says="dz/dx is a single number, the derivative by y. By x there is one for each entry, in the shape of x.",
)


@check("fourth_power", points=1, compare=close(atol=1e-4))
def fourth_power_of_the_lecture(nb):
    """At 3 the derivatives are 108 and 6."""
    return [float(value) for value in nb.fourth_power(3.0)]


@check("fourth_power", points=2, private=True, compare=close(atol=1e-4))
def fourth_power_elsewhere(nb):
    """They are right elsewhere, where first and second derivative differ."""
    return [float(value) for place in (2.0, -1.25, 0.6) for value in nb.fourth_power(place)]


mistake(
    "fourth_power",
    replace={"torch.autograd.grad(z, x, retain_graph=True)": "torch.autograd.grad(z, y, retain_graph=True)"},
    says="This is dz/dy = 2y. By x it goes on: times dy/dx.",
)
mistake(
    "fourth_power",
    replace={"return dz_dx, dy_dx": "return dz_dx, y"},
    says="You return y itself, 9 at 3, in place of its derivative, 6.",
)
mistake(
    "fourth_power",
    replace={", retain_graph=True": ""},
    says="The first question has freed the part of the graph that the second one needs: say retain_graph=True.",
)
mistake(
    "fourth_power",
    replace={
        "torch.autograd.grad(z, x, retain_graph=True)": "torch.autograd.grad(torch.autograd.grad(z, x, create_graph=True)[0], x, retain_graph=True)"
    },
    says="You differentiated twice: this is 12x². At x = 3 it is 108, as 4x³ is, so the lecture's number does not show it.",
)
mistake(
    "fourth_power",
    replace={
        "    (dy_dx,) = torch.autograd.grad(y, x)\n": "    z.backward(retain_graph=True)\n    y.backward()\n    dy_dx = x.grad\n"
    },
    says="x.grad adds up: in it are dz/dx and dy/dx together. Clear it in between, or use torch.autograd.grad, which adds nothing.",
)


@check("derivatives", points=2, compare=close(atol=1e-4))
def derivatives_of_the_lecture(nb):
    """The cube has the derivatives 3 and 6 at 1; x to the fourth has 108, 108, 72 and 24 at 3."""
    return [
        [float(value) for value in nb.derivatives(lambda x: x**3, 1.0, 2)],
        [float(value) for value in nb.derivatives(lambda x: x**4, 3.0, 4)],
    ]


@check("derivatives", points=2, private=True, compare=close(atol=1e-3))
def derivatives_of_other_functions(nb):
    """They are right for other functions, elsewhere."""
    functions = [(lambda x: torch.sin(2 * x), 0.7, 5), (lambda x: x * torch.exp(-x), -0.4, 4), (lambda x: 1 / x, 1.7, 3)]
    return [[float(value) for value in nb.derivatives(function, place, n)] for function, place, n in functions]


@check("derivatives", points=1, compare=exact())
def derivatives_as_many_as_asked(nb):
    """There are as many as were asked for, the first one first."""
    return [len(nb.derivatives(torch.exp, 0.0, n)) for n in (1, 3, 6)]


mistake(
    "derivatives",
    replace={", create_graph=True": ""},
    says="The derivative was computed, but nobody followed the computation, so it cannot be differentiated again: create_graph=True.",
)
mistake(
    "derivatives",
    replace={
        "        (y,) = torch.autograd.grad(y, x, create_graph=True)\n": "        y.backward(create_graph=True)\n        y = x.grad.clone()\n"
    },
    says="x.grad adds up, so the second derivative has the first one in it, 9 instead of 6. Clear it, or use torch.autograd.grad.",
)
mistake(
    "derivatives",
    replace={
        "        (y,) = torch.autograd.grad(y, x, create_graph=True)\n": "        (y,) = torch.autograd.grad(f(x), x, create_graph=True)\n"
    },
    says="You differentiate f itself each time, so all derivatives are the first. Differentiate the one before.",
)
mistake(
    "derivatives",
    replace={
        "        (y,) = torch.autograd.grad(y, x, create_graph=True)\n        found.append(y.item())\n": "        found.append(y.item())\n        (y,) = torch.autograd.grad(y, x, create_graph=True)\n"
    },
    says="Your list begins with the value of f, and the last derivative is missing. The first derivative comes first.",
)
mistake(
    "derivatives",
    replace={"    return found": "    return found[::-1]"},
    says="The list is the wrong way round: the first derivative comes first.",
)
