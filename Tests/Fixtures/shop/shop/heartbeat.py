"""Shows a probe that a process without a port is alive: it touches the file that HEARTBEAT_FILE names."""

import os
import time
from pathlib import Path

from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent, worker_ready


def beat() -> None:
    if path := os.environ.get("HEARTBEAT_FILE"):
        Path(path).write_text(f"{time.time()}\n")


@worker_ready.connect
@heartbeat_sent.connect
def on_worker(**_: object) -> None:
    beat()


class Scheduler(PersistentScheduler):
    """Celery's own scheduler, which is seen to go round."""

    def tick(self, *args: object, **kwargs: object) -> float:
        beat()
        return super().tick(*args, **kwargs)
