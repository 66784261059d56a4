"""Plants invented names, runs the whole product with a vault, searches all it left behind; writes `docs/evaluation.md`.

Run by `make prove-door`; the public data is found through TOCSIN_DATA. What is measured:

- tokenised: of each planted name, whether the events say a token of that person beside its mark, in place of it
- leaked: planted names, in any encoding, anywhere at rest outside the vault and the logs themselves, or in what was printed
- over-masked: fields of real logs without any planted name in which a token stands
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow.parquet

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmarks import page  # noqa: E402
from benchmarks.door_proof.figures import SPELLED, Figures, section  # noqa: E402
from benchmarks.door_proof.logs import WRITERS, Planted, planted, write_logs  # noqa: E402
from benchmarks.door_proof.names import Name, invented  # noqa: E402
from benchmarks.door_proof.search import Searcher, everything, needles  # noqa: E402
from benchmarks.door_proof.stage import Stage, leaks_of, persons_list  # noqa: E402

TOKEN = re.compile(r"(P[A-Z2-7]{26})-[xg][A-Z2-7]{5}", re.IGNORECASE)
_MARK = re.compile(r"zqx\d{7}")
CLEAN = (
    "otrf_mordor/atomic/schtask_create.zip",
    "otrf_mordor/apt29_zeek/apt29_day1_zeek_combined.json.gz",
    "otrf_mordor/atomic/psh_mshta_html_application_execution.zip",
    "m365_unified_audit_log/audit_records.jsonl.gz",
    "cloudtrail/stratus_detonations.zip",
    "benign_and_mixed_samples/msticpy/auditd_log.txt.gz",
)


FORMATS = ("json", "html", "csv", "jsonl", "stix", "brief")


def play(
    stage: Stage,
    logs: Path,
    names: Sequence[Name],
    workers: int,
    formats: Sequence[str] = FORMATS,
    *,
    each_once: bool = False,
) -> None:
    """Everything the product does, over these logs. The first of the formats is JSON; `each_once`: no command twice."""
    several, speaking = (1, 1) if each_once else (3, 2)
    place = ("--workspace", str(stage.workspace))
    stage.out.mkdir(parents=True, exist_ok=True)
    stage.run("init", str(stage.workspace))
    stage.run("vault", "import", "-", *place, "--accept-weak", given=persons_list(names))
    asked = (str(logs), *place, "--workers", str(workers))
    stage.run("investigate", *asked)
    for number, form in enumerate(formats):
        stage.run("investigate", *asked, "--format", form, "-o", str(stage.out / f"answers-{number}.{form}"))
    document = json.loads((stage.out / "answers-0.json").read_text("utf-8"))
    for name in names[1 : 1 + speaking]:
        stage.run("note", f"18:40 {name.form} was telephoned", *place, "--by", names[-1].form)
        stage.run("exposure", *place, "--identity", name.form)
    for command in ("exposure", "incidents", "coverage"):
        if not each_once:
            stage.run(command, *place)
        stage.run(command, *place, "--format", "json", "-o", str(stage.out / f"{command}.json"))
    stage.run("note", *place)
    stage.run("share", "stix", *place, "--accounts", "-o", str(stage.out / "indicators.json"))
    stage.run("share", "report", *place, "-o", str(stage.out / "report.html"))
    stage.run("share", "timeline", *place, "-o", str(stage.out / "timeline.csv"))
    stage.run("record", "verify", *place)
    for number, finding in enumerate(document["findings"][:several]):
        # Refused (5) where the guard at the exit finds a name: what it let through is searched.
        stage.run("evidence", "export", finding["id"], *place, "-o", str(stage.out / f"package-{number}"), codes=(0, 5))


def cells(workspace: Path) -> Iterator[str]:
    """Every text of the events, and of the tables that the database keeps of each chunk."""
    for path in sorted(workspace.rglob("*.parquet")):
        for column in pyarrow.parquet.read_table(path).columns:
            if str(column.type) in ("string", "large_string"):
                yield from filter(None, column.to_pylist())
    for where, data in everything(workspace / "tocsin.db"):
        if " > partials > " in where:
            yield from data.decode("utf-8", "ignore").split("\n")


def count_tokens(stage: Stage, everything_planted: Sequence[Planted], figures: Figures) -> None:
    """What stands beside each mark."""
    beside: dict[str, list[str]] = defaultdict(list)
    for text in cells(stage.workspace):
        for mark in _MARK.findall(text):
            beside[mark].append(text)
    tokens: dict[int, set[str]] = defaultdict(set)
    exact_of: Counter[tuple[int, bool]] = Counter()
    for one in everything_planted:
        if one.mark not in beside:
            continue
        key = one.kind, one.script, one.writing
        figures.shown[key] += 1
        told = [{token[1].upper() for token in TOKEN.finditer(text)} for text in beside[one.mark]]
        is_told = all(len(each) == 1 for each in told)
        if is_told:
            figures.tokenised[key] += 1
            tokens[one.person] |= set.union(*told)
        else:
            figures.missed.append(
                (one, next(text for text, each in zip(beside[one.mark], told, strict=True) if len(each) != 1))
            )
        if one.kind == "exact":
            exact_of[one.person, is_told] += 1
    owners = Counter(token for held in tokens.values() for token in held)
    figures.confused = sum(len(held) > 1 for held in tokens.values()) + sum(count > 1 for count in owners.values())
    script = {one.person: one.script for one in everything_planted}
    figures.persons = Counter(
        script[person] for person in script if exact_of[person, True] and not exact_of[person, False]
    )


def look_everywhere(stage: Stage, names: Sequence[Name], figures: Figures) -> None:
    """Every file that the product left, but for the vault."""
    wanted = [each for name in names for each in needles(name.number, name.family)]
    spelled = {
        data: needle._replace(writing=SPELLED)
        for name in names
        for _, family in name.spellings.values()
        for data, needle in needles(name.number, family)
        if needle.writing in ("UTF-8", "UTF-8 lower", "base64 of UTF-8") and family.lower() != name.family.lower()
    }
    figures.leaks, figures.searched, figures.files = leaks_of(stage, Searcher([*wanted, *spelled.items()]))


def over_masking(stage: Stage, data: Path, names: Sequence[Name], logs: Sequence[str] = CLEAN) -> tuple[int, int]:
    """Fields with a token, and all fields, of real logs that name nobody of the vault."""
    place = ("--workspace", str(stage.workspace))
    stage.run("init", str(stage.workspace))
    stage.run("vault", "import", "-", *place, "--accept-weak", given=persons_list(names))
    stage.run("investigate", *(str(data / path) for path in logs), *place)
    masked = count = 0
    for text in cells(stage.workspace):
        count += 1
        masked += bool(TOKEN.search(text))
    return masked, count


def measure(folder: Path, data: Path, *, count: int, exact: int = 3, workers: int = 2) -> Figures:
    """All of it, with so many names."""
    names = invented(count)
    places = planted(names, exact, list(WRITERS))
    figures = Figures(names=count, planted=len(places))
    logs = folder / "logs"
    write_logs(logs, data, places, names)
    stage = Stage(folder=folder / "stage")
    stage.folder.mkdir()
    play(stage, logs, names, workers)
    count_tokens(stage, places, figures)
    look_everywhere(stage, names, figures)
    clean = Stage(folder=folder / "clean")
    clean.folder.mkdir()
    figures.over_masked = over_masking(clean, data, names)
    return figures


def main() -> None:
    """Measure, print, and write the section; exit code 1 where a name leaked or was not replaced."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a new folder that all of it stays in")
    parser.add_argument("--dry", action="store_true", help="do not write the page")
    given = parser.parse_args()
    from benchmarks.evaluate import data_folder

    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(exist_ok=True)
        figures = measure(folder, data_folder(), count=given.names, workers=given.workers)
    sys.stdout.write(section(figures) + "\n")
    for kind in sorted({(one.kind, one.source, one.writing) for one, _ in figures.missed}):
        texts = [(one.text, text) for one, text in figures.missed if (one.kind, one.source, one.writing) == kind]
        sys.stderr.write(f"missed {kind}: {len(texts)}, as {texts[0]!r:.600}\n")
    shown: Counter[str] = Counter()
    for leak in figures.leaks:
        where = re.sub(r"[0-9a-f]{8,}", "*", leak.where) + ("" if leak.writing != SPELLED else f" ({SPELLED})")
        shown[where] += 1
        if shown[where] <= 3:
            sys.stderr.write(f"leaked {leak.writing} at {where}: {leak.around!r}\n")
    sys.stderr.write(f"{len(figures.leaks)} leaks: {shown.most_common(40)}\n")
    if not given.dry:
        page.put("door", section(figures))
    held = not figures.forms_found and sum(figures.persons.values()) == figures.names and not figures.confused
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
