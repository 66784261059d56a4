"""What an indicator looks for, and what a field of a record holds, brought to one form so that equal things are equal.

Every form is lower case, but for the path of a URL. A comparison of a STIX pattern becomes a `Sought` of one of the
kinds below, or a reason why no log can answer it; the value of a field becomes keys of those kinds.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import re2

from tocsin.detect.indicators.pattern import Comparison
from tocsin.model.identity import canonical_address


class Kind(enum.StrEnum):
    """What can be looked for in a log, named as STIX names it where it does."""

    ADDRESS = "ip-addr"
    DOMAIN = "domain-name"
    URL = "url"
    MAIL = "email-addr"
    SUBJECT = "email-subject"
    HASH = "file-hash"
    CERTIFICATE = "x509-certificate"
    FILE_NAME = "file-name"
    FILE_PATH = "file-path"
    DIRECTORY = "directory"
    PROCESS = "process-name"
    COMMAND = "process-command-line"
    AGENT = "user-agent"
    REGISTRY = "windows-registry-key"


class Mode(enum.StrEnum):
    """How a value is compared."""

    IS = "is"
    WITHIN = "within"  # an address of a network
    FITS = "fits"  # an expression


class Sought(NamedTuple):
    """One thing looked for: `key` in the form of its kind; of mode FITS an expression, of WITHIN a network."""

    kind: Kind
    mode: Mode
    key: str


class NotAskableError(ValueError):
    """No log read here can answer; says why, without the value."""


Key = tuple[Kind, str]

_DOMAIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_HOST_PORT: Final = re.compile(r"([^:/\s]+):\d{1,5}")
_PORT: Final = re.compile(r"(?<=[^:\]]):\d{1,5}$|(?<=\]):\d{1,5}$")
_MAIL: Final = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+@[^\s@<>,;:\"'()\[\]\\]+")
_BETWEEN: Final = re.compile(r"[\s;,]+")
_HEX: Final = re.compile(r"[0-9a-f]+")
_LABELLED_HASH: Final = re.compile(r"([a-z0-9-]+)\s*[=:]\s*([0-9a-f]{32,128})")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://")
_SLASHES: Final = re.compile(r"[\\/]+")
_SID_ROOT: Final = re.compile(r"(?:hku|hkey_users|\\registry\\user)\\s-1-[0-9-]+(?:_classes)?")
_VARIABLE: Final = re.compile(r"%[^%\s]+%|\$\{?[a-z_]+|\[[a-z_ ]+\]")
_ALGORITHMS: Final[Mapping[str, int]] = {
    "md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128, "imphash": 32,
}  # fmt: skip
_BY_LENGTH: Final = {size: name for name, size in _ALGORITHMS.items() if name != "imphash"}
_ROOTS: Final = (
    ("hkey_local_machine", "hklm"), ("hkey_current_user", "hkcu"), ("hkey_classes_root", "hkcr"), ("hkey_users", "hku"),
    ("hkey_current_config", "hkcc"), ("\\registry\\machine", "hklm"), ("\\registry\\user", "hku"),
)  # fmt: skip
_PORTS: Final = {"http": ":80", "https": ":443", "ftp": ":21"}

# Object path, without list steps and in lower case, to what it is of. Of the others `_why_not` says why they are not.
_PATHS: Final[Mapping[str, Kind]] = {
    "ipv4-addr:value": Kind.ADDRESS,
    "ipv6-addr:value": Kind.ADDRESS,
    "network-traffic:src_ref.value": Kind.ADDRESS,
    "network-traffic:dst_ref.value": Kind.ADDRESS,
    "domain-name:value": Kind.DOMAIN,
    "domain-name:resolves_to_refs.value": Kind.ADDRESS,
    "url:value": Kind.URL,
    "email-addr:value": Kind.MAIL,
    "email-message:from_ref.value": Kind.MAIL,
    "email-message:sender_ref.value": Kind.MAIL,
    "email-message:to_refs.value": Kind.MAIL,
    "email-message:cc_refs.value": Kind.MAIL,
    "email-message:bcc_refs.value": Kind.MAIL,
    "email-message:subject": Kind.SUBJECT,
    "file:name": Kind.FILE_NAME,
    "file:path": Kind.FILE_PATH,
    "file:parent_directory_ref.path": Kind.DIRECTORY,
    "directory:path": Kind.DIRECTORY,
    "process:name": Kind.PROCESS,
    "process:image_ref.name": Kind.PROCESS,
    "process:binary_ref.name": Kind.PROCESS,
    "process:command_line": Kind.COMMAND,
    "windows-registry-key:key": Kind.REGISTRY,
    "network-traffic:extensions.http-request-ext.request_header.user-agent": Kind.AGENT,
}
_HASHED: Final[Mapping[str, Kind]] = {
    "file:hashes": Kind.HASH,
    "process:image_ref.hashes": Kind.HASH,
    "process:binary_ref.hashes": Kind.HASH,
    "artifact:hashes": Kind.HASH,
    "email-message:body_multipart.body_raw_ref.hashes": Kind.HASH,
    "x509-certificate:hashes": Kind.CERTIFICATE,
}
_STEPS: Final = re.compile(r"\[(?:\*|-?\d+)\]")


def sought_by(comparison: Comparison) -> tuple[Sought, ...]:
    """What a comparison asks; any of several holds. Raises NotAskableError with the reason."""
    path = _STEPS.sub("", comparison.path).lower()
    hashed, _, algorithm = path.rpartition(".")
    kind = _HASHED.get(hashed) or _PATHS.get(path)
    if kind is None:
        raise NotAskableError(_why_not(path))
    if comparison.is_negated or comparison.operator in ("!=", "<>"):
        raise NotAskableError("a negation: nearly every record would fit")
    if comparison.operator == "EXISTS":
        raise NotAskableError("that something is there at all (EXISTS): nearly every record would fit")
    if comparison.operator in ("LIKE", "MATCHES"):
        return (_fitting(kind, comparison),)
    if comparison.operator == "ISSUBSET" and kind is Kind.ADDRESS:
        return (_network(comparison.values[0]),)
    if comparison.operator not in ("=", "IN"):
        raise NotAskableError(f"the operator {comparison.operator} is not compared")
    if hashed in _HASHED:
        return tuple(Sought(kind, Mode.IS, _hash_key(algorithm, value)) for value in comparison.values)
    if path.startswith("network-traffic:") and kind is Kind.ADDRESS:
        kinds = [Kind.DOMAIN if any(_domains(value)) else kind for value in comparison.values]
        return tuple(_equal(each, value) for each, value in zip(kinds, comparison.values, strict=True))
    return tuple(_equal(kind, value) for value in comparison.values)


def _why_not(path: str) -> str:
    kind = path.partition(":")[0]
    if kind == "user-account":
        return "an account: tocsin exposure --identity asks for one"
    if kind in ("ipv4-addr", "ipv6-addr", "domain-name", "url", "file", "process", "windows-registry-key"):
        return f"{path} is not compared"
    return f"no log read here records {kind}"


def _equal(kind: Kind, value: str) -> Sought:
    if kind is Kind.ADDRESS and "/" in value:
        return _network(value)
    if kind in (Kind.FILE_PATH, Kind.DIRECTORY, Kind.REGISTRY) and _VARIABLE.search(value.lower()):
        raise NotAskableError(f"a {kind} with a variable in it: logs write it out")
    if kind is Kind.DOMAIN and any(_addresses(value)):  # published so more often than not told
        kind = Kind.ADDRESS
    keys = [key for found, key in _FORMS[kind](value) if found is kind]
    if not keys:
        raise NotAskableError(f"the value is no {kind}")
    if kind is Kind.ADDRESS and _is_everybodys(keys[0]):
        raise NotAskableError("an address that every machine has")
    return Sought(kind, Mode.IS, keys[0])


def _is_everybodys(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast


def _network(value: str) -> Sought:
    try:
        network = ipaddress.ip_network(value.strip(), strict=False)
    except ValueError:
        raise NotAskableError("the value is no network") from None
    if network.prefixlen == network.max_prefixlen:
        return _equal(Kind.ADDRESS, str(network.network_address))
    if network.prefixlen == 0:
        raise NotAskableError("a network of all addresses")
    return Sought(Kind.ADDRESS, Mode.WITHIN, str(network))


def _fitting(kind: Kind, comparison: Comparison) -> Sought:
    if kind in (Kind.HASH, Kind.CERTIFICATE):
        raise NotAskableError("a part of a hash")
    text = comparison.values[0]
    if comparison.operator == "MATCHES":
        try:
            expression_in(text)
        except re2.error:
            raise NotAskableError("an expression that cannot be run in linear time") from None
        return Sought(kind, Mode.FITS, text)
    expression = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in text.lower())
    if not text.strip("%_"):
        raise NotAskableError("an expression that everything fits")
    return Sought(kind, Mode.FITS, f"^(?s:{expression})$")


def expression_in(text: str) -> Callable[[str], object]:
    """What looks for an expression anywhere in a text, case apart. Raises re2.error for one that cannot be run."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    search: Callable[[str], object] = re2.compile(text, options).search
    return search


