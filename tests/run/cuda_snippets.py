"""What students write for a GPU: the snippets of `test_run_cuda`."""

from __future__ import annotations

import re

__all__ = ["CASES", "UNTOUCHED", "lines"]

FACTORIES = """
torch.tensor([[1.0, 2.0], [3.0, 4.0]], device="cuda:0")
torch.tensor([1.0], dtype=torch.float64, device=torch.device("cuda"), requires_grad=True)
torch.as_tensor([1, 2], device="cuda")
torch.asarray([1.5], device="cuda")
torch.zeros(2, 3, device="cuda")
torch.zeros(2, 3, device=torch.device("cuda", 0))
torch.zeros((2,), device="cuda:3", dtype=torch.int64)
torch.ones(2, device="cuda")
torch.full((2, 2), 7.0, device="cuda")
torch.empty(0, 3, device="cuda")
torch.empty_strided((2, 3), (3, 1), device="cuda").shape
torch.arange(5, device="cuda")
torch.range(1, 3, device="cuda")
torch.linspace(0, 1, 5, device="cuda")
torch.logspace(0, 1, 5, device="cuda")
torch.eye(3, device="cuda")
torch.rand(3, device="cuda")
torch.randn(3, 2, device="cuda:0")
torch.randint(0, 9, (5,), device="cuda")
torch.randperm(9, device="cuda")
torch.normal(0.0, 1.0, (3,), device="cuda")
torch.scalar_tensor(3.0, device="cuda")
torch.tril_indices(3, 3, device="cuda")
torch.triu_indices(3, 3, device="cuda")
torch.hann_window(4, device="cuda")
torch.fft.fftfreq(4, device="cuda")
torch.signal.windows.cosine(4, device="cuda")
torch.sparse_coo_tensor([[0, 1], [1, 0]], [1.0, 2.0], (2, 2), device="cuda").to_dense()
torch.nested.nested_tensor([torch.ones(2)], device="cuda").unbind()
torch.zeros_like(torch.ones(2), device="cuda")
torch.ones_like(torch.zeros(2), device="cuda", dtype=torch.int32)
torch.full_like(torch.zeros(2), 3.0, device="cuda")
torch.empty_like(torch.zeros(2, 3), device="cuda").shape
torch.rand_like(torch.zeros(3), device="cuda")
torch.randn_like(torch.zeros(3), device="cuda")
torch.randint_like(torch.zeros(3), 0, 9, device="cuda")
torch.ones(1).new_tensor([1.0, 2.0], device="cuda")
torch.ones(1).new_zeros(2, 2, device="cuda")
torch.ones(1).new_ones((2,), device="cuda")
torch.ones(1).new_full((2,), 3.0, device="cuda")
torch.ones(1).new_empty((2, 3), device="cuda").shape
torch.randn(3, device="cuda", generator=torch.Generator(device="cuda").manual_seed(3))
torch.randn(3, generator=torch.Generator("cuda:0").manual_seed(3))
"""

