"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers. They use `nn`, `F`, `np`, `reduce`, `Function` and `grad` besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
from functools import reduce

import numpy as np
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Function, grad
"""

ANSWERS: dict[str, list[Sources]] = {}

# ======================================================================================= 1  one operation at a time

ANSWERS["Multiply"] = [
    """
class Multiply(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        z = x * y
        return z

    @staticmethod
    def backward(ctx, grad_z):
        x, y = ctx.saved_tensors
        grad_x = y * grad_z
        grad_y = x * grad_z
        return grad_x, grad_y
""",
    # keeps copies: nobody else can change them
    """
class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, in1, in2):
        ctx.save_for_backward(in2.clone(), in1.clone())
        return torch.mul(in1, in2)

    @staticmethod
    def backward(ctx, upstream):
        return tuple(upstream * slope for slope in ctx.saved_tensors)
""",
    # setup_context, the newer way to write it
    """
class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(in1, in2):
        return in1 * in2

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, upstream):
        in1, in2 = ctx.saved_tensors
        return in2 * upstream, in1 * upstream
""",
]

ANSWERS["Add"] = [
    """
class Add(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs):
        ctx.n = len(inputs)
        return sum(inputs)

    @staticmethod
    def backward(ctx, upstream):
        return tuple(upstream.clone() for i in range(ctx.n))
""",
    """
class Add(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *inputs):
        total = torch.zeros_like(inputs[0])
        for x in inputs:
            total = total + x
        return total

    @staticmethod
    def backward(ctx, upstream):
        return tuple(upstream if needed else None for needed in ctx.needs_input_grad)
""",
    """
class Add(Function):
    @staticmethod
    def forward(ctx, first, *others):
        ctx.others = len(others)
        return reduce(torch.add, others, first)

    @staticmethod
    def backward(ctx, upstream):
        gradients = [upstream]
        for _ in range(ctx.others):
            gradients.append(upstream * 1)
        return tuple(gradients)
""",
]

ANSWERS["Sigmoid"] = [
    """
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.sigmoid(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * (y - y ** 2)
""",
    """
class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * (1 + torch.tanh(x / 2))

    @staticmethod
    def backward(ctx, upstream):
        x = ctx.saved_tensors[0]
        s = torch.sigmoid(x)
        return s * torch.sigmoid(-x) * upstream
""",
    """
class Logistic(Function):
    @staticmethod
    def forward(ctx, x):
        out = 1 / (1 + (-x).exp())
        local = out * (1 - out)
        ctx.save_for_backward(local)
        return out

    @staticmethod
    def backward(ctx, upstream):
        return ctx.saved_tensors[0] * upstream


Sigmoid = Logistic
""",
]

ANSWERS["ReLU"] = [
    """
class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, x, 0)

    @staticmethod
    def backward(ctx, upstream):
        x, = ctx.saved_tensors
        grad_x = upstream.clone()
        grad_x[x <= 0] = 0
        return grad_x
""",
    """
class ReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        gate = (x > 0)
        ctx.save_for_backward(gate)
        return x * gate

    @staticmethod
    def backward(ctx, upstream):
        gate, = ctx.saved_tensors
        return torch.where(gate, upstream, torch.zeros_like(upstream))
""",
    """
class ReLU(Function):
    @staticmethod
    def forward(ctx, x):
        out = F.relu(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, upstream):
        (out,) = ctx.saved_tensors
        return upstream * out.sign()
""",
]

ANSWERS["Max"] = [
    """