def _hash_key(algorithm: str, value: str) -> str:
    name = algorithm.replace("-", "")
    if name not in _ALGORITHMS:
        raise NotAskableError(f"no log read here records a hash of {algorithm}")
    text = value.strip().lower()
    if len(text) != _ALGORITHMS[name] or not _HEX.fullmatch(text):
        raise NotAskableError(f"the value is no {algorithm}")
    return f"{name}:{text}"


def path_of(kind: Kind, value: str) -> str:
    """The object path by which STIX asks for such a value; of a hash by its length."""
    if kind is Kind.ADDRESS:
        return "ipv6-addr:value" if ":" in value else "ipv4-addr:value"
    if kind in (Kind.HASH, Kind.CERTIFICATE):
        named = {"sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}
        found = _BY_LENGTH.get(len(value.strip()), "")
        name = named.get(found, found.upper())
        return f"{'file' if kind is Kind.HASH else 'x509-certificate'}:hashes.{name}"
    return next(path for path, found in _PATHS.items() if found is kind)


class Shape(enum.StrEnum):
    """What a field of a log holds, as `[observables]` of a source's `logsources.toml` says."""

    ADDRESS = "address"  # with or without a port
    HOST = "host"  # a name or an address, with or without a port
    HOSTS = "hosts"  # names and addresses among other text
    URL = "url"
    MAIL = "mail"  # mail addresses among other text
    SUBJECT = "subject"
    HASHES = "hashes"
    CERTIFICATE = "certificate"
    PATH = "path"
    PROCESS = "process"  # a path, or the name alone, of what ran
    COMMAND = "command"
    AGENT = "agent"
    REGISTRY = "registry"


def keys_of(shape: Shape, value: str) -> tuple[Key, ...]:
    """All that a value says, each once; nothing where it says nothing of the kind."""
    return tuple(dict.fromkeys(_SHAPES[shape](value)))


def _addresses(value: str) -> Iterator[Key]:
    text = canonical_address(value)
    if text is not None and _is_address(text):
        yield Kind.ADDRESS, text


def _is_address(text: str) -> bool:
    if not text[:1].isdigit() and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _hosts(value: str) -> Iterator[Key]:
    text = value.strip().lower()
    port = _HOST_PORT.fullmatch(text)
    found = tuple(_addresses(text))
    yield from found
    if not found:
        yield from _domains(port.group(1) if port else text)


def _host_list(value: str) -> Iterator[Key]:
    for text in _BETWEEN.split(value):
        yield from _hosts(text)


def _domains(value: str) -> Iterator[Key]:
    text = value.strip().lower().rstrip(".")
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return
    if "." in text and not _is_address(text) and _DOMAIN.fullmatch(text):
        yield Kind.DOMAIN, text


def _urls(value: str) -> Iterator[Key]:
    """The address without its scheme: many logs leave that out. Then its host."""
    text = value.strip()
    scheme = _SCHEME.match(text.lower())
    rest = text[scheme.end() :] if scheme else text.removeprefix("//")
    try:
        parts = urlsplit("//" + rest)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return
    found = tuple(_hosts(host))
    if not found:
        return
    port = _PORT.search(parts.netloc)
    shown = port.group() if port else ""
    if scheme and _PORTS.get(text[: scheme.end() - 3].lower()) == shown:
        shown = ""
    query = f"?{parts.query}" if parts.query else ""
    yield Kind.URL, f"{found[0][1]}{shown}{parts.path or '/'}{query}"
    yield from found


def _mails(value: str) -> Iterator[Key]:
    for text in _MAIL.findall(value.lower()):
        mailbox, _, domain = text.rpartition("@")
        for _, name in _domains(domain):
            yield Kind.MAIL, f"{mailbox.removeprefix('smtp:')}@{name}"
            yield Kind.DOMAIN, name


def _hashes(kind: Kind) -> Callable[[str], Iterator[Key]]:
    def found(value: str) -> Iterator[Key]:
        text = value.strip().lower()
        if len(text) in _BY_LENGTH and _HEX.fullmatch(text):
            yield kind, f"{_BY_LENGTH[len(text)]}:{text}"
            return
        for name, digest in _LABELLED_HASH.findall(text):
            algorithm = name.replace("-", "")
            if _ALGORITHMS.get(algorithm) == len(digest):
                yield kind, f"{algorithm}:{digest}"

    return found


def _paths(value: str) -> Iterator[Key]:
    """The whole path, its folder and its last part; a name alone is that part."""
    text = _SLASHES.sub("/", value.strip().strip('"').lower())
    folder, separator, name = text.rpartition("/")
    if not text or text == "/":
        return
    if separator:
        yield Kind.FILE_PATH, text.rstrip("/")
        yield Kind.DIRECTORY, folder or "/"
    if name:
        yield Kind.FILE_NAME, name


def _directories(value: str) -> Iterator[Key]:
    text = _SLASHES.sub("/", value.strip().strip('"').lower())
    if text:
        yield Kind.DIRECTORY, text.rstrip("/") or "/"


def _processes(value: str) -> Iterator[Key]:
    for kind, text in _paths(value):
        yield kind, text
        if kind is Kind.FILE_NAME:
            yield Kind.PROCESS, text


def _registry(value: str) -> Iterator[Key]:
    """The key itself, and the one above it: many logs write a value's name behind its key."""
    text = re.sub(r"\\{2,}", r"\\", value.strip().lower()).rstrip("\\")
    text = _SID_ROOT.sub("hkcu", text)
    for root, short in _ROOTS:
        if text == root or text.startswith(root + "\\"):
            text = short + text[len(root) :]
            break
    if "\\" in text:
        yield Kind.REGISTRY, text
        yield Kind.REGISTRY, text.rpartition("\\")[0]


def _texts(kind: Kind) -> Callable[[str], Iterator[Key]]:
    def found(value: str) -> Iterator[Key]:
        text = " ".join(value.lower().split())
        if text and text != "-":
            yield kind, text

    return found


# How the value of an indicator is brought to its form.
_FORMS: Final[Mapping[Kind, Callable[[str], Iterator[Key]]]] = {
    Kind.ADDRESS: _addresses,
    Kind.DOMAIN: _domains,
    Kind.URL: _urls,
    Kind.MAIL: _mails,
    Kind.SUBJECT: _texts(Kind.SUBJECT),
    Kind.HASH: _hashes(Kind.HASH),
    Kind.CERTIFICATE: _hashes(Kind.CERTIFICATE),
    Kind.FILE_NAME: lambda value: iter(((Kind.FILE_NAME, value.strip().lower()),) if value.strip() else ()),
    Kind.FILE_PATH: _paths,
    Kind.DIRECTORY: _directories,
    Kind.PROCESS: lambda value: iter(((Kind.PROCESS, value.strip().lower()),) if value.strip() else ()),
    Kind.COMMAND: _texts(Kind.COMMAND),
    Kind.AGENT: _texts(Kind.AGENT),
    Kind.REGISTRY: _registry,
}
_SHAPES: Final[Mapping[Shape, Callable[[str], Iterator[Key]]]] = {
    Shape.ADDRESS: _addresses,
    Shape.HOST: _hosts,
    Shape.HOSTS: _host_list,
    Shape.URL: _urls,
    Shape.MAIL: _mails,
    Shape.SUBJECT: _texts(Kind.SUBJECT),
    Shape.HASHES: _hashes(Kind.HASH),
    Shape.CERTIFICATE: _hashes(Kind.CERTIFICATE),
    Shape.PATH: _paths,
    Shape.PROCESS: _processes,
    Shape.COMMAND: _texts(Kind.COMMAND),
    Shape.AGENT: _texts(Kind.AGENT),
    Shape.REGISTRY: _registry,
}
# The kinds a field of each shape can show.
SHOWS: Final[Mapping[Shape, frozenset[Kind]]] = {
    Shape.ADDRESS: frozenset({Kind.ADDRESS}),
    Shape.HOST: frozenset({Kind.ADDRESS, Kind.DOMAIN}),
    Shape.HOSTS: frozenset({Kind.ADDRESS, Kind.DOMAIN}),
    Shape.URL: frozenset({Kind.URL, Kind.ADDRESS, Kind.DOMAIN}),
    Shape.MAIL: frozenset({Kind.MAIL, Kind.DOMAIN}),
    Shape.SUBJECT: frozenset({Kind.SUBJECT}),
    Shape.HASHES: frozenset({Kind.HASH}),
    Shape.CERTIFICATE: frozenset({Kind.CERTIFICATE}),
    Shape.PATH: frozenset({Kind.FILE_PATH, Kind.DIRECTORY, Kind.FILE_NAME}),
    Shape.PROCESS: frozenset({Kind.FILE_PATH, Kind.DIRECTORY, Kind.FILE_NAME, Kind.PROCESS}),
    Shape.COMMAND: frozenset({Kind.COMMAND}),
    Shape.AGENT: frozenset({Kind.AGENT}),
    Shape.REGISTRY: frozenset({Kind.REGISTRY}),
}


JOINED: Final = "+"  # between the names of fields whose values, put together, are what is looked for


def observables_in(fields: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """Fields and their shapes, of a table by shape. Raises ValueError for an unknown shape, or what is told twice."""
    found = [(name, str(Shape(shape))) for shape, names in fields.items() for name in names]
    if len(set(found)) != len(found):
        raise ValueError("a field is told twice to hold the same")
    return tuple(sorted(found))


def and_above(name: str) -> Iterator[str]:
    """A domain name and every name above it that has a point in it: `a.b.example` gives itself and `b.example`."""
    while "." in name:
        yield name
        name = name.partition(".")[2]