MOVES = """
torch.ones(2).to("cuda")
torch.ones(2).to("cuda:0")
torch.ones(2).to(torch.device("cuda:1"))
torch.ones(2).to(device="cuda", dtype=torch.float64)
torch.ones(2).to("cuda", torch.int32, True)
torch.ones(2).to("cuda", non_blocking=True, copy=True)
torch.ones(2).to(torch.zeros(1, dtype=torch.float64, device="cuda"))
torch.ones(2).to(torch.float16)
torch.ones(2).cuda()
torch.ones(2).cuda(0)
torch.ones(2).cuda("cuda:0")
torch.ones(2).cuda(device=0)
torch.ones(2).cuda(non_blocking=True)
torch.ones(2).cuda().cpu().numpy().tolist()
torch.nn.Parameter(torch.ones(2)).to("cuda").is_leaf
isinstance(torch.nn.Parameter(torch.ones(2)).cuda(), torch.nn.Parameter)
torch.nn.Linear(2, 2).to("cuda")
torch.nn.Linear(2, 2).to(torch.device("cuda:0"), torch.float64)
torch.nn.Linear(2, 2).to(device="cuda", non_blocking=True)
torch.nn.Linear(2, 2).cuda()
torch.nn.Linear(2, 2).cuda(0)
torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).to("cuda:0")
torch.nn.Linear(2, 2, device="meta").to_empty(device="cuda").weight.shape
torch.nn.utils.rnn.pack_sequence([torch.ones(2), torch.zeros(1)]).to("cuda").data
torch.nn.utils.rnn.pack_sequence([torch.ones(2), torch.zeros(1)]).cuda().batch_sizes
torch.nn.utils.rnn.pack_sequence([torch.ones(2), torch.zeros(1)]).cuda(0).data
copy.deepcopy(torch.nn.Linear(2, 2).to("cuda"))
pickle.loads(pickle.dumps(torch.nn.LSTM(2, 2).to("cuda")))
torch.nn.DataParallel(torch.nn.Linear(2, 1).to("cuda:0"), device_ids=[0])(torch.ones(3, 2, device="cuda"))
[b.cuda() for b in DataLoader(torch.arange(6.0), 2, shuffle=True, pin_memory=True, pin_memory_device="cuda")]
torch.jit.script(f).to("cuda")(torch.ones(2, device="cuda")) if (f := torch.nn.Linear(2, 2)) else None
"""

LAYERS = """
Linear(2, 3)
Bilinear(2, 3, 4)
Embedding(5, 3)
EmbeddingBag(5, 3)
RNN(2, 3, 2, bidirectional=True)
LSTM(2, 3, proj_size=2)
GRU(2, 3)
RNNCell(2, 3)
LSTMCell(2, 3)
GRUCell(2, 3)
Conv1d(2, 3, 2)
Conv2d(2, 3, 2)
ConvTranspose2d(2, 3, 2)
BatchNorm2d(3)
LayerNorm(3)
GroupNorm(1, 3)
PReLU()
MultiheadAttention(4, 2)
TransformerEncoderLayer(4, 2, 8)
Transformer(4, 2, 1, 1, 8)
"""

