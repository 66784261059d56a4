"""Which declared holding an access falls under: exact id, longest prefix of it, then its container the same way."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tocsin.assess.spelling import comparable
from tocsin.model.estate import Holding, Sensitivity

MAIL_KINDS = frozenset(("mailbox", "mail_folder", "mail_item"))
STORE_KINDS = frozenset(("bucket", "object"))
CONTAINER_KINDS = frozenset(("mailbox", "site", "bucket"))
_SEPARATORS = ("/", "\\")  # a pattern `X/*` is of X too


# SharePoint's addresses: a site, team or personal site has a name below the host, what is served of it lies under that.
_IN_A_SITE = re.compile(
    r"(https?://[^/]+(?:/(?:sites|teams|personal)/[^/]+)?)/(?:_layouts/|_api/|lists/|forms/|sitepages/|pages/|.*/forms/|"
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/?$|[^?#]*\.as[phm]x(?:[?#]|$)).*",
    re.IGNORECASE | re.DOTALL,
)
_PERSONAL_SITES = re.compile(r"-my\.sharepoint\.com$")  # of the same tenant, in the same log
_AWS = ("arn:", "snap-", "ami-", "vol-")


def container_kind(kind: str) -> str:
    """The kind of container that things of `kind` lie in: a mailbox, a bucket, else a site."""
    if kind in MAIL_KINDS:
        return "mailbox"
    return "bucket" if kind in STORE_KINDS else "site"


def family(kind: str, text: str) -> str:
    """What the same kinds of log tell of: mail, things at a web address, in AWS, on a share, or on a host."""
    if kind in MAIL_KINDS:
        return "mailbox"
    if text.lower().startswith(_AWS):
        return "aws"
    if "://" in text:
        return "site"
    return "share" if text.startswith("\\\\") else "host"


def told_with(kind: str, text: str) -> str:
    """What one log tells of together: a family, but web addresses by their server, what lies on a host by its form, and
    what is in AWS by its service.

    The log of one web server says nothing of another, and one of files nothing of what an application numbers.
    """
    of, known = family(kind, text), comparable(text)
    if of == "aws":
        return f"{of} {known.split(':')[2] if known.count(':') > 2 else 'ec2'}"
    if of == "site":
        return f"{of} {_PERSONAL_SITES.sub('.sharepoint.com', known.partition('://')[2].partition('/')[0])}"
    if of == "host":
        is_of_windows = known[1:2] == ":" or "\\" in known
        return f"{of} {'windows' if is_of_windows else known[:1] if known[:1] == '/' else 'number'}"
    return of


def told_within(kind: str, container: str) -> str:
    """The same of a container: a host, or one of an application's, tells of itself, and not what is called like it."""
    return told_with(kind, container) if family(kind, container) != "host" else f"in {comparable(container)}"


def site_of(address: str) -> str:
    """The site a page or list at a web address lies in; the address itself where it is no page of a known kind."""
    found = _IN_A_SITE.match(address)
    return found.group(1) if found else address


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern (an id, or a prefix ending in `*`) covers a text, however either is written."""
    pattern, text = comparable(pattern), comparable(text)
    if pattern[-1:] == "*" and pattern[-2:-1] in _SEPARATORS and text == pattern[:-2]:
        return True
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


class PatternIndex:
    """Patterns by number, found by the texts they cover as `matches` says it."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._exact: dict[str, list[int]] = defaultdict(list)
        self._prefix: dict[str, list[int]] = defaultdict(list)
        for number, pattern in enumerate(map(comparable, patterns)):
            if not pattern.endswith("*"):
                self._exact[pattern].append(number)
                continue
            self._prefix[pattern[:-1]].append(number)
            if pattern[-2:-1] in _SEPARATORS:
                self._exact[pattern[:-2]].append(number)
        self._lengths = sorted({len(prefix) for prefix in self._prefix})

    def covering(self, text: str) -> set[int]:
        """The numbers of the patterns that cover a text."""
        text = comparable(text)
        found = set(self._exact.get(text, ()))
        for length in self._lengths:
            if length > len(text):
                break
            found.update(self._prefix.get(text[:length], ()))
        return found


