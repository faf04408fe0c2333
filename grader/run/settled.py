"""Imported last where workers are forked from (`nursery`): what is imported stays, and is never looked through again.

Neither by collections in the workers, which would write into memory that all of them share, nor when this process ends.
"""

import atexit
import gc

gc.freeze()
atexit.register(gc.freeze)