# each gives `result`; where there are two, the second is what it must equal, run without the shim
SCRIPTS: dict[str, tuple[str, ...]] = {
    "to(0)": ("result = torch.ones(2).to(0), torch.nn.Linear(2, 2).to(0), torch.zeros(2, device=1)",
              "result = torch.ones(2), torch.nn.Linear(2, 2), torch.zeros(2)"),
    "lazy": ("""
net = torch.nn.LazyLinear(2).to("cuda:0")
result = net(torch.ones(3, 4, device="cuda:0")), net
""",),
    "set_default_device": ("""
torch.set_default_device("cuda")
result = torch.randn(2), torch.tensor([1.0]), torch.nn.Linear(2, 2), str(torch.get_default_device())
""",),
    "with device": ("""
with torch.device("cuda:0"):
    result = torch.randn(2), torch.nn.Linear(2, 2)
""",),
    "pin_memory": ("""
x = torch.arange(3.0)
y = x.pin_memory()
y[0] = 7
result = x, y, torch.zeros(2, pin_memory=True, device="cuda"), torch.tensor([1.0], pin_memory=True)
""", "result = torch.arange(3.0), torch.tensor([7.0, 1, 2]), torch.zeros(2), torch.tensor([1.0])"),
    "load": ("""
torch.save({"w": torch.ones(2), "n": 3}, f := io.BytesIO())
result = []
for place in ("cuda", "cuda:0", torch.device("cuda"), {"cpu": "cuda:0"}, lambda storage, where: storage):
    f.seek(0)
    result.append(torch.load(f, map_location=place))
""",),
    "load what a GPU saved": ("""
registry = torch.serialization._package_registry
torch.serialization.register_package(1, lambda storage: "cuda:0", lambda storage, where: None)
torch.save(torch.nn.Linear(2, 2).state_dict(), f := io.BytesIO())
del registry[0]
result = []
for place in (None, "cpu", "cuda:1", {"cuda:0": "cuda:1"}, {"cuda:0": "cpu"}):
    f.seek(0)
    result.append(torch.load(f, map_location=place))
""",),
    "old types": ("""
x = torch.cuda.FloatTensor([1.0, 2.0])
result = [x, torch.cuda.LongTensor([1]), x.type("torch.cuda.DoubleTensor"), x.type(torch.cuda.HalfTensor), x.type()]
torch.set_default_tensor_type("torch.cuda.DoubleTensor")
result.append(torch.zeros(2))
torch.set_default_tensor_type(torch.cuda.FloatTensor)
result.append(torch.zeros(2))
result.append(isinstance(x, torch.cuda.FloatTensor))
""", """
x = torch.FloatTensor([1.0, 2.0])
result = [x, torch.LongTensor([1]), x.double(), x.half(), "torch.FloatTensor", torch.zeros(2).double(), torch.zeros(2), False]
"""),
    "seeds": ("""
torch.manual_seed(3)
torch.cuda.manual_seed(4)
torch.cuda.manual_seed_all(5)
torch.cuda.seed()
state = torch.cuda.get_rng_state()
result = [torch.randn(2, device="cuda")]
torch.cuda.set_rng_state(state)
with torch.random.fork_rng(devices=[0]):
    result.append(torch.randn(2))
result += [torch.randn(2), torch.cuda.initial_seed()]
""", """
torch.manual_seed(3)
result = [torch.randn(2)]
with torch.random.fork_rng(devices=[]):
    result.append(torch.randn(2))
result += [torch.randn(2), 3]
"""),
    "mixed precision": ("""
net = torch.nn.Linear(2, 1).cuda()
optimizr, scaler = torch.optim.SGD(net.parameters(), 0.1), torch.amp.GradScaler("cuda")
for epoc in range(3):
    with torch.autocast("cuda", dtype=torch.float16):
        loss = net(torch.ones(3, 2, device="cuda")).square().mean()
    scaler.scale(loss).backward()
    scaler.step(optimizr)
    scaler.update()
    optimizr.zero_grad()
with torch.cuda.amp.autocast():
    result = net, net(torch.ones(2).cuda()), torch.cuda.amp.GradScaler().is_enabled()
""", """
net = torch.nn.Linear(2, 1)
optimizr = torch.optim.SGD(net.parameters(), 0.1)
for epoc in range(3):
    net(torch.ones(3, 2)).square().mean().backward()
    optimizr.step()
    optimizr.zero_grad()
result = net, net(torch.ones(2)), False
"""),
    "checkpoint": ("""
net = torch.nn.Linear(2, 2).to("cuda")
optimizr = torch.optim.Adam(net.parameters())
net(torch.ones(2, device="cuda")).sum().backward()
optimizr.step()
torch.save({"net": net.state_dict(), "optimizr": optimizr.state_dict()}, f := io.BytesIO())
f.seek(0)
kept = torch.load(f, map_location="cuda:0")
optimizr.load_state_dict(kept["optimizr"])
result = kept["net"], kept["optimizr"]["state"], sorted(net.state_dict())
""",),
    "backends": ("""
torch.backends.cudnn.benchmark = True
torch.backends.cudnn.deterministic = True
torch.backends.cudnn.enabled = False
torch.backends.cuda.matmul.allow_tf32 = True
torch.set_float32_matmul_precision("high")
result = torch.randn(3, 3, device="cuda") @ torch.ones(3, 3, device="cuda")
""",),
    "streams": ("""
s, start, end = torch.cuda.Stream(), torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
start.record()
with torch.cuda.stream(s), torch.cuda.device(0), torch.cuda.device("cuda:0"):
    x = torch.ones(2, device="cuda") * 2
    x.record_stream(s)
s.wait_stream(torch.cuda.current_stream())
torch.cuda.current_stream().synchronize()
time.sleep(0.02)
end.record()
torch.cuda.synchronize()
result = x, 20 <= start.elapsed_time(end) < 2000, start.query(), s.query(), str(s.record_event().query())
""", "result = torch.ones(2) * 2, True, True, True, 'True'"),
    "lecture, MLP": ("""
device = "cuda:0"
x = torch.linspace(-1, 1, 40).reshape(-1, 1).to(device)
y = torch.sin(3 * x)
net = torch.nn.Sequential(torch.nn.Linear(1, 8, device=device), torch.nn.Tanh(), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1)).to(device)
optimizr, losses = torch.optim.Adam(net.parameters(), lr=0.02), []
for epoc in range(60):
    loss = torch.nn.functional.mse_loss(net(x), y)
    loss.backward()
    optimizr.step()
    optimizr.zero_grad()
    losses.append(loss.item())
result = losses, net, losses[-1] < losses[0] / 2
""",),
    "lecture, RNN": ("""
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = torch.nn.RNN(2, 3, batch_first=True)
        self.out = torch.nn.Linear(3, 2)
    def forward(self, x, h):
        y, h = self.rnn(x, h)
        return self.out(y), h
codes = torch.tensor([0, 1] * 10).to("cuda:0")
x, y = torch.eye(2, device="cuda:0")[codes[:-1]][None], codes[1:]
net = Net().to("cuda:0")
optimizr, losses = torch.optim.RMSprop(net.parameters(), lr=0.01), []
for epoc in range(60):
    yhat, h = net(x, torch.zeros(1, 1, 3).to("cuda:0"))
    loss = torch.nn.functional.cross_entropy(yhat[0], y)
    optimizr.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizr.step()
    losses.append(loss.item())
result = losses, net, yhat.argmax(-1).cpu().numpy().tolist(), losses[-1] < losses[0] / 2
""",),
    "lecture, LSTM": ("""
device = torch.device("cuda:0")
data = DataLoader(TensorDataset(torch.randn(32, 5, 2), torch.randint(0, 2, (32,))), 8, shuffle=True, pin_memory=True)
net, out = torch.nn.LSTM(2, 4, 2, dropout=0.2).cuda(), torch.nn.Linear(4, 2).cuda(0)
optimizr, losses = torch.optim.AdamW([*net.parameters(), *out.parameters()], lr=0.01), []
for epoc in range(5):
    for x, y in data:
        x, y = x.transpose(0, 1).to(device, non_blocking=True), y.cuda(non_blocking=True)
        h = torch.zeros(2, x.shape[1], 4, device=device), torch.zeros(2, x.shape[1], 4, device=x.device)
        loss = torch.nn.functional.cross_entropy(out(net(x, h)[0][-1]), y)
        loss.backward()
        optimizr.step()
        optimizr.zero_grad()
        losses.append(loss.item())
result = losses, net, out
""",),
}  # fmt: skip