class ThingIndex:
    """Things given as (kind, holding, container), found by the id, prefix or container they fall under."""

    def __init__(self, things: Iterable[tuple[str, str, str]]) -> None:
        self._things = sorted(set(things))
        self._texts = sorted(
            (comparable(text), number)
            for number, (_, holding, container) in enumerate(self._things)
            for text in {holding, container}
            if text
        )
        self._exact: dict[str, set[int]] = defaultdict(set)
        for text, number in self._texts:
            self._exact[text].add(number)
        self._whole = {
            within: sorted({comparable(holding) for kind, holding, _ in self._things if _is_whole(kind, within)})
            for within in CONTAINER_KINDS
        }
        self._kinds = {container_kind(kind) for kind, _, _ in self._things}

    def under(self, kind: str, text: str) -> list[tuple[str, str, str]]:
        """Everything that is `text` (an id, a container or a prefix ending in `*`) or lies in it, in order."""
        text = comparable(text)
        numbers: Iterable[int] = self._exact.get(text, ())
        if text.endswith("*"):
            numbers = set(self._starting(text[:-1]))
            if text[-2:-1] in _SEPARATORS:
                numbers.update(self._exact.get(text[:-2], ()))
        elif container_kind(kind) != "mailbox":
            inside = (self._starting(text.rstrip(sign) + sign) for sign in _SEPARATORS)
            numbers = {*numbers, *(number for found in inside for number in found)}
        return [self._things[number] for number in sorted(numbers)]

    def may_contain(self, kind: str, text: str) -> bool:
        """Whether something reached as a whole may hold `text`, which is not itself listed as reached.

        Where a mail item lies is not known from its id, so any folder of mail may hold it; where a document lies its
        address or path says, held against folders written in the same form.
        """
        within, known = container_kind(kind), comparable(text)
        if kind in CONTAINER_KINDS:
            return any(known.startswith(whole) for whole in self._whole[within] if whole != known)
        if within == "site" and (form := _form(known)):
            return any(known != whole and _may_lie_in(known, form, whole) for whole in self._whole[within])
        return bool(self._whole[within]) or (kind == "mail_folder" and within in self._kinds)

    def _starting(self, prefix: str) -> list[int]:
        start = bisect_left(self._texts, (prefix, -1))
        if start == len(self._texts) or not self._texts[start][0].startswith(prefix):
            return []
        end = bisect_left(self._texts, (prefix + chr(0x10FFFF), len(self._things)), start)
        return [number for _, number in self._texts[start:end]]


def _form(known: str) -> str:
    """How an address or path begins, by which it is told from those of another form; "" where it is none."""
    if known.startswith(("https://", "\\\\")):
        return known[:2]
    return known[1:3] if known[1:3] == ":\\" else ""


def _may_lie_in(known: str, form: str, whole: str) -> bool:
    """Whether a path may lie in a folder; of what lies in shares the server is left out, which has several names."""
    if _form(whole) != form:
        return True
    if form == "\\\\":
        known, whole = known[2:].partition("\\")[2], whole[2:].partition("\\")[2]
    return known.startswith(whole.rstrip("/\\") + ("/" if form == "ht" else "\\"))


def _is_whole(kind: str, within: str) -> bool:
    return container_kind(kind) == within and (kind in CONTAINER_KINDS or kind.endswith("folder"))


class HoldingIndex:
    """Declared holdings by pattern. `rank` orders sensitivities: the first of `sensitivities`, and after them of those
    the holdings name, is the highest, 0. A pattern that ends in a separator and `*` covers the folder itself too.
    """

    def __init__(self, holdings: Sequence[Holding], sensitivities: Sequence[Sensitivity] = ()) -> None:
        self._exact: dict[str, Holding] = {}
        self._prefix: dict[str, Holding] = {}
        ranks: dict[str, int] = {}
        for declared in sensitivities:
            ranks.setdefault(declared.name, len(ranks))
        for holding in holdings:
            pattern = comparable(holding.pattern)
            if pattern.endswith("*"):
                self._prefix.setdefault(pattern[:-1], holding)
            else:
                self._exact.setdefault(pattern, holding)
            if holding.sensitivity:
                ranks.setdefault(holding.sensitivity, len(ranks))
        self._lengths = sorted({len(prefix) for prefix in self._prefix}, reverse=True)
        self._ranks = ranks
        self._within: dict[str, Holding | None] = {}

    def find(self, holding: str, container: str) -> Holding | None:
        """The declared holding that covers it, or None."""
        found = self._of(comparable(holding))
        if found is None:
            if container not in self._within:  # few hold many
                self._within[container] = self._of(comparable(container))
            found = self._within[container]
        return found

    def rank(self, sensitivity: str) -> int:
        """0 for the highest; what the estate does not name comes last."""
        return self._ranks.get(sensitivity, len(self._ranks))

    def _of(self, text: str) -> Holding | None:
        if not text:
            return None
        if text in self._exact:
            return self._exact[text]
        for separator in _SEPARATORS:
            if text + separator in self._prefix:
                return self._prefix[text + separator]
        for length in self._lengths:
            found = self._prefix.get(text[:length]) if length <= len(text) else None
            if found is not None:
                return found
        return None
