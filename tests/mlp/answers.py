"""Right answers to every blank, each written in other ways: what students hand in who read the task and not our reference.

`ANSWERS` holds for each blank a list of whole answers; an answer of several cells is a tuple. They use `nn`, `F` and others besides.
"""

from tests.homework.sheet import Sources

IMPORTS = """
import copy
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.utils.data import Dataset
"""

ANSWERS: dict[str, list[Sources]] = {}

# ====================================================================================================== 1  five layers

ANSWERS["Net"] = [
    """
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.l1 = nn.Linear(4, 128)
        self.bn1 = nn.BatchNorm1d(128)
        self.l2 = nn.Linear(128, 64)
        self.bn2 = nn.BatchNorm1d(64)
        self.l3 = nn.Linear(64, 32)
        self.bn3 = nn.BatchNorm1d(32)
        self.l4 = nn.Linear(32, 16)
        self.l5 = nn.Linear(16, 3)

    def forward(self, x):
        h = F.relu(self.bn1(self.l1(x)))
        h = F.relu(self.bn2(self.l2(h)))
        h = F.relu(self.bn3(self.l3(h)))
        return self.l5(F.relu(self.l4(h)))
""",
    """
class Net(torch.nn.Module):
    def __init__(self, sizes=(4, 128, 64, 32, 16, 3)):
        super().__init__()
        for k in range(1, 6):
            setattr(self, f"l{k}", torch.nn.Linear(sizes[k - 1], sizes[k]))
        for k in range(1, 4):
            self.add_module("bn" + str(k), torch.nn.BatchNorm1d(sizes[k]))
        self.act = torch.nn.ReLU(inplace=True)

    def forward(self, x):
        for k in range(1, 5):
            x = getattr(self, f"l{k}")(x)
            if k < 4:
                x = getattr(self, f"bn{k}")(x)
            x = x.clamp(min=0)
        x = self.l5(x)
        return x
""",
]

ANSWERS["one_batch"] = [
    """
torch.manual_seed(43052)
net = Net()
net.zero_grad()
criterion = nn.CrossEntropyLoss()
grad_before = net.l5.bias.grad
output = net(x)
loss = criterion(output, y)
loss.backward()
grad_after = net.l5.bias.grad.clone()
""",
    (
        "torch.manual_seed(43052)\nnet = Net()\nprint(net)",
        "criterion = torch.nn.functional.cross_entropy\noutput = net(x)\nloss = criterion(output, y)",
        "net.zero_grad(set_to_none=True)\ngrad_before = None\nloss.backward()\ngrad_after = net.l5.bias.grad.data",
    ),
]

ANSWERS["gradient_states"] = [
    """
def gradient_states(net, criterion, x, y):
    states = [net.l5.bias.grad]
    loss = criterion(net(x), y)
    loss.backward()
    states.append(copy.deepcopy(net.l5.bias.grad))
    net.zero_grad(set_to_none=False)
    states.append(net.l5.bias.grad.detach().clone())
    net.zero_grad(set_to_none=True)
    states.append(net.l5.bias.grad)
    return states
""",
    """
def gradient_states(net, criterion, x, y):
    def now():
        grad = net.l5.bias.grad
        return None if grad is None else torch.tensor(grad.tolist())
    a = now()
    criterion(net(x), y).backward(); b = now()
    net.zero_grad(False); c = now()
    net.zero_grad(); d = now()
    return a, b, c, d
""",
]

ANSWERS["bias_gradient"] = [
    """
def bias_gradient(output, y):
    p = output.exp() / output.exp().sum(dim=1, keepdim=True)
    for i in range(len(y)):
        p[i, y[i]] -= 1
    return p.sum(0) / len(y)
""",
    """
def bias_gradient(output, y):
    n, C = output.shape
    eye = torch.eye(C)
    total = torch.zeros(C)
    for o, k in zip(output, y):
        total = total + F.softmax(o, dim=0) - eye[k]
    return total / n
""",
]

ANSWERS["count"] = [
    """
def count(net):
    tensors = numbers = 0
    for p in net.parameters():
        tensors += 1
        size = 1
        for n in p.shape:
            size *= n
        numbers += size
    return [tensors, numbers, len(list(net.state_dict().keys()))]
""",
    """
def count(net):
    named = dict(net.named_parameters())
    n = torch.cat([p.flatten() for p in named.values()]).shape[0]
    return len(named), n, len(net.state_dict())
""",
]

# ============================================================================================================= 2  iris

