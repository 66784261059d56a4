"""Jobs in, results out: in this process or in spawned ones, and what happens when a process dies."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import connection
from typing import Protocol

from tocsin.model.door import Door
from tocsin.protect.fault_hooks import mute, quiet_faults
from tocsin.reading.work import Done, Job, work

_SECRETS = ("TOCSIN_PASSPHRASE", "TOCSIN_VAULT_PASSPHRASE", "CREDENTIALS_DIRECTORY")

# Below this much input, starting processes costs more than they save.
_BYTES_WORTH_A_WORKER = 24 << 20
_MOST_WORKERS = 8


class Workers(Protocol):
    """Where jobs are done."""

    def submit(self, job: Job) -> Callable[[], Done]:
        """Begin a job; what comes back waits for its result, or raises what the job raised."""
        ...


class _Here:
    """Jobs run in this process, when their result is asked for."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def submit(self, job: Job) -> Callable[[], Done]:
        return lambda: work(job, self._door)


class _Spawned:
    """Jobs run in spawned processes. One whose process dies is run again alone; if that dies too, it is refused."""

    def __init__(self, workers: int, door: Door) -> None:
        self._workers = workers
        self._door = door
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return _executor(self._workers, self._door)

    def submit(self, job: Job) -> Callable[[], Done]:
        executor = self._executor
        future = self._submit(job)
        return lambda: self._result(executor, future, job)

    def _submit(self, job: Job) -> Future[Done]:
        try:
            return self._executor.submit(work, job)
        except BrokenProcessPool:
            self._executor = self._start()
            return self._executor.submit(work, job)

    def _result(self, executor: ProcessPoolExecutor, future: Future[Done], job: Job) -> Done:
        try:
            return future.result()
        except BrokenProcessPool:
            if executor is self._executor:
                self._executor = self._start()
        try:
            with _executor(1, self._door) as alone:
                return alone.submit(work, job).result()
        except BrokenProcessPool:
            return work(replace(job, refused="the worker process died on this chunk, twice"), self._door)

    def stop(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in list((self._executor._processes or {}).values()):
            process.terminate()


def _executor(workers: int, door: Door) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(door.epoch > 0,)
    )


def _begin(has_door: bool) -> None:
    """A worker says nothing of the logs on standard error, with a vault nothing at all: what it raises is sent back.

    It ends when the process that started it is gone: killed, it cannot say so itself.
    """
    if has_door:
        mute()
    else:
        quiet_faults()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


def workers_for(size: int) -> int:
    """How many processes this many bytes are worth on this machine."""
    usable = len(os.sched_getaffinity(0))
    return max(1, min(usable, _MOST_WORKERS, size // _BYTES_WORTH_A_WORKER))


@contextlib.contextmanager
def start_workers(workers: int, door: Door) -> Iterator[Workers]:
    """`workers` spawned processes, or this process for one; ended with the block, whatever ends it.

    `door` is this process's; the others go to the one that each job names.
    """
    if workers <= 1:
        yield _Here(door)
        return
    pool = _Spawned(workers, door)
    try:
        with _without_secrets():
            yield pool
    finally:
        pool.stop()


@contextlib.contextmanager
def _without_secrets() -> Iterator[None]:
    """A worker is given one segment's key and needs no other: what opens the workspace is not in its environment."""
    held = {name: os.environ.pop(name) for name in _SECRETS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(held)
