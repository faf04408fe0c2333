"""Cells, executed by nbclient, with two changes: it waits as we do, and what a cell shows has a limit.

nbclient itself looks only once a second whether the kernel is alive, gives a cell that does not end its whole limit once more,
and holds all that a cell shows, however much it is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, DeadKernelError

from grader.notebook import Notebook
from grader.run.outputs import Allowance, tidy, without_large

__all__ = ["BROKEN", "Answer", "Executor"]

BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError)  # what a message that a notebook forged may raise

Answer = Callable[[str], Awaitable[dict[str, Any]]]  # the reply to the message of this id, however long it takes

_TRAILING = 2.0  # seconds for the outputs that come after a cell's reply
_LOST = 0.1  # the same, where no reply came: the kernel is gone

_silent = logging.getLogger(f"{__name__}.quiet")
_silent.disabled = True


class Executor(NotebookClient):
    """nbclient for one notebook in a kernel of ours. `seconds`: how long each cell took, by its number."""

    def __init__(self, notebook: Notebook, text: int, manager: Any) -> None:
        options = {"allow_errors": True, "record_timing": False, "store_widget_state": False, "coalesce_streams": False}
        hooks = {"on_cell_start": self._on_start, "on_cell_executed": self._on_executed}
        super().__init__(notebook.to_node(), manager, log=_silent, **options, **hooks)
        self.seconds: dict[int, float] = {}
        self._started = 0.0
        self._text = text
        self._allowances: dict[int, Allowance] = {}
        self._answer: Answer

    async def run(self, index: int, client: Any, answer: Answer) -> None:
        """Execute cell number `index` and keep what it shows. Raises what `answer`, which waits for the reply, raises."""
        self.kc, self._answer = client, answer
        self._allowances[index] = Allowance(self._text)
        self.nb.cells[index].outputs = []
        try:
            await self.async_execute_cell(self.nb.cells[index], index)
        except DeadKernelError:  # nbclient takes any cancellation for this; here it is only ever the caller's
            raise asyncio.CancelledError from None

    def _on_start(self, **_: Any) -> None:
        self._started = time.monotonic()

    def _on_executed(self, cell_index: int, **_: Any) -> None:
        self.seconds[cell_index] = time.monotonic() - self._started

    # ------------------------------------------------------------------------------------------ instead of nbclient's own

    async def _async_poll_kernel_alive(self) -> None:
        """Whoever waits for the reply looks after the kernel, too."""

    async def _async_poll_for_reply(self, msg_id: str, _cell: Any, _limit: Any, outputs: Any, _alive: Any) -> Any:
        """The cell's reply, and a little time for the outputs that are still on their way."""
        trailing = _LOST
        try:
            reply = await self._answer(msg_id)
            trailing = _TRAILING
            return reply
        finally:
            await asyncio.wait([outputs], timeout=trailing)
            outputs.cancel()

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        """Read what is broadcast until the kernel says that it is done with the cell, and keep what is shown."""
        client: Any = self.kc
        while True:
            try:
                message = await client.get_iopub_msg(timeout=None)
                if message["parent_header"].get("msg_id") == parent_msg_id and not message["msg_type"].startswith("comm"):
                    if message["msg_type"] == "update_display_data":
                        message["content"]["data"] = without_large(message["content"]["data"])
                    self.process_message(message, cell, cell_index)
            except CellExecutionComplete:
                return
            except BROKEN:
                continue
            await asyncio.sleep(0)  # in a flood there is always a next message, and the clock must be looked at too

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """nbclient's, for what there is an allowance for."""
        allowance = self._allowances[cell_index]
        if self.clear_before_next_output:
            allowance.clear()
        if not allowance.admit(msg["msg_type"], msg["content"]):
            return None
        return super().output(outs, msg, display_id, cell_index)

    def clear_output(self, outs: list[Any], msg: dict[str, Any], cell_index: int) -> None:
        """nbclient's; what is cleared does not count any more."""
        super().clear_output(outs, msg, cell_index)
        if not outs:
            self._allowances[cell_index].clear()

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """What is kept of the outputs of cell number `index`, as plain dicts."""
        return tidy(self.nb.cells[index].outputs, self._allowances[index].left_out)