ANSWERS["broken_lines"] = ["broken_lines = [15, 11, 8, 6, 3, 1]", "broken_lines = {1, 3} | {6, 8} | {11, 15}"]

ANSWERS["summary"] = [
    """
def summary(data, label):
    rows = []
    for j in range(data.shape[1]):
        c = data[:, j]
        sd = np.sqrt(((c - c.mean()) ** 2).mean())
        corr = ((c - c.mean()) * (label - label.mean())).mean() / sd / label.std()
        rows.append([c.min(), c.max(), c.mean(), sd, corr])
    return np.array(rows)
""",
    """
def summary(data, label):
    d, l = torch.tensor(data), torch.tensor(label).double()
    both = torch.corrcoef(torch.cat([d.T, l[None]]))
    columns = [d.min(dim=0).values, d.max(dim=0).values, d.mean(dim=0), d.std(dim=0, correction=0), both[:-1, -1]]
    return torch.stack(columns, dim=1)
""",
]

ANSWERS["split"] = [
    """
def split(data, label, seed):
    data = torch.tensor(data, dtype=torch.float32)
    label = torch.tensor(label, dtype=torch.int64)
    return train_test_split(data, label, random_state=seed, test_size=0.25)
""",
    """
def split(data, label, seed):
    train, test = train_test_split(np.arange(len(data)), test_size=0.25, random_state=seed)
    x, y = torch.from_numpy(data).float(), torch.from_numpy(label).long()
    return x[train], x[test], y[train], y[test]
""",
]

ANSWERS["make_loader"] = [
    """
def make_loader(x, y, batch_size):
    dataset = TensorDataset(x, y)
    return DataLoader(dataset, batch_size, True, drop_last=False)
""",
    """
class Pairs(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.y)
    def __getitem__(self, i):
        return self.x[i], self.y[i]

def make_loader(x, y, batch_size):
    g = torch.Generator()
    g.manual_seed(43052)
    return DataLoader(Pairs(x, y), batch_size=batch_size, shuffle=True, generator=g)
""",
    """
def make_loader(x, y, batch_size):
    dataset = list(zip(x, y))
    return torch.utils.data.DataLoader(dataset, batch_size=batch_size, sampler=torch.utils.data.RandomSampler(dataset))
""",
]

# ========================================================================================================= 3  training

ANSWERS["read_off"] = [
    """
def read_off(output):
    prediction = output.argmax(dim=1)
    return output[torch.arange(len(output)), prediction], prediction
""",
    """
def read_off(output):
    return torch.max(output, 1)
""",
    """
def read_off(output):
    values, places = output.sort(dim=-1, descending=True)
    return values[:, 0], places[:, 0]
""",
]

ANSWERS["train"] = [
    """
def train(net, criterion, optimizer, train_loader, epochs):
    losses, accures = [], []
    for epoch in range(epochs):
        net.train()
        batch_losses, hits = [], []
        for batch, (x, y) in enumerate(train_loader):
            output = net(x)
            loss = criterion(output, y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            batch_losses.append(loss.item())
            hits += (torch.max(output, dim=1)[1] == y).tolist()
        losses.append(sum(batch_losses) / len(batch_losses))
        accures.append(sum(hits) / len(hits))
    return losses, accures
""",
    """
def train(net, criterion, optimizer, train_loader, epochs):
    losses = np.zeros(epochs)
    accures = np.zeros(epochs)
    for e in range(epochs):
        net.train()
        n = 0
        for x, y in train_loader:
            for p in net.parameters():
                p.grad = None
            yhat = net(x)
            loss = criterion(yhat, y)
            loss.backward()
            optimizer.step()
            losses[e] += float(loss) / len(train_loader)
            accures[e] += float((yhat.argmax(1) == y).sum())
            n += y.shape[0]
        accures[e] /= n
    return losses.tolist(), accures.tolist()
""",
]

ANSWERS["iris_fit"] = [
    """
torch.manual_seed(43052); iris_net = Net()
optimizer = optim.SGD(iris_net.parameters(), lr)
losses, accures = train(iris_net, criterion, optimizer, train_loader, epochs)
""",
    (
        "torch.manual_seed(43052)\niris_net = Net()\noptimizer = torch.optim.SGD([{'params': iris_net.parameters()}], lr=lr, momentum=0.0)",
        "history = train(iris_net, F.cross_entropy, optimizer, train_loader=train_loader, epochs=epochs)",
        "losses, accures = np.array(history)",
    ),
]

