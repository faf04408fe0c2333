"""What the cells of a notebook show: a kernel's messages, turned into nbformat outputs by nbclient, within what is allowed."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete

from grader.notebook import Notebook
from grader.run.outputs import Allowance, tidy, without_large

__all__ = ["BROKEN", "Displays"]

BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError)  # what a message that a notebook forged may raise

_silent = logging.getLogger(f"{__name__}.quiet")
_silent.disabled = True


class Displays(NotebookClient):
    """The outputs of each cell. nbclient knows `clear_output`, updated displays and the rest; its kernel is not used."""

    def __init__(self, notebook: Notebook, text: int) -> None:
        super().__init__(notebook.to_node(), record_timing=False, store_widget_state=False, log=_silent)
        self._text = text
        self._allowances: dict[int, Allowance] = {}

    def begin(self, index: int) -> None:
        """Cell number `index` runs next: it has shown nothing yet."""
        self.nb.cells[index].outputs = []
        self.clear_before_next_output = False
        self._allowances[index] = Allowance(self._text)

    async def follow(self, client: Any, request: str, index: int) -> None:
        """Read what is broadcast until the kernel says that it is done with `request`, and keep what is shown."""
        while True:
            try:
                message = await client.get_iopub_msg(timeout=None)
                if message["parent_header"].get("msg_id") == request and not message["msg_type"].startswith("comm"):
                    if message["msg_type"] == "update_display_data":
                        message["content"]["data"] = without_large(message["content"]["data"])
                    self.process_message(message, self.nb.cells[index], index)
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
