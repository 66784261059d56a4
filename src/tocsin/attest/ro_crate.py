"""What was written in; RO-Crate 1.1 metadata out: every file with its digest, and how the whole was made."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.attest.payload import Enclosed
from tocsin.model.evidence import Package
from tocsin.render.element import Json

NAME = "ro-crate-metadata.json"
_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
# schema.org knows the term, the context of version 1.1 does not yet.
_CONTEXT: Json = [f"{_SPECIFICATION}/context", {"sha256": "https://schema.org/sha256"}]
_LATER = (
    ("custody/", "Written last: export.json, the act of the ledger that names this package, with its proof"),
    ("checkpoints/", "Signed states of the ledger, by size; the newest one covers the act in custody/export.json"),
)


def metadata(package: Package, files: Sequence[Enclosed], made: str, description: str) -> dict[str, Json]:
    """`ro-crate-metadata.json` of these files. What is written after it stands here as folders, without digests."""
    inside = {f"{path}": [one for one in files if one.path.startswith(path)] for path, _ in _LATER}
    loose = [one for one in files if not any(one.path.startswith(path) for path in inside)]
    folders: list[Json] = [
        {"@id": path, "@type": "Dataset", "name": path, "description": words}
        | ({"hasPart": [{"@id": one.path} for one in inside[path]]} if inside[path] else {})
        for path, words in _LATER
    ]
    entities: list[Json] = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "conformsTo": {"@id": _SPECIFICATION},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": f"Evidence package of {package.origin}",
            "description": description,
            "datePublished": made,
            "identifier": f"{package.origin} {package.size}",
            "license": {"@id": "#terms"},
            "author": {"@id": "#origin"},
            "publisher": {"@id": "#origin"},
            "mainEntity": {"@id": "index.html"},
            "hasPart": [{"@id": path} for path in (*(one.path for one in loose), *(path for path, _ in _LATER))],
            "mentions": {"@id": "#export"},
        },
        {
            "@id": "#terms",
            "@type": "CreativeWork",
            "name": "Evidence: for those it was handed to",
            "description": "No licence to publish or pass on is given. Names stand in it as the logs have them.",
        },
        {"@id": "#origin", "@type": "Organization", "name": package.origin},
        {"@id": "#tool", "@type": "SoftwareApplication", "name": "Tocsin", "softwareVersion": package.tool},
        {
            "@id": "#export",
            "@type": "CreateAction",
            "name": "Export of an evidence package",
            "description": "The act `exported` in custody/export.json, an entry of the ledger, names the digest.",
            "endTime": made,
            "agent": {"@id": "#origin"},
            "instrument": {"@id": "#tool"},
            "object": {"@id": "records.jsonl"},
            "result": {"@id": "./"},
        },
    ]
    return {"@context": _CONTEXT, "@graph": entities + folders + [_file(one) for one in files]}


def _file(one: Enclosed) -> Json:
    return {
        "@id": one.path,
        "@type": "File",
        "name": one.path,
        "description": one.description,
        "encodingFormat": one.media_type,
        "contentSize": str(one.size),
        "sha256": one.sha256,
    }