ANSWERS["curves"] = [
    """
def curves(losses, accures):
    fig = plt.figure(figsize=(20, 5))
    plt.subplots_adjust(wspace=0.2)
    plt.subplot(1, 2, 1)
    plt.title("loss")
    plt.plot(losses)
    plt.xlabel("epochs")
    plt.subplot(1, 2, 2)
    plt.title("accuracy")
    plt.plot(accures)
    plt.xlabel("epochs")
    return fig
""",
    """
def curves(losses, accures):
    fig, ax = plt.subplots(ncols=2)
    for axes, y, title in zip(ax, (losses, accures), ("Loss", "Accuracy")):
        axes.plot(np.arange(len(y)), np.array(y), "o--r")
        axes.set_title(title)
        axes.set_xlabel("Epochs")
        axes.grid()
    return fig
""",
]

# ======================================================================================================== 4  inference

ANSWERS["infer"] = [
    """
@torch.no_grad()
def infer(net, x):
    net.eval()
    return torch.max(net(x), dim=1)
""",
    """
def infer(net, x):
    was = net.training
    net.train(False)
    output = net(x).detach()
    net.train(was)
    return output.max(dim=1).values, output.argmax(dim=1)
""",
    """
def infer(net, x):
    twin = copy.deepcopy(net).eval()
    with torch.inference_mode():
        confidence, prediction = read_off(twin(x))
    return confidence.clone(), prediction.clone()
""",
]

ANSWERS["better_fit"] = [
    """
def better_fit(x_train, y_train):
    torch.manual_seed(1)
    net = Net()
    opt = optim.Adam(net.parameters(), lr=0.002, weight_decay=1e-3)
    for _ in range(150):
        loss = F.cross_entropy(net(x_train), y_train)
        opt.zero_grad(); loss.backward(); opt.step()
    return net
""",
    """
class Scaled(nn.Module):
    def __init__(self, x):
        super().__init__()
        self.register_buffer("m", x.mean(0)); self.register_buffer("s", x.std(0))
        self.linear = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3))
    def forward(self, x):
        return self.linear((x - self.m) / self.s)

def better_fit(x_train, y_train):
    torch.manual_seed(0)
    net = Scaled(x_train)
    train(net, nn.CrossEntropyLoss(), optim.Adam(net.parameters(), lr=0.01), make_loader(x_train, y_train, 16), 30)
    return net
""",
    """
def better_fit(x_train, y_train):
    torch.manual_seed(43052)
    net = torch.nn.Linear(4, 3)
    lbfgs = torch.optim.LBFGS(net.parameters(), max_iter=100)
    def closure():
        lbfgs.zero_grad()
        loss = F.cross_entropy(net(x_train), y_train) + 1e-3 * net.weight.pow(2).sum()
        loss.backward()
        return loss
    lbfgs.step(closure)
    return net
""",
]

# ======================================================================================================= 5  Sequential

ANSWERS["stacked"] = [
    """
def stacked(layer1, layer2, layer3, x):
    return layer3(F.relu(layer2(F.relu(layer1(x)))))
""",
    """
def stacked(layer1, layer2, layer3, x):
    return nn.Sequential(layer1, nn.ReLU(), layer2, nn.ReLU(), layer3)(x)
""",
]

ANSWERS["grow"] = [
    """
def grow(widths):
    model = nn.Sequential()
    n = len(widths) - 1
    for k in range(n):
        model.append(nn.Linear(widths[k], widths[k + 1]))
        if k < n - 1:
            model.append(nn.ReLU())
    return model
""",
    """
def grow(widths):
    modules = []
    for a, b in zip(widths, widths[1:]):
        modules += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])
""",
]

ANSWERS["pop_last"] = [
    """
def pop_last(model):
    del model[-1]
    left = 0
    for m in model.modules():
        if type(m) is nn.Linear:
            left += 1
    return left
""",
    """
def pop_last(model):
    model.pop(len(model) - 1)
    return len([m for m in model if isinstance(m, nn.Linear)])
""",
]

ANSWERS["glorot_start"] = [
    """
def glorot_start(model):
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, nn.Linear):
                a = math.sqrt(6 / (m.in_features + m.out_features))
                m.weight.uniform_(-a, a)
                m.bias.zero_()
    return model
""",
    """
def glorot_start(model):
    def begin(m):
        if hasattr(m, "weight"):
            out, inn = m.weight.shape
            m.weight.data = (2 * torch.rand(out, inn) - 1) * (6 / (inn + out)) ** 0.5
            m.bias.data = torch.zeros(out)
    return model.apply(begin)
""",
]

