"""Coverage probes as JSON lines: what `tocsin probe plan` means to access when, and the receipts its script writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.collect.json_text import decode_json
from tocsin.collect.lines import cut_line, frame_lines
from tocsin.collect.source import Head, Mapped, Source, declared_proof
from tocsin.model.clipping import to_be_cut
from tocsin.model.coverage import Mark
from tocsin.model.instant import parse_time
from tocsin.model.probing import SOURCE as NAME
from tocsin.model.record import Record, Unreadable

_MARKS = (b'{"tocsin_probe":', b'{"tocsin_probe_plan":')
_RECEIPT = ("id", "nonce", "time", "outcome")
_PLANNED = ("id", "channel", "target", "account", "host", "log", "due", "end", "commitment", "made")
_OUTCOMES = ("made", "failed")
_BASE_EVENT = 0  # OCSF: an event of no class of its own


class Probes:
    """The source: one planned probe or one receipt a line."""

    name = NAME
    decoder = "probe 1"
    log_fields: tuple[str, ...] = ()
    commits_text = False
    proof = declared_proof(__name__)

    def recognises(self, head: Head) -> float:
        """Sure where every line of the head begins as one of the two does."""
        lines = head.data.splitlines()
        begun = all(any(mark.startswith(line[: len(mark)]) for mark in _MARKS) for line in lines)
        return 1.0 if lines and begun else 0.0

    def preamble(self, head: Head) -> int:
        """None: every line stands for itself."""
        return 0

    def cut(self, window: bytes, preamble: bytes) -> int | None:
        """Behind a line end."""
        return cut_line(window)

    def records(self, data: bytes, preamble: bytes, skip: int) -> Iterator[Record | Unreadable]:
        """Every line."""
        for line in frame_lines(data, skip):
            if isinstance(line, Unreadable):
                yield line
                continue
            try:
                value, warnings = decode_json(line.data)
            except ValueError as error:
                yield Unreadable(line.offset, line.length, line.data, "not_json", to_be_cut(str(error), 200))
                continue
            if not isinstance(value, dict) or not (_is_receipt(value) or _is_planned(value)):
                detail = f"a receipt has {', '.join(_RECEIPT)}, a planned probe {', '.join(_PLANNED)} and names"
                yield Unreadable(line.offset, line.length, line.data, "not_a_probe", detail)
                continue
            yield Record(line.offset, line.length, line.data, (), value, value, warnings)

    def map(self, record: Record) -> Mapped:
        """An event of when it was planned or made, and what it says as marks: of a plan one for each name."""
        said = record.native
        planned = "tocsin_probe_plan" in said
        time = parse_time(said["made" if planned else "time"])
        event: dict[str, Any] = {"time": time, "class_uid": _BASE_EVENT, "metadata.log_name": NAME}
        texts = [said[name] for name in (_PLANNED if planned else _RECEIPT)]
        if planned:
            parts = [said[name] for name in ("id", "due", "end", "commitment", "log", "target")]
            detail = "\t".join([*parts, ";".join(said["addresses"])] if said.get("addresses") else parts)
            marks: tuple[dict[str, Any], ...] = tuple(
                {
                    "kind": Mark.PROBE,
                    "host": said["host"],
                    "channel": said["channel"],
                    "scope": name,
                    "actor": said["account"],
                    "detail": detail,
                }
                for name in said["names"]
            )
            texts += [*said["names"], *said.get("addresses", ())]
        else:
            marks = ({"kind": Mark.PROBE, "detail": "\t".join((said["id"], said["nonce"], said["outcome"]))},)
        key = "\0".join(texts).encode("utf-8", "surrogatepass")
        return Mapped(event, key, marks=marks, warnings=() if time is not None else ("time_unrepresentable",))


def _is_receipt(value: Mapping[str, Any]) -> bool:
    """Never of a line that says it is a plan as well: receipts come from machines that an intruder may have."""
    has_words = all(isinstance(value.get(name), str) for name in _RECEIPT) and "tocsin_probe" in value
    has_words = has_words and "tocsin_probe_plan" not in value
    return has_words and value["outcome"] in _OUTCOMES and not any("\t" in value[name] for name in _RECEIPT)


def _is_planned(value: Mapping[str, Any]) -> bool:
    names = value.get("names")
    has_words = all(isinstance(value.get(name), str) for name in _PLANNED) and "tocsin_probe_plan" in value
    has_words = has_words and "tocsin_probe" not in value
    are_names = isinstance(names, list) and bool(names) and all(isinstance(name, str) for name in names)
    addresses = value.get("addresses", [])
    are_addresses = isinstance(addresses, list) and all(
        isinstance(one, str) and not {"\t", ";"} & set(one) for one in addresses
    )
    return has_words and are_names and are_addresses and not any("\t" in value[name] for name in _PLANNED)


SOURCE: Source = Probes()
