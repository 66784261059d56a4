"""Measures the product on public data and on its exercise, and writes `docs/evaluation.md`.

Run by `make evaluation`; with names of sections, only those are measured again. The data is found through TOCSIN_DATA or
beside the checkout, as the tests on real data do.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import page  # noqa: E402
from benchmarks.measures import (  # noqa: E402
    alerts,
    attack_samples,
    behaviour_beacons,
    cards,
    cloud,
    conformance,
    exercise,
    flows,
    indicators,
    interruption,
    masquerades,
    new_links,
    otrf,
    peer_engine,
    players,
    synthesised,
    tenant,
    throttling,
    watched,
    web_parameters,
)

SECTIONS: Mapping[str, Callable[[Path, Path], str]] = {
    "tenant": tenant.section,
    "samples": attack_samples.section,
    "otrf": otrf.section,
    "peer_engine": peer_engine.section,
    "synthesised": synthesised.section,
    "conformance": conformance.section,
    "cloud": cloud.section,
    "indicators": indicators.section,
    "throttling": throttling.section,
    "watched": watched.section,
    "alerts": alerts.section,
    "cards": cards.section,
    "masquerades": masquerades.section,
    "new_links": new_links.section,
    "flows": flows.section,
    "web_parameters": web_parameters.section,
    "beacons": behaviour_beacons.section,
    "interruption": interruption.section,
    "exercise": exercise.section,
    "players": players.section,
}


def data_folder() -> Path:
    """The folder of public data sets. Exits where there is none."""
    data = Path(os.environ.get("TOCSIN_DATA", ROOT.parent / "shared" / "data"))
    if not data.is_dir():
        raise SystemExit("no public data sets: set TOCSIN_DATA to the folder that holds them")
    return data


def main(arguments: list[str] | None = None) -> None:
    """Measure the named sections, or all; each is on the page as soon as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="NAME", help=f"of {', '.join(SECTIONS)}")
    names = parser.parse_args(arguments).sections
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}: there are {', '.join(SECTIONS)}")
    data = data_folder()
    for name in names or SECTIONS:
        sys.stderr.write(f"{name} ...\n")
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["XDG_CONFIG_HOME"] = scratch
            page.put(name, SECTIONS[name](data, Path(scratch)))


if __name__ == "__main__":
    main()