# ========================================================================================================= 6  pictures

ANSWERS["load_idx"] = [
    """
def load_idx(path):
    with gzip.open(path, "rb") as f:
        magic = f.read(4)
        if magic[:3] != b"\\x00\\x00\\x08":
            raise ValueError("no IDX file of bytes")
        shape = [int.from_bytes(f.read(4), "big") for _ in range(magic[3])]
        data = np.frombuffer(f.read(), dtype=np.uint8)
    if data.size != np.prod(shape):
        raise ValueError("too short, or too long")
    return torch.from_numpy(data.copy()).reshape(shape)
""",
    """
def load_idx(path):
    raw = gzip.decompress(Path(path).read_bytes())
    magic = struct.unpack(">i", raw[:4])[0]
    if magic >> 8 != 8:
        raise ValueError(magic)
    d = magic & 255
    shape = np.frombuffer(raw, ">u4", count=d, offset=4).astype(int)
    numbers = torch.tensor(list(raw[4 + 4 * d:]), dtype=torch.uint8)
    return numbers.view(*shape.tolist()) if len(numbers) == shape.prod() else (_ for _ in ()).throw(ValueError("length"))
""",
]

ANSWERS["scaled"] = [
    """
def scaled(images, largest):
    return (images / largest).to(torch.float32)
""",
    """
def scaled(images, largest):
    new = images.clone().to(torch.float)
    new *= 1 / largest
    return new
""",
]

ANSWERS["gallery"] = [
    """
def gallery(images, labels, class_names):
    fig = plt.figure(figsize=(10, 10))
    for i in range(25):
        plt.subplot(5, 5, i + 1)
        plt.xticks([])
        plt.yticks([])
        plt.imshow(images[i], cmap=plt.cm.binary)
        plt.xlabel(class_names[labels[i]])
    return fig
""",
    """
def gallery(images, labels, class_names):
    fig, ax = plt.subplots(5, 5)
    for r in range(5):
        for c in range(5):
            k = 5 * r + c
            ax[r, c].imshow(images[k].numpy(), cmap="gray")
            ax[r][c].set_xlabel(class_names[labels[k].item()])
            ax[r][c].set_xticks([]); ax[r][c].set_yticks([])
    return fig
""",
]

ANSWERS["classifier"] = [
    """
def classifier(pixels, hidden, classes):
    model = nn.Sequential()
    model.append(nn.Flatten())
    model.append(nn.Linear(in_features=pixels, out_features=hidden))
    model.append(nn.ReLU())
    model.append(nn.Linear(hidden, classes))
    return model
""",
    """
def classifier(pixels, hidden, classes):
    return torch.nn.Sequential(torch.nn.Flatten(), *grow([pixels, hidden, classes]))
""",
]

ANSWERS["image_fit"] = [
    """
torch.manual_seed(43052)
model = classifier(pixels, 128, 10)
adam = optim.Adam(model.parameters(), lr=0.001)
model_losses, model_accures = train(model, F.cross_entropy, adam, make_loader(train_images, train_labels, 32), epochs_images)
""",
    """
loader = make_loader(train_images, train_labels, batch_size=32)
torch.manual_seed(43052)
model = classifier(pixels, 128, len(class_names))
adam = torch.optim.Adam(list(model.parameters()))
history = train(model, nn.CrossEntropyLoss(), adam, loader, epochs_images)
model_losses, model_accures = history
""",
]

ANSWERS["evaluate"] = [
    """
def evaluate(model, images, labels, batch_size):
    model.eval()
    loss, acc, n = 0.0, 0.0, len(images)
    for start in range(0, n, batch_size):
        x, y = images[start:start + batch_size], labels[start:start + batch_size]
        with torch.no_grad():
            u = model(x)
        loss += nn.CrossEntropyLoss()(u, y).item() * len(y)
        acc += (u.argmax(1) == y).float().mean().item() * len(y)
    return loss / n, acc / n
""",
    """
@torch.no_grad()
def evaluate(model, images, labels, batch_size):
    model.eval()
    loader = DataLoader(TensorDataset(images, labels), batch_size=batch_size)
    logits = torch.cat([model(x) for x, _ in loader])
    return F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).float().mean()
""",
]

ANSWERS["predict"] = [
    """
def predict(model, images):
    model.eval()
    logits = model(images).detach()
    return logits.exp() / logits.exp().sum(dim=1, keepdim=True)
""",
    """
@torch.no_grad()
def predict(model, images):
    return nn.Softmax(dim=1)(model.eval()(images))
""",
]
