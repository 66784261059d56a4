"""Whether a name says which thing it is, and how names of one thing in other forms of it are compared.

Only a name in a form known here tells: an address, a path, an ARN, written out. A short name, a link by a token, an id
nothing joins to a name, a path relative to who knows what tells nothing: it may be any thing of its kind.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from tocsin.assess.spelling import comparable, is_by_volume, says_nothing

# Things known by an id of their own, wherever they lie.
_BY_ID = frozenset(("mail_item", "record_set"))
_SEVERAL = re.compile(r"[,;|\s]")  # ids of several things, in one field
_ID = re.compile(r"\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?")
_BUCKET = re.compile(
    r"arn:aws[a-z-]*:s3:::(?![^/]*(?:-s3alias|--ol-s3|\.mrap)(?:/|$))(?!.*%[0-9a-f]{2})[a-z0-9._-]{1,255}(?:/.*)?",
    re.DOTALL,
)
_SECRET = re.compile(
    r"arn:[^:]*:(?:secretsmanager|ssm|kms|dynamodb):([^:]*):([^:]*):(?!parameter/aws/reference/)"
    r"(?:secret:|parameter/|key/|table/)?(.+)",
    re.DOTALL,
)
_REPLICATED = re.compile(r"arn:[^:]*:(?:secretsmanager:|dynamodb:|kms:[^:]*:[^:]*:key/mrk-)")
# With its region and account, which a record may have left out; of what EC2 keeps for all the ARN has no account.
_ARN = re.compile(r"arn:[^:]+:(?:ec2:[^:]+:[^:]*|[^:]+:[^:]+:[^:]+):.+", re.DOTALL)
_COPY_ID = re.compile(r"(?:snap|ami|vol)-[0-9a-f]+")
_WEB = re.compile(r"https://[^/]+\.[^/]+(?:/.*)?", re.DOTALL)
_DRIVE = re.compile(r"[a-z]:\\.*", re.DOTALL)  # without what follows it is the volume, opened as a whole
# Numbers of an institution's own system, as its estate writes them.
_NUMBER = re.compile(r"[^\\/:~{}%]+")
_SHARED = re.compile(r"\\\\([^\\]+)\\([^\\]+)(\\.*)?", re.DOTALL)
# A volume or disk opened as a whole, with all that is on it.
_WHOLE_VOLUME = re.compile(r"\\\\[.?]\\.*|\\device\\[^\\]+|\\?volume\{[^}]*\}", re.DOTALL)
# Images and backups of disks and of memory, which hold what lies elsewhere under its own name; what a file system, a
# search or a preview keeps of the files it knows; and where passwords are kept.
_IMAGE = re.compile(
    r"\.(?:a?vhdx?|vmdk|vdi|hdd|qcow2?|ova|img|dd|raw|iso|e01|ex01|s01|aff4?|ad1|l01|001|wim|esd|gho|spf|mrimg|v2i|[hm]?dmp"
    r"|mem|vmem|vmsn|vmss|vmrs|vsv|bak|bkf|vbk|vib|vbm|vma|tibx?|dit)$|\\(?:pagefile|hiberfil|swapfile)\.sys$"
    r"|(?:^[a-z]:|\\[^\\]*volume[^\\]*)\\\$(?!recycle\.bin)"
    r"|\\(?:windows\.(?:edb|db)|thumbs\.db|thumbcache_[^\\]*|~wr[a-z][0-9]+\.tmp)$|\\unsavedfiles\\|\\windowsimagebackup\\"
    r"|\\config\\(?:regback\\)?(?:sam|security|system)$|\\microsoft\\(?:protect|credentials|vault)\\"
)
# Paths of Linux that reach what has one of its own: through a process, a disk, the layers of a container or an earlier
# state; what was deleted or left of a program that ended; and keys and passwords of others.
_ELSEWHERE = re.compile(
    r"/proc/(?:k?core$|vmcore$|[^/]+/(?:task/[^/]+/)?(?:root|cwd|fd|mem|map_files)(?:/|$))"
    r"|/dev/(?!(?:null|zero|full|u?random|tty[^/]*|pts/.*|ptmx|console|shm/.*)$)|.*/overlay2?/|.*/\.snapshots?/|.*/\.zfs/"
    r"|.*/lost\+found/|.*/\.trash[^/]*/|.*/\.local/share/trash/|.*/coredump/|.*/core(?:\.[0-9]+)?$|/swap(?:file|\.img)$"
    r"|/etc/g?shadow-?$|.*\.keytab$|/etc/ssh/ssh_host_[^/]*key$|.*/\.ssh/id_[^/]*(?<!\.pub)$|/tmp/krb5cc_"
)
_DRIVE_SHARE = re.compile(r"[a-z]\$")


def tells(kind: str, holding: str, container: str, *, is_declared: Callable[[str], bool]) -> bool:
    """Whether the name of an access says to what it was; `kind` "" is any kind.

    is_declared   whether the estate declares something by it: then it is in a form the institution uses
    """
    known = comparable(holding)
    if not known or not kind:
        return False
    if kind == "record_set" and _SEVERAL.search(known):
        return False
    if kind in _BY_ID:
        return not known.startswith("arn:") or _ARN.fullmatch(known) is not None
    if kind == "mail_folder":
        return _ID.fullmatch(known) is None
    if kind == "mailbox":
        return "@" in known and " " not in known
    if kind in ("bucket", "object"):
        return _BUCKET.fullmatch(known) is not None
    if kind in ("secret", "snapshot"):
        return any(form.fullmatch(known) for form in (_SECRET if kind == "secret" else _ARN, _COPY_ID))
    if says_nothing(holding) or _WHOLE_VOLUME.fullmatch(known) or _IMAGE.search(known):
        return False
    if _ELSEWHERE.match(known):
        return False
    if known.startswith("/"):  # of a host; in a site a path is relative to what the record does not say
        return bool(container) and "://" not in container
    if any(form.fullmatch(known) for form in (_WEB, _DRIVE, _SHARED)) or is_by_volume(holding):
        return True
    return _NUMBER.fullmatch(known) is not None and _ID.fullmatch(known) is None and is_declared(holding)


def share_of(text: str) -> str:
    r"""`\\server\share` of what lies in a share, as it is compared; "" for any other text."""
    found = _SHARED.fullmatch(comparable(text))
    return f"\\\\{found[1]}\\{found[2]}" if found else ""


def on_drive(text: str) -> str:
    r"""What lies in a drive's own share (`\\server\d$\…`) by its path on the server; "" for any other text."""
    found = _SHARED.fullmatch(comparable(text))
    if found is None or not _DRIVE_SHARE.fullmatch(found[2]):
        return ""
    return f"{found[2][0]}:{found[3] or chr(92)}"


