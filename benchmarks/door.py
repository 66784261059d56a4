"""Measures what searching for protected persons costs beside processing, and how much it masks where none is named.

Run by `make bench-door` on the public logs (TOCSIN_DATA). Seconds belong to the machine; the ratio travels.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.measures.protected import (  # noqa: E402
    FEWEST_EVENTS,
    Chunk,
    chunks_of,
    invented_forms,
    invented_persons,
    masked_share,
    spellings_of,
)
from benchmarks.measures.replicas import write_replica  # noqa: E402
from tocsin.investigation import init_workspace  # noqa: E402
from tocsin.protect.doors import Doors  # noqa: E402
from tocsin.protect.matcher import Matcher  # noqa: E402
from tocsin.protect.vault import Form, Person, create_vault, locked, open_vault, vault_sources  # noqa: E402
from tocsin.protection.linking import Link, write_link  # noqa: E402
from tocsin.store.workspace import open_workspace  # noqa: E402


def seconds_of(matcher: Matcher, chunk: Chunk) -> float:
    """CPU seconds of searching a chunk once."""
    gc.collect()
    started = time.process_time()
    matcher.find(chunk.texts)
    return time.process_time() - started


def investigations(folder: Path, count: int, forms: int) -> None:
    """CPU of `tocsin investigate` on the same logs without a vault and with one, and of a question afterwards."""
    os.environ |= {"XDG_CONFIG_HOME": str(folder / "keys"), "PYTHONPATH": str(ROOT / "src")}
    started = time.process_time()
    link(folder / "linked", folder / "vault", count, forms)
    print(f"expanding the forms for the first time: {time.process_time() - started:.1f} s\n")
    print("| workspace | investigate, CPU s | investigate again, CPU s | exposure, CPU s | exposure, s |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in ("plain", "linked", "plain-2", "linked-2"):
        workspace = folder / name
        if name == "linked-2":
            link(workspace, folder / "vault", count, forms)
        taking = ["investigate", str(folder / "logs"), "--workspace", str(workspace), "--workers", "1", "--quiet"]
        asking = ["exposure", "--workspace", str(workspace), "--quiet"]
        first, again, question = (cpu_of(arguments) for arguments in (taking, taking, asking))
        print(f"| {name} | {first[0]:.1f} | {again[0]:.1f} | {question[0]:.1f} | {question[1]:.1f} |", flush=True)


def cpu_of(arguments: list[str]) -> tuple[float, float]:
    """CPU seconds of a command and of all processes it started, and seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run([sys.executable, "-m", "tocsin", *arguments], check=False, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - started


def link(workspace: Path, folder: Path, count: int, forms: int) -> None:
    """A new workspace linked to a vault of invented persons, made where there is none, whose door has stood before."""
    init_workspace(workspace, None)
    sources = vault_sources(os.environ)
    vault = open_vault(folder, sources) if folder.exists() else create_vault(folder, sources)
    with closing(open_workspace(workspace)) as opened, locked(folder):
        persons = vault.contents.persons or tuple(
            Person(
                id=number.to_bytes(16, "big"),
                handle=str(number),
                matters=(),
                forms=tuple(Form(kind=kind, text=text) for text, kind in held),
            )
            for number, held in enumerate(invented_forms(count, forms=forms))
        )
        workspaces = {**vault.contents.workspaces, opened.origin: str(workspace)}
        contents = replace(vault.contents, persons=persons, workspaces=workspaces)
        vault = vault.saved(contents, epoch=vault.epoch + 1)
        write_link(opened.settings_path, Link(id=vault.id, epoch=vault.epoch, vault=str(folder)))
    Doors(vault)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--persons", type=int, nargs="*", default=[0, 1_000, 5_000])
    options.add_argument("--forms", type=int, default=5, help="of each person, as a protection unit writes them")
    options.add_argument("--investigate", action="store_true", help="whole investigations, without and with a vault")
    chosen = options.parse_args()
    gc.collect()
    data = Path(os.environ.get("TOCSIN_DATA", ROOT.parent / "shared" / "data"))
    with tempfile.TemporaryDirectory() as folder:
        write_replica(data, Path(folder) / "logs", 0)
        if chosen.investigate:
            investigations(Path(folder), max(chosen.persons), chosen.forms)
            return
        chunks = [chunk for chunk in chunks_of([Path(folder)]) if chunk.texts]
    print(
        "| persons | words and numbers | build, s | source | events | distinct characters an event | us an event | share of processing |"
    )
    print("| ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |")
    for count in chosen.persons:
        gc.disable()  # as the process of the door does while it builds
        persons = invented_persons(count, forms=chosen.forms)
        started = time.process_time()
        matcher = Matcher(persons)
        build = time.process_time() - started
        gc.freeze()
        gc.enable()
        matcher.find(["\u0436", "x"])  # the tables of other scripts are made when first needed
        large = [chunk for chunk in chunks if chunk.events >= FEWEST_EVENTS]
        spent = [(chunk, seconds_of(matcher, chunk)) for chunk in large]
        for source in (*sorted({chunk.source for chunk in large}), "all"):
            rows = [(chunk, cpu) for chunk, cpu in spent if source in (chunk.source, "all")]
            events = sum(chunk.events for chunk, _ in rows)
            cpu = sum(cpu for _, cpu in rows)
            characters = sum(len(text) for chunk, _ in rows for text in chunk.texts)
            ratio = cpu / sum(chunk.cpu_seconds for chunk, _ in rows)
            print(
                f"| {count:,} | {spellings_of(persons):,} | {build:.1f} | {source} | {events:,} "
                f"| {characters / events:.0f} | {cpu / events * 1e6:.1f} | {ratio:.1%} |"
            )
        masked, texts = masked_share(Matcher(persons), chunks)
        print(f"\n{masked:,} of {texts:,} distinct texts masked ({masked / texts:.4%})\n")


if __name__ == "__main__":
    main()
