"""From coverage rows to the judgement on a holding nothing matched: which rows speak of it, and what they carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tocsin.assess.holdings import CONTAINER_KINDS, PatternIndex, family, matches, told_with, told_within
from tocsin.assess.telling import server_of
from tocsin.assess.verdict import Channel, Judgement, Window, contradicts, intersects, judge
from tocsin.model.coverage import Coverage, CoverageState
from tocsin.model.exposure import Basis

_LOGGING_POINT = {
    Basis.PROVIDERS_WORD: "the provider of the service; an administrator of the tenant decides what is recorded",
    Basis.SEQUENCE: "the machines that wrote the log",
    Basis.STATISTICAL: "the systems that wrote the log",
}
# Told together in a log that records it wherever it is kept. Of what is recorded only where somebody asked for that
# (mail, files, objects, items of tables), a word for all of a log says nothing unless it has a record of any of it.
_UNASKED = frozenset(("aws secretsmanager", "aws ssm", "aws ec2", "aws rds"))
_NOBODY = "no log was read that would record an access"


class Watching:
    """Judges holdings over one `window`. `sources` are those that record accesses, by what is told together.

    `tells` are the families that the log of a source can tell of. A word for all of a log (`*`) speaks of no more than
    that, and, but for `_UNASKED`, only of what the log has such records of; a source that is not in it is one an estate
    describes, which tells of what it has records of and what a word names.

    A row limited to a mailbox or pattern speaks of the holdings it covers. One that speaks against completeness and
    names what is not among `known`, the declared holdings, may be about any of them, so it speaks of all.
    """

    def __init__(
        self,
        coverage: Sequence[Coverage],
        window: Window,
        sources: Mapping[str, Iterable[str]],
        known: Iterable[str],
        tells: Mapping[str, frozenset[str]],
    ) -> None:
        names = {name.lower() for name in known}
        rows = [row for row in coverage if intersects(row, window)]
        self.window = window
        self._sources = {of: frozenset(found) for of, found in sources.items()}
        self._tells = tells
        self._general = [row for row in rows if not row.scope or (contradicts(row) and not _known(row.scope, names))]
        self._scoped = [row for row in rows if row.scope and not (contradicts(row) and not _known(row.scope, names))]
        # Proof must cover the whole of a holding; doubt counts wherever it may touch it.
        proven = [number for number, row in enumerate(self._scoped) if row.state is CoverageState.PROVEN]
        self._doubt = [number for number, row in enumerate(self._scoped) if row.state is not CoverageState.PROVEN]
        self._proof = proven
        self._covering = PatternIndex(self._scoped[number].scope for number in proven)
        self._bases = _bases(coverage)
        self._hosts = _hosts(coverage)
        self._judged: dict[tuple[tuple[tuple[str, str], ...], tuple[int, ...], tuple[str, ...]], Judgement] = {}

    def judge(self, kind: str, text: str, channels: frozenset[str], forbidden: tuple[str, ...]) -> Judgement:
        """The judgement on a holding of that kind and id or pattern that no access matched; `channels` as below."""
        scoped = tuple(sorted((*self._proven(text), *self._doubted(kind, text)))) if self._scoped else ()
        parts = tuple((source, host) for source in sorted(channels) for host in self._hosts_of(source, text))
        key = (parts, scoped, forbidden)
        if key not in self._judged:
            rows = [*self._general, *(self._scoped[index] for index in scoped)]
            self._judged[key] = judge(
                self.window,
                [
                    Channel(
                        name=f"{source} of {host}" if host else source,
                        observed=False,
                        coverage=tuple(row for row in rows if row.source in (source, "") and _counts_for(row, host)),
                    )
                    for source, host in parts
                ],
                forbidden,
            )
        return self._judged[key]

    def _hosts_of(self, source: str, text: str) -> tuple[str, ...]:
        """The hosts whose logs would tell of it: its server, or for what names no server every host of the source."""
        hosts = self._hosts.get(source, ())
        server = server_of(text)
        if not hosts or not server:
            return hosts or ("",)
        return tuple(host for host in hosts if _is_one_host(host, server)) or (server,)

    def channels(self, kind: str, text: str) -> frozenset[str]:
        """The sources that record accesses to things of this kind, or are attested to for this one."""
        known = frozenset().union(
            *(self._sources.get(of, frozenset()) for of in (told_with(kind, text), told_within(kind, text)))
        )
        if not self._proof:
            return known
        words = (self._scoped[number] for number in self._proven(text))
        return known.union(row.source for row in words if self._can_speak(row, kind, text))

    def _can_speak(self, row: Coverage, kind: str, text: str) -> bool:
        """Whether the log that a word is given for could hold an access to a thing of which it has no record."""
        if row.source in self._tells and family(kind, text) not in self._tells[row.source]:
            return False
        of = told_with(kind, text)
        return of in _UNASKED and row.source in self._tells if row.scope == "*" else told_with(kind, row.scope) == of

    def _proven(self, text: str) -> list[int]:
        return [self._proof[number] for number in self._covering.covering(text)]

    def _doubted(self, kind: str, text: str) -> list[int]:
        if kind not in CONTAINER_KINDS:
            return self._doubt
        scopes = ((number, self._scoped[number].scope) for number in self._doubt)
        return [number for number, scope in scopes if matches(scope, text) or matches(text, scope)]

    def logging_point(self, sources: Iterable[str]) -> str:
        """Who controls the point where these logs are written."""
        points = sorted({_LOGGING_POINT[self._bases.get(source, Basis.STATISTICAL)] for source in sources})
        return "; ".join(points) or _NOBODY


def _is_one_host(one: str, other: str) -> bool:
    """Whether two names are of one host: equal, or equal but for a domain that one of them leaves out."""
    short, long = sorted((one.lower(), other.lower()), key=len)
    return long == short or ("." not in short and long.startswith(f"{short}."))


def _bases(coverage: Sequence[Coverage]) -> dict[str, Basis]:
    """What each source's completeness would stand on, from the rows of the spans that have records."""
    return {
        row.source: row.basis for row in coverage if row.state is CoverageState.UNPROVEN and row.basis in _LOGGING_POINT
    }


def _hosts(coverage: Iterable[Coverage]) -> dict[str, tuple[str, ...]]:
    """Per source whose records name their host, the hosts in order."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in coverage:
        if row.host and row.source:
            found[row.source].add(row.host)
    return {source: tuple(sorted(hosts)) for source, hosts in found.items()}


def _counts_for(row: Coverage, host: str) -> bool:
    """What one host's log is worth says nothing of another's; doubt of any counts for all."""
    return contradicts(row) or row.host in ("", host)


def _known(scope: str, names: set[str]) -> bool:
    return scope.lower() in names