# a student's own doing, on purpose or by accident: what must still work does
REPLACED: dict[str, tuple[str, ...]] = {
    "torch.device": ('torch.device = "cuda:0"\nresult = torch.ones(2).to(torch.device), torch.zeros(1, device="cuda")',
                     "result = torch.ones(2), torch.zeros(1)"),
    "torch.cuda": ('torch.cuda = None\nresult = torch.ones(2).cuda(), torch.nn.Linear(2, 2).to("cuda")',),
    "Tensor.to": ('del torch.Tensor.to\nresult = torch.ones(2).cuda(), torch.zeros(2, device="cuda")',
                  "result = torch.ones(2), torch.zeros(2)"),
    "torch.Tensor": ('torch.Tensor = torch.serialization = torch.nn = torch.utils = 3\nresult = torch.ones(2).to("cuda:0")',),
    "clone": ("torch.Tensor.clone = 3\nresult = torch.ones(2).pin_memory()", "result = torch.ones(2)"),
    "str and isinstance as names": ('str = isinstance = type = 3\nresult = torch.ones(2).to("cuda"), torch.ones(2).cuda(0)',),
    "probes": ("""
from grader.run.originals import Originals
originals = Originals()
torch.Tensor.to = torch.nn.Module.to = torch.zeros = torch.Tensor.cuda = torch.Generator = 3
with originals:
    result = torch.nn.Linear(2, 2).to("cuda:0"), torch.ones(2).to("cuda:0"), torch.zeros(2, device="cuda"), torch.ones(2).cuda()
""",),
}  # fmt: skip

