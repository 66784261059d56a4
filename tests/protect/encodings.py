"""Ways in which logs write a text as something else: for the tests of what finds it again."""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

Encoder = Callable[[str], str]


def percent(text: str) -> str:
    return quote(text)


def percent_lower_all(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def percent_some(text: str) -> str:
    """Every third character."""
    return "".join(percent_lower_all(one) if place % 3 == 0 else quote(one) for place, one in enumerate(text))


def json_escaped(text: str) -> str:
    return json.dumps(text)


def json_all(text: str) -> str:
    return "".join(f"\\u{code:04X}" for code in memoryview(text.encode("utf-16-le")).cast("H"))


def hex_escaped(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def octal_escaped(text: str) -> str:
    return "".join(chr(byte) if byte < 128 else f"\\{byte:03o}" for byte in text.encode())


def entities(text: str) -> str:
    return "".join(f"&#{ord(one)};" for one in text)


def entities_some(text: str) -> str:
    return "".join(f"&#x{ord(one):X};" if place % 2 or ord(one) > 127 else one for place, one in enumerate(text))


def quoted_printable(text: str) -> str:
    """With a soft line break after every ninth character."""
    whole = quopri.encodestring(text.encode()).decode("ascii").replace("=\n", "")
    parts, rest = [], whole
    while rest:
        cut = 9
        while cut < len(rest) and "=" in rest[cut - 2 : cut]:
            cut += 1
        parts.append(rest[:cut])
        rest = rest[cut:]
    return "=\r\n".join(parts)


def standard(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def unpadded(text: str) -> str:
    return standard(text).rstrip("=")


def url_safe(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def in_lines(text: str) -> str:
    return base64.encodebytes((text + " and what else there is to say of it, which is not much.").encode()).decode()


def in_the_middle(text: str) -> str:
    """At the second place of a group of three bytes."""
    return base64.b64encode(b"{" + text.encode() + b"} and more of that").decode()


def at_the_third(text: str) -> str:
    return base64.b64encode(b"[{" + text.encode() + b"} and more of that").decode()


def utf16_little(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-le")).decode()


def utf16_big(text: str) -> str:
    return base64.b64encode(text.encode("utf-16-be")).decode()


def utf16_seen(text: str) -> str:
    return text.encode("utf-16-le").decode("latin-1")


def hex_run(text: str) -> str:
    return text.encode().hex().upper()


ENCODERS: tuple[Encoder, ...] = (
    percent,
    percent_lower_all,
    percent_some,
    json_escaped,
    json_all,
    hex_escaped,
    octal_escaped,
    entities,
    entities_some,
    quoted_printable,
    standard,
    unpadded,
    url_safe,
    in_lines,
    in_the_middle,
    at_the_third,
    utf16_little,
    utf16_big,
    utf16_seen,
    hex_run,
)
# Those of which a run of digits is left.
RUNS = (
    standard,
    unpadded,
    url_safe,
    in_lines,
    in_the_middle,
    at_the_third,
    utf16_little,
    utf16_big,
    hex_run,
)