def server_of(text: str) -> str:
    r"""The host of `\\host\share\…`; "" for any other text."""
    found = _SHARED.fullmatch(comparable(text))
    return found[1] if found else ""


def on_server(text: str, *, asked: bool = False) -> Iterator[str]:
    r"""What lies in a share, by the first name of its server: a short name and a full one may be one server's.

    An address may be any server's. What is recorded is compared with what is asked of by the texts of the two.
    """
    found = _SHARED.fullmatch(comparable(text))
    if found is None:
        return
    rest = f"{found[2]}{found[3] or ''}"
    if asked:
        yield from (
            f"<any>\\{rest}",
            f"<every>\\{rest}" if _is_address(found[1]) else f"<{first_name(found[1])}>\\{rest}",
        )
    else:
        yield from (
            f"<every>\\{rest}",
            f"<any>\\{rest}" if _is_address(found[1]) else f"<{first_name(found[1])}>\\{rest}",
        )


def secret_of(text: str) -> tuple[str, str, str] | None:
    """(region, account, name) of a secret by its ARN, the service's six letters behind the name off; None for others.

    A caller may leave those letters out, so a name without them may be any that goes on with them.
    """
    found = _SECRET.fullmatch(comparable(text))
    if not found:
        return None
    is_parameter = ":parameter/" in found[0]  # of which a version or label may be asked for
    return found[1], found[2], found[3].partition(":")[0] if is_parameter else found[3]


def is_one_place(one: str, other: str) -> bool:
    """Whether what two texts name may be kept in one place: an account or a region left out is any.

    A secret, a table, and a key that begins so, may be replicated to other regions under the same name.
    """
    a, b = secret_of(one), secret_of(other)
    if a is None or b is None:
        return False
    is_replicated = all(_REPLICATED.match(comparable(text)) for text in (one, other))
    return (is_replicated or not (a[0] and b[0] and a[0] != b[0])) and not (a[1] and b[1] and a[1] != b[1])


def may_be_one_secret(one: str, other: str) -> bool:
    """Whether two texts may name one secret: six letters may be left out."""
    a, b = secret_of(one), secret_of(other)
    if a is None or b is None or not is_one_place(one, other):
        return False
    short, long = sorted((a[2], b[2]), key=len)
    return short == long or (re.fullmatch(r"-[a-z0-9]{6}", long[len(short) :]) is not None and long.startswith(short))


def first_name(host: str) -> str:
    """A host by its name without domain, and without what `host@ssl` says of the way to it."""
    return host.partition(".")[0].partition("@")[0]


def _is_address(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