class Max(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.winner = int(torch.argmax(x))
        ctx.n = len(x)
        return x[ctx.winner].clone()

    @staticmethod
    def backward(ctx, upstream):
        return upstream * F.one_hot(torch.tensor(ctx.winner), ctx.n)
""",
    # shared out among those that are the largest
    """
class Max(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = torch.amax(x)
        winners = (x == out)
        ctx.save_for_backward(winners)
        return out

    @staticmethod
    def backward(ctx, upstream):
        winners, = ctx.saved_tensors
        return upstream * winners / winners.sum()
""",
    # the last of the largest
    """
class Max(Function):
    @staticmethod
    def forward(ctx, x):
        best = 0
        for i in range(len(x)):
            if x[i] >= x[best]:
                best = i
        mask = torch.zeros_like(x)
        mask[best] = 1.0
        ctx.save_for_backward(mask)
        return (x * mask).sum()

    @staticmethod
    def backward(ctx, upstream):
        mask, = ctx.saved_tensors
        return mask * upstream
""",
]

ANSWERS["FanOut"] = [
    """
class FanOut(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t, k):
        return tuple(t.clone() for i in range(k))

    @staticmethod
    def backward(ctx, *grads):
        total = torch.zeros_like(grads[0])
        for g in grads:
            total = total + g
        return total, None
""",
    """
class FanOut(torch.autograd.Function):
    @staticmethod
    def forward(ctx, t, k):
        return (t,) * k

    @staticmethod
    def backward(ctx, *upstreams):
        return sum(upstreams), None
""",
    """
class FanOut(Function):
    @staticmethod
    def forward(ctx, t, k):
        return t.expand(k, *t.shape).clone().unbind()

    @staticmethod
    def backward(ctx, *upstreams):
        return reduce(lambda a, b: a + b, upstreams), None
""",
]

# ========================================================================================== 2  what torch notes down

ANSWERS["facts"] = [
    """
def facts(tensor):
    name = None
    if tensor.grad_fn is not None:
        name = tensor.grad_fn.name()
    return dict(requires_grad=tensor.requires_grad, is_leaf=tensor.is_leaf, grad_fn=name)
""",
    """
def facts(tensor):
    result = {name: getattr(tensor, name) for name in ("grad_fn", "is_leaf", "requires_grad")}
    if result["grad_fn"]:
        result["grad_fn"] = result["grad_fn"].__class__.__name__
    return result
""",
]

ANSWERS["spelled"] = [
    """
spelled = {
    1: "requires_grad",
    2: "torch.no_grad():",
    3: "x.requires_grad == True",
    4: "k′(x)",
    5: "dz_dx[i][j].item() == 8.0",
}
""",
    """
spelled = {}
spelled[1] = ".requires_grad"
spelled[2] = "with torch.no_grad():"
spelled[3] = "requires_grad"
spelled[4] = "k'(x) = "
spelled[5] = "dz_dx[i][j] == 8"
""",
    """
spelled = dict(enumerate([
    "requires_grad", "torch.set_grad_enabled(False)", "x.requires_grad is True", "dk/dx", "float(dz_dx[i, j]) == 8.0",
], start=1))
""",
]

ANSWERS["nodes_of"] = [
    # recursive
    """
def nodes_of(tensor):
    seen = {}

    def visit(node):
        if node is None or node in seen:
            return
        seen[node] = type(node).__name__
        for following, _ in node.next_functions:
            visit(following)

    visit(tensor.grad_fn)
    return list(seen.values())
""",
    # in breadth
    """
def nodes_of(tensor):
    if tensor.grad_fn is None:
        return []
    nodes = [tensor.grad_fn]
    for node in nodes:
        for pair in node.next_functions:
            if pair[0] is not None and pair[0] not in nodes:
                nodes.append(pair[0])
    return [node.__class__.__name__ for node in nodes]
""",
    """
def nodes_of(tensor):
    level, found = {tensor.grad_fn} - {None}, set()
    while level:
        found |= level
        level = {after for node in level for after, _ in node.next_functions} - found - {None}
    return sorted(type(node).__name__ for node in found)
""",
]

# ======================================================================================================= 3  backward

ANSWERS["all_gradients"] = [
    """
def all_gradients(numbers):
    x = torch.tensor(numbers.tolist(), requires_grad=True)
    y = torch.add(x, 2); y.retain_grad()
    z = y * y * y; z.retain_grad()
    z.mean().backward()
    return x.grad, y.grad, z.grad
""",
    """
def all_gradients(numbers):
    x = numbers.detach().clone().requires_grad_(True)
    y = x + 2
    z = y ** 3
    out = z.sum() / z.numel()
    return torch.autograd.grad(out, (x, y, z))
""",
    """
def all_gradients(numbers):
    kept = {}
    x = numbers.clone()
    x.requires_grad = True
    y = x + 2
    z = torch.pow(y, 3)
    y.register_hook(lambda g: kept.update(y=g))
    z.register_hook(lambda g: kept.update(z=g))
    torch.mean(z).backward()
    return [x.grad, kept["y"], kept["z"]]
""",
]

ANSWERS["second_backward"] = [
    """
def second_backward(numbers):
    x, y, z, out = graph(numbers)
    for tensor in (y, z):
        tensor.retain_grad()
    message = "no error"
    try:
        out.backward()
        out.backward()
    except RuntimeError as e:
        message = repr(e)
    return message, x.grad, y.grad, z.grad
""",
    """
def second_backward(numbers):
    x, y, z, out = graph(numbers)
    message = "no error"
    y.retain_grad(), z.retain_grad()
    torch.autograd.backward(out)
    try:
        torch.autograd.backward(out)
    except Exception as problem:
        message = problem.args[0]
    return [message, x.grad.clone(), y.grad.clone(), z.grad.clone()]
""",
]

ANSWERS["after_passes"] = [
    """
def after_passes(numbers, passes):
    x, y, z, out = graph(numbers)
    y.retain_grad()
    for p in range(passes - 1):
        out.backward(retain_graph=True)
    out.backward()
    return x.grad, y.grad, None
""",
    """
def after_passes(numbers, passes):
    x, y, z, out = graph(numbers)
    y.retain_grad()
    done = 0
    while done < passes:
        torch.autograd.backward([out], retain_graph=True)
        done += 1
    return (x.grad, y.grad, z.grad)
""",
    """
def after_passes(numbers, passes):
    x, y, _, out = graph(numbers)
    y.retain_grad()
    for left in reversed(range(passes)):
        out.backward(retain_graph=left > 0)
    return x.grad, y.grad, _.grad
""",
]

# ============================================================================================== 4  to stop following

ANSWERS["copies"] = [
    """
copies = {
    "x + 2": (True, False),
    "x.clone()": (True, False),
    "x.detach()": (False, True),
    "x.detach().clone()": (False, False),
}
""",
    """
x = torch.ones(3, requires_grad=True)
copies = {}
for name in ["x.detach()", "x.clone()", "x.detach().clone()", "x + 2"]:
    result = eval(name)
    copies[name] = [result.requires_grad, result.data_ptr() == x.data_ptr()]
""",
]

ANSWERS["stopped"] = [
    """
def stopped(numbers):
    x = numbers.detach().clone().requires_grad_()
    y = x * x
    constant = y.detach()
    return torch.autograd.grad((y * constant).sum(), x)[0]
""",
    """
def stopped(numbers):
    x = torch.tensor(numbers.numpy(), requires_grad=True)
    y = x ** 2
    with torch.no_grad():
        still = x ** 2
    (y * still).backward(torch.ones_like(y))
    return x.grad
""",
    """
def stopped(numbers):
    # by hand: y' times the constant y
    return 2 * numbers * numbers ** 2
""",
]

ANSWERS["descend"] = [
    """
def descend(f, start, rho, steps):
    w = start.clone()
    path = torch.zeros(steps + 1, len(start))
    path[0] = w
    for k in range(steps):
        w = w.detach().requires_grad_()
        g, = torch.autograd.grad(f(w), w)
        w = (w - rho * g).detach()
        path[k + 1] = w
    return path
""",
    """
def descend(f, start, rho, steps):
    w = torch.tensor(start.tolist(), requires_grad=True)
    path = [w.tolist()]
    for _ in range(steps):
        loss = f(w)
        loss.backward()
        w.data -= rho * w.grad
        w.grad.zero_()
        path.append(w.tolist())
    return torch.tensor(path)
""",
    """
def descend(f, start, rho, steps):
    w = nn.Parameter(start.detach().clone())
    optimizr = torch.optim.SGD([w], lr=rho)
    path = [start.clone()]
    for _ in range(steps):
        optimizr.zero_grad()
        f(w).backward()
        optimizr.step()
        path.append(w.data.clone())
    return torch.vstack(path)
""",
]

# ===================================================================================================== 5  many by many

ANSWERS["shapes"] = [
    """
shapes = {
    "a number by a number": torch.Size([]),
    "a number by a vector": torch.Size([4]),
    "a vector by a vector": torch.Size([3, 4]),
    "v times the Jacobian": torch.Size([4]),
}
""",
    """
A = torch.zeros(3, 4)
shapes = dict(zip(
    ["a number by a number", "a number by a vector", "a vector by a vector", "v times the Jacobian"],
    [(), (4,), tuple(A.shape), tuple((torch.ones(3) @ A).shape)],
))
""",
]

ANSWERS["vjp"] = [
    """
def vjp(f, x, v):
    x = x.detach().clone().requires_grad_(True)
    return grad(f(x), x, grad_outputs=v)[0]
""",
    """
def vjp(f, x, v):
    x = x.clone().requires_grad_()
    (f(x) * v).sum().backward()
    return x.grad
""",
    """
def vjp(f, x, v):
    return torch.autograd.functional.vjp(f, x, v)[1]
""",
]

ANSWERS["jacobian"] = [
    """
def jacobian(f, x):
    m = len(f(x))
    return torch.stack([vjp(f, x, v) for v in torch.eye(m)])
""",
    """
def jacobian(f, x):
    x = x.clone().requires_grad_()
    y = f(x)
    J = torch.empty(len(y), len(x))
    for i in range(len(y)):
        x.grad = None
        y[i].backward(retain_graph=True)
        J[i] = x.grad
    return J
""",
    """
def jacobian(f, x):
    x = x.detach().requires_grad_()
    return torch.vstack([grad(f(x)[i], x)[0] for i in range(f(x).numel())])
""",
]

# =========================================================================================== 6  gradients of gradients

ANSWERS["square_of_sum"] = [
    """
def square_of_sum(numbers):
    x = numbers.clone().requires_grad_()
    y = torch.sum(x)
    z = torch.multiply(y, y)
    dz_dx, = torch.autograd.grad(z, x, retain_graph=True)
    dz_dy, = torch.autograd.grad(z, y)
    return y, z, dz_dx, dz_dy
""",
    """
def square_of_sum(numbers):
    x = torch.tensor(numbers.tolist(), requires_grad=True)
    y = x.sum()
    y.retain_grad()
    z = y ** 2
    z.backward()
    return y.item(), z.item(), x.grad, y.grad
""",
]

ANSWERS["fourth_power"] = [
    """
def fourth_power(number):
    x = torch.tensor(float(number), requires_grad=True)
    y = x * x
    z = y * y
    z.backward(retain_graph=True)
    dz_dx = x.grad.clone()
    x.grad.zero_()
    y.backward()
    return dz_dx, x.grad
""",
    """
def fourth_power(number):
    x = torch.tensor(number, requires_grad=True)
    y = x * x
    dy_dx, = torch.autograd.grad(y, x, retain_graph=True)
    z = y * y
    dz_dx, = torch.autograd.grad(z, x)
    return dz_dx.item(), dy_dx.item()
""",
    """
def fourth_power(number):
    def slope(f):
        x = torch.tensor([number], requires_grad=True)
        f(x).sum().backward()
        return x.grad[0]
    return slope(lambda x: (x * x) * (x * x)), slope(lambda x: x * x)
""",
]

ANSWERS["derivatives"] = [
    """
def derivatives(f, number, n):
    x = torch.tensor(float(number), requires_grad=True)
    y = f(x)
    result = []
    for k in range(n):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
        result.append(float(y))
    x.grad = None
    return result
""",
    """
def derivatives(f, number, n):
    def slope_of(g):
        return lambda x: torch.autograd.grad(g(x), x, create_graph=True)[0]
    values = []
    for _ in range(n):
        f = slope_of(f)
        values.append(f(torch.tensor(number, requires_grad=True, dtype=torch.float64)).item())
    return values
""",
    """
def derivatives(f, number, n):
    result = []
    g = f
    for _ in range(n):
        g = torch.func.grad(g)
        result.append(g(torch.tensor(number)).item())
    return result
""",
]
