"""What else stands in notebooks: cells of the student's own, none of which may cost or earn a point."""

# A habit: the cells they follow ("" for the top) and their sources.
HABITS: list[list[tuple[str, str]]] = [
    [("given-1", "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'\nwarnings.filterwarnings('ignore')")],
    [("check-tanh", "!true\n!echo 'a shell' 안녕"), ("check-f", "files = !ls\nprint(files)"), ("given-3", "torch.nn.Linear?")],
    [("given-3", "x_small = x[:3]; x_small"), ("check-train", "1 / 0"), ("check-Mynet1", "print(undefined_name)")],
    [("check-pairs", "import logging, sys\nlogging.warning('to stderr')\nprint('oops', file=sys.stderr)\nwarnings.warn('무시')")],
    [("given-1", "torch.manual_seed(0); np.random.seed(0)"), ("check-best_weight", "torch.rand(3), np.random.rand()")],
    [("check-soft", 'grader.check("tanh")\ngrader.check("soft")'), ("given-12", 'import grader\ngrader.check("figure_grid")')],
    [("check-as_column", "# nur ein Kommentar, ein comentario, 댓글 💬"), ("given-18", "print('끝 🎉')")],
    [("given-4", "plt.plot([1, 2, 3]); plt.title('my own plot'); plt.show()"), ("given-9", "fig, axes = plt.subplots(2, 2)")],
    [("check-tanh_figure", "%load_ext autoreload\n%autoreload 2"), ("", "%reset -f")],
    [
        (
            "given-16",
            "from IPython.display import HTML, clear_output, display\ndisplay(HTML('<b>hi</b>'))\nclear_output(wait=True)",
        )
    ],
    [
        (
            "given-1",
            "plt.style.use('dark_background')\nplt.rcParams['figure.figsize'] = (4, 3)\ntorch.set_printoptions(precision=3)",
        )
    ],
    [
        ("check-fit_from", "import asyncio\nawait asyncio.sleep(0)\n%time sum(range(1000))"),
        ("given-13", "%%bash\necho from bash"),
    ],
    [("check-fit_many", "%%writefile notes.txt\nfits are slow"), ("given-11", "print(open('notes.txt').read())")],
    [("given-1", "torch.use_deterministic_algorithms(True)\ntorch.set_num_threads(2)\ndevice = torch.device('cpu')")],
    [("given-7", "for i in range(200):\n    print('\\r', i, '/ 200', end='')"), ("given-2", "%precision 3\n%xmode Minimal")],
    [("given-1", "import matplotlib\nmatplotlib.use('Agg')")],
    [("given-1", "import os\nos.makedirs('figures', exist_ok=True)\nos.chdir(os.path.expanduser('~'))\nplt.ioff()")],
    [
        ("", "from IPython.core.interactiveshell import InteractiveShell\nInteractiveShell.ast_node_interactivity = 'all'"),
        ("check-fit_without_bias", "%%html\n<marquee>4.1 done</marquee>"),
    ],
]

NOTES = "### 내 메모\nThe weight goes to $-1$. 🙂"  # a Markdown cell of the student's own
