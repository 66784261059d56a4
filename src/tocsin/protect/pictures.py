"""Pictures and recordings told by their first bytes, and the text that goes with a picture.

That is what a PNG has compressed; all else of EXIF and XMP stands in the file's bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from tocsin.protect.found_text import FoundText

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST = 16 << 20

PICTURE, RECORDING = "picture", "recording"
_BEGINNINGS = (
    (_PNG, PICTURE),
    (b"\xff\xd8\xff", PICTURE),  # JPEG
    (b"GIF87a", PICTURE),
    (b"GIF89a", PICTURE),
    (b"II*\0", PICTURE),  # TIFF
    (b"MM\0*", PICTURE),
    (b"II+\0", PICTURE),  # BigTIFF
    (b"MM\0+", PICTURE),
    (b"\0\0\0\x0cjP  \r\n", PICTURE),  # JPEG 2000
    (b"\xff\x4f\xff\x51", PICTURE),
    (b"\xff\x0a", PICTURE),  # JPEG XL
    (b"\0\0\0\x0cJXL \r\n", PICTURE),
    (b"8BPS", PICTURE),
    (b"\x97JB2\r\n\x1a\n", PICTURE),
    (b"AT&TFORM", PICTURE),  # DjVu: mostly scans
    (b"\x1aE\xdf\xa3", RECORDING),  # Matroska, WebM
    (b"OggS", RECORDING),
    (b"fLaC", RECORDING),
    (b"ID3", RECORDING),
    (b"#!AMR", RECORDING),
)
_RIFF = {b"WEBP": PICTURE, b"WAVE": RECORDING, b"AVI ": RECORDING}
_STILL = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")


def kind_of(data: bytes) -> str:
    """`PICTURE` or `RECORDING` where the bytes are one, "" for anything else."""
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], "")
    if data[4:8] == b"ftyp":  # ISO 14496-12: the brand tells stills from films and sound
        return PICTURE if data[8:12] in _STILL else RECORDING
    if data[:2] == b"BM" and data[6:10] == bytes(4) and data[14:18] in (b"\x28\0\0\0", b"\x6c\0\0\0", b"\x7c\0\0\0"):
        return PICTURE  # a Windows bitmap: two letters alone begin many a text
    return next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), "")


def read(data: bytes) -> Iterator[FoundText]:
    """The texts of a PNG's `zTXt` and compressed `iTXt` chunks (PNG, third edition, 11.3.3); nothing for others."""
    if not data.startswith(_PNG):
        return
    at = len(_PNG)
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"zTXt":
            yield _inflated(body.partition(b"\0")[2][1:])
        elif kind == b"iTXt":
            _, _, rest = body.partition(b"\0")
            if rest[:1] == b"\1":
                yield _inflated(rest[2:].split(b"\0", 2)[-1])


def _inflated(packed: bytes) -> FoundText:
    decoder = zlib.decompressobj()
    try:
        text = decoder.decompress(packed, _LARGEST)
    except zlib.error:
        return FoundText("its text", "", "damaged text")
    if decoder.unconsumed_tail:
        return FoundText("its text", "", "too much text")
    return FoundText("its text", text.decode("utf-8", "surrogateescape"))