# the same with the shim and without, and no device is asked for
UNTOUCHED: dict[str, str] = {
    "other devices": 'result = str(torch.ones(2).to("meta").device), str(torch.zeros(2, device="meta").device)',
    "default of another kind": """
with torch.device("meta"):
    made = [torch.tensor([1.0]), torch.as_tensor([1.0]), torch.asarray([1]), torch.zeros(2), torch.ones(2), torch.full((2,), 1),
            torch.arange(3), torch.linspace(0, 1, 3), torch.eye(2), torch.rand(2), torch.randn(2), torch.randint(3, (2,)),
            torch.randperm(3), torch.tril_indices(2, 2), torch.hann_window(3), torch.fft.fftfreq(3), torch.scalar_tensor(1.0),
            torch.zeros_like(torch.ones(2)), torch.normal(0.0, 1.0, (2,)), torch.empty(2)]
result = [m.device.type for m in made]
""",
    "kinds": """
d = torch.device("cuda:0")
result = (str(d), d.type, d.index, type(d) is torch.device, isinstance(torch.default_generator, torch.Generator),
          isinstance(torch.Generator(), torch.Generator), type(torch.ones(1)) is torch.Tensor, torch.ones(1).type())
""",
    "honest": """
x = torch.ones(2)
result = torch.cuda.is_available(), torch.cuda.device_count(), x.is_cuda, x.get_device(), x.is_pinned(), torch.accelerator.is_available()
""",
    "pickled": """
import functools
make = pickle.loads(pickle.dumps(functools.partial(torch.zeros, 2)))
g = torch.Generator().manual_seed(5)
result = make(), pickle.loads(pickle.dumps(torch.Tensor.new_zeros))(torch.ones(1), 2), torch.rand(2, generator=pickle.loads(pickle.dumps(g)))
""",
    "names": "result = [(f.__name__, bool(f.__doc__)) for f in (torch.zeros, torch.tensor, torch.Tensor.to, torch.Tensor.cuda, torch.nn.Module.to)]",
    "subclass": """
class Mine(torch.Tensor):
    pass
x = torch.ones(2).as_subclass(Mine)
result = type(x.to(torch.float64)).__name__, type(torch.zeros_like(x)).__name__, type(x.new_zeros(2)).__name__
""",
    "torch_function": """
class Mine(torch.Tensor):
    seen = []
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        cls.seen.append(function.__name__)
        return super().__torch_function__(function, types, args, kwargs or {})
x = torch.ones(2).as_subclass(Mine)
x.to("cpu"), torch.zeros_like(x), x.new_ones(3), x.pin_memory if False else None
result = Mine.seen
""",
    "script": """
def f(x):
    return torch.zeros(2, device=x.device) + torch.ones_like(x) + torch.tensor(1.0)
result = torch.jit.script(f)(torch.ones(2))
""",
    "compiled": "result = torch.compile(lambda x: torch.zeros_like(x) + x.to('cpu'), backend='eager')(torch.ones(2))",
    "to(True)": "result = torch.ones(2).to(True), torch.ones(2).to(torch.bool)",
    "memory": "result = torch.cuda.memory_allocated(), torch.cuda.max_memory_allocated(), torch.cuda.memory_reserved(), torch.cuda.empty_cache()",
}


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def _on_others(line: str) -> list[str]:
    """The same on the GPU of a Mac and on one of Intel's."""
    return [re.sub(r'"cuda(:\d)?"', name, line) for name in ('"mps"', '"xpu"') if '"cuda' in line and ".cuda" not in line]


CASES: dict[str, tuple[str, ...]] = {
    **{line: (f"result = {line}",) for line in lines(FACTORIES) + lines(MOVES)},
    **{f"layer {line}": (f"result = torch.nn.{line[:-1]}{', ' * (line[-2] != '(')}device='cuda')".replace("'", '"'),) for line in lines(LAYERS)},
    **{other: (f"result = {other}",) for line in lines(FACTORIES) + lines(MOVES) for other in _on_others(line)},
    **SCRIPTS,
    **{f"replaced: {name}": case for name, case in REPLACED.items()},
}  # fmt: skip
