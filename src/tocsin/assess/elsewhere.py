"""Whether something that was reached, or may have been, is a holding under another of its names.

Two names are of two things only for a reason: they are written in one form and differ, ids tell them apart, or a record
says which folder a share shows. Without one, what was reached under the one may be the other.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tocsin.assess.holdings import CONTAINER_KINDS, HoldingIndex, ThingIndex, container_kind, family
from tocsin.assess.matching import Seen
from tocsin.assess.naming import BEYOND, HoldingNames
from tocsin.assess.renaming import Renamings
from tocsin.assess.spelling import (
    comparable,
    first_misread,
    is_by_volume,
    is_misread,
    on_any_volume,
    shown_by,
    skeleton,
)
from tocsin.assess.telling import (
    first_name,
    is_one_place,
    may_be_one_secret,
    on_drive,
    on_server,
    secret_of,
    server_of,
    share_of,
    tells,
)
from tocsin.model.coverage import ANYTHING, ANYWHERE
from tocsin.model.estate import Holding

_Thing = tuple[str, str, str]

# Things whose id or name does not say in which mailbox they lie.
_IN_ANY_MAILBOX = frozenset(("mail_item", "mail_folder"))
# Containers that have names beside their own: addresses and aliases of a mailbox, addresses of a site.
_CALLED_OTHERWISE = frozenset(("mailbox", "site"))
_DECLARED_BY_VOLUME = "volume of "
# Meant for any letter or letters, which a pattern has a word for at its end alone: what begins as it does may be meant.
# A query of a page is none, nor the braces of an id.
_WILD = re.compile(r"\?(?![^/=]*=)|\*(?!$)|\.\*$|\[|\{(?![0-9a-f-]{36}\})")
# A file with others in it, of which somebody's holding is one.
_ARCHIVE = re.compile(
    r"\.(?:zip|7z|rar|tar|t?gz|t?bz2|xz|zst|cab|pst|ost|mbox|msg|eml|nsf|iso|one|onepkg|mdb|accdb)(?=[\\/!])"
)
_PARTED = re.compile("/")
_FILLING = re.compile(r"(?<![0-9])0+(?=[0-9])")
_SITE = re.compile(r"https?://[^/]+(?:/(?:sites|teams|personal)/[^/]+)?", re.IGNORECASE)


class Elsewhere:
    """The names of what a question's accesses reached, and of what holdings are asked of, held against each other."""

    def __init__(self, seen: Seen, names: HoldingNames, holdings: Sequence[Holding], index: HoldingIndex) -> None:
        reached = [(thing.kind, thing.holding, thing.container) for thing in seen.reached]
        self._touched: list[_Thing] = sorted({*reached, *seen.near})
        self._all = ThingIndex(self._touched)
        self._names = names
        self._renamings = Renamings(seen.given_up, (holding for _, holding, _ in self._touched))
        self._unnamed = _unnamed_places(seen.unnamed, names)
        self._by_volume = any(is_by_volume(holding.pattern) for holding in holdings)
        elsewhere = list(self._recorded_elsewhere())
        self._is_beyond = any(BEYOND in holding for _, holding, _ in elsewhere)
        self._other = ThingIndex(elsewhere)
        self._alike = ThingIndex(
            (kind, skeleton(holding), skeleton(box))
            for kind, holding, box in self._touched
            if skeleton(holding) != comparable(holding) or skeleton(box) != comparable(box)
        )
        self._is_anything = any(map(self._may_show_anything, (holding for _, holding, _ in self._touched)))
        self._undeclared = self._undeclared_containers(holdings, index)
        self._servers = self._on_servers()
        within = {container for _, _, container in seen.unnamed}  # of what was reached and not named
        self._shares = {share_of(each) for each in (*within, *(holding for _, holding, _ in self._touched))} - {""}
        self._forms_of_mail = {_is_of_mail(holding) for kind, holding, _ in self._touched if kind == "mail_item"}
        self._mails = {comparable(one) for kind, one, _ in self._touched if kind == "mail_item" and _is_of_mail(one)}
        self._forms_of_ids = {(one.index("@"), len(one)) for one in self._mails}
        self._above = {comparable(one).rstrip("/") for _, one, _ in self._touched if "://" in one}
        self._is_mail_anywhere = any(kind in _IN_ANY_MAILBOX and not box for kind, _, box in self._touched)
        folders = (one for kind, one, _ in self._touched if kind.endswith("folder") or kind in CONTAINER_KINDS)
        names_of_folders = {name.rstrip("/\\") for one in folders for name in names.may_be(one)} - {""}
        self._in_folders = tuple(f"{name}{sign}" for name in names_of_folders for sign in "/\\")
        self._numbers, self._begun = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for name in (holding for kind, holding, _ in self._touched if kind == "record_set" and _numbered(holding)):
            self._numbers[_numbered(name)].add(name)
            for start in _starts(_numbered(name)):
                self._begun[start].add(name)
        self._secrets = sorted({holding for _, holding, _ in self._touched if secret_of(holding)})
        # Kinds of what was reached under names the estate does not give: what is declared in no known form may be that.
        self._foreign = {container_kind(kind) for kind, holding, _ in self._touched if index.find(holding, "") is None}

    def may_be(self, kind: str, text: str) -> bool:
        """Whether something recorded under another name may be the holding, or lie in it."""
        if any(self._all.under(kind, name) for name in self._other_names(text)):
            return True
        known = comparable(text)
        if self._is_told_alike(kind, text):
            return True
        if self._is_anything and family(kind, text) in ("host", "share"):
            return True
        if family(kind, text) != "mailbox" and (self._is_beyond or self._is_known_elsewhere(kind, text)):
            return True
        if self._other.under(kind, text) or self._renamings.may_be(text):
            return True
        if (found := _WILD.search(known)) and self._all.under(kind, f"{known[: found.start()]}*"):
            return True
        if is_misread(text) and self._all.under(kind, f"{known[: first_misread(known)]}*"):
            return True
        if "://" in known and any(self._all.under(kind, each) for each in shown_by(text, kind)):
            return True
        if any(self._all.under(kind, known[: found.end()]) for found in _ARCHIVE.finditer(known)):
            return True
        if ("\\" in known or known.startswith("volume{")) and self._may_be_path(kind, text):
            return True
        if kind in ("secret", "record_set") and any(_is_secret(text, one) for one in self._secrets):
            return True
        if kind == "record_set" and self._is_numbered_alike(text):
            return True
        if container_kind(kind) in self._foreign and not tells(kind, text, "a host", is_declared=lambda _: False):
            return kind not in _IN_ANY_MAILBOX
        if known.startswith(self._in_folders):
            return True
        if any(known[: sign.start()] in self._above for sign in _PARTED.finditer(known)):  # whatever it is recorded as
            return True
        if self._is_mail_anywhere and kind in ("mailbox", "mail_folder"):  # the record does not say in which mailbox
            return True
        if kind == "mail_item" and self._holds_an_id(known):  # with more about it than the id
            return known not in self._mails
        if kind == "mail_item":  # its id is its own in whatever mailbox; of a store it has several
            return bool(self._forms_of_mail) if not _is_of_mail(text) else False in self._forms_of_mail
        own = known.rstrip("*")
        return any(
            comparable(name) != own
            and not f"{own}/".startswith(f"{comparable(name)}/")
            and not self._names.are_apart(name, own)
            for name in self._undeclared.get(container_kind(kind), ())
            if container_kind(kind) == "mailbox" or "://" in own
        )

    def _is_known_elsewhere(self, kind: str, text: str) -> bool:
        """Whether something was reached where records say that it was, or is since; or where they say no end of it."""
        return any(other == BEYOND or self._all.under(kind, other) for other in self._names.elsewhere(text))

    def _is_told_alike(self, kind: str, text: str) -> bool:
        """Whether something was reached that a reader cannot tell from it, and nothing under its very name."""
        bare = skeleton(text)
        alike = self._alike.under(kind, bare) or (bare != comparable(text) and self._all.under(kind, bare))
        return bool(alike) and not self._all.under(kind, text)

    def _holds_an_id(self, known: str) -> bool:
        """Whether the id of a mail that was reached stands in it: looked for by each form (place of `@`, length)."""
        return any(
            known[place - before : place - before + length] in self._mails
            for place, sign in enumerate(known)
            if sign == "@"
            for before, length in self._forms_of_ids
            if before <= place
        )

    def _is_numbered_alike(self, text: str) -> bool:
        """Whether the number of something reached differs in zeros before it or in what follows: a version, a part."""
        own = _numbered(text)
        alike = (self._begun.get(own), *(self._numbers.get(start) for start in _starts(own)))
        return any(names - {text} for names in alike if names)

    def _may_show_anything(self, holding: str) -> bool:
        """Whether what was reached by this path may lie anywhere else, as records say of what it lies in."""
        if ANYTHING not in self._names.folders:
            return False
        parts = comparable(holding).split("/")
        return any(one.startswith(ANYTHING) for one in self._names.elsewhere(holding)) or any(
            f"{ANYWHERE}/{part}" in self._names.folders for part in parts if part
        )

    def _may_be_path(self, kind: str, text: str) -> bool:
        """Whether something recorded under another path, of another form or by another name of the server, may be."""
        if any(self._other.under(kind, asked) for asked in self._asked(text)):
            return True
        drive = on_drive(text)
        if drive and self._all.under(kind, drive):
            return True
        return self._is_in_another_share(text) or self._is_on_a_server(text)

    def _is_in_another_share(self, text: str) -> bool:
        """Whether another share of its server was reached that may show its folder: no record says which both show."""
        asked = share_of(text)
        if not asked:
            return False
        server, is_placed = first_name(server_of(text)), self._is_placed(asked)
        return any(
            share != asked and first_name(server_of(share)) == server and not (is_placed and self._is_placed(share))
            for share in self._shares
        )

    def _is_placed(self, share: str) -> bool:
        return bool(on_drive(share) or self._names.folders.get(share))

    def may_be_unnamed(self, kind: str, text: str, sources: frozenset[str]) -> bool:
        """Whether an access that names nothing, in a log of `sources`, may have been to it."""
        found = (
            self._unnamed[source, of_kind]
            for source in ("", *sources)
            for of_kind in ("", container_kind(kind))
            if (source, of_kind) in self._unnamed
        )
        return any(places.is_any or kind in _IN_ANY_MAILBOX or places.may_hold(text) for places in found)

    def _asked(self, text: str) -> Iterator[str]:
        """The other texts by which a path that is asked of stands among what was recorded elsewhere."""
        anywhere = on_any_volume(text)
        if anywhere is not None:
            yield f"{_DECLARED_BY_VOLUME}{anywhere}" if is_by_volume(text) else anywhere
        share = share_of(text)
        if share and not on_drive(text) and not self._names.folders.get(share):
            yield "<folder of a host>"  # which folder it shows no record says
        elif share:
            places = (on_any_volume(name) for name in self._names.elsewhere(text))
            yield from (place for place in places if place is not None)
        elif not share and anywhere is not None:
            yield "<share of a folder>"

    def _recorded_elsewhere(self) -> Iterator[_Thing]:
        """What was reached through a share under its folder's name, and what in a shared folder under the share's."""
        beside = {container: tuple(self._names.elsewhere(container)) for _, _, container in self._touched if container}
        for kind, holding, container in self._touched:
            yield from ((kind, holding, name) for name in beside.get(container, ()))
            drive, share = on_drive(holding), share_of(holding)
            names = [holding, *self._names.elsewhere(holding)]
            if drive:
                names += [drive, *self._names.elsewhere(drive)]
            for name in names:
                if name is not holding:
                    yield kind, name, server_of(holding)
                anywhere = on_any_volume(name)
                if is_by_volume(name) and anywhere:
                    yield kind, anywhere, ""
                if self._by_volume and anywhere:
                    yield kind, f"{_DECLARED_BY_VOLUME}{anywhere}", ""
                if name is holding and anywhere:
                    yield kind, "<folder of a host>", ""
            if share and len(names) == 1:
                yield kind, "<share of a folder>", ""

    def _on_servers(self) -> list[tuple[str, str]]:
        """What was reached in shares by the first name of the server, each with its own name."""
        return sorted({(one, comparable(holding)) for _, holding, _ in self._touched for one in on_server(holding)})

    def _is_on_a_server(self, text: str) -> bool:
        """Whether it was reached in a share of a server that may be the one named under another name."""
        own = comparable(text).rstrip("*")
        for asked in on_server(text, asked=True):
            start = asked.rstrip("*")
            for one, name in self._servers[bisect_left(self._servers, (start, "")) :]:
                if not one.startswith(start):
                    break
                if not name.startswith(own) and (asked.endswith("*") or one[len(start) :][:1] in ("", "\\")):
                    return True
        return False

    def _undeclared_containers(self, holdings: Sequence[Holding], index: HoldingIndex) -> Mapping[str, frozenset[str]]:
        """By kind the mailboxes and sites touched that the estate does not declare: it may call them otherwise."""
        found: dict[str, set[str]] = defaultdict(set)
        patterns = sorted(comparable(holding.pattern) for holding in holdings)
        declared = self._names.declared.union(patterns)
        for kind, holding, container in self._touched:
            name = container or (holding if kind in CONTAINER_KINDS else _site_in(holding))
            within = container_kind(kind)
            if not name or within not in _CALLED_OTHERWISE:
                continue
            if within == "site" and "://" not in name:  # a share or host
                continue
            known = comparable(name)
            # Declared by its own name, a site by what is declared in it too; not by a pattern that many fit.
            if known in declared or f"{known}*" in declared:
                continue
            place = bisect_left(patterns, f"{known}/")
            if place == len(patterns) or not patterns[place].startswith(f"{known}/"):
                found[within].add(name)
        return {kind: frozenset(names) for kind, names in found.items()}

    def _other_names(self, text: str) -> frozenset[str]:
        """The names that may be other names of it; under a prefix of all that begin with it."""
        if not text.endswith("*"):
            return self._names.may_be(text)
        prefix = comparable(text)[:-1]
        found = (others for name, others in self._names.others.items() if name.startswith(prefix))
        return frozenset().union(*found)


class _Places:
    """Containers in which something was reached that is not named, and where else what lies in them may be recorded.

    is_any   whether one of them is not known, so that it may have been anywhere
    """

    def __init__(self, containers: Iterable[str], names: HoldingNames) -> None:
        known = set(containers)
        every = known.union(*(names.elsewhere(one) for one in known))
        self.is_any = "" in known or BEYOND in every
        self._texts = sorted({comparable(one) for one in every})
        self._beginnings = {one.rstrip("/\\") for one in self._texts}
        self._lengths = sorted({len(one) for one in self._beginnings})
        self._servers = {server_of(one) for one in every}

    def may_hold(self, text: str) -> bool:
        """Whether what is asked of covers one of them, lies in one or is the host of one."""
        known = comparable(text)
        if any(known[:length] in self._beginnings for length in self._lengths) or text in self._servers:
            return True
        if not known.endswith("*"):
            return False
        place = bisect_left(self._texts, known[:-1])
        return place < len(self._texts) and self._texts[place].startswith(known[:-1])


def _unnamed_places(unnamed: Iterable[_Thing], names: HoldingNames) -> Mapping[tuple[str, str], _Places]:
    """The places of what is not named, by source and kind of container; kind "" is any."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for source, kind, container in unnamed:
        found[source, container_kind(kind) if kind else ""].add(container)
    return {key: _Places(containers, names) for key, containers in found.items()}


def _is_secret(asked: str, reached: str) -> bool:
    """Whether a secret that was reached may be one asked of by its name, or by the beginning of it."""
    if comparable(asked) == comparable(reached):
        return False  # by its own name it is told
    if not asked.endswith("*"):
        return may_be_one_secret(asked, reached)
    a, b = secret_of(asked), secret_of(reached)
    if a is None or b is None or not is_one_place(asked, reached):
        return False
    beginning = a[2].rstrip("*")
    return not comparable(reached).startswith(comparable(asked)[:-1]) and (
        b[2].startswith(beginning) or beginning.startswith(b[2])
    )


def _numbered(text: str) -> str:
    """The number of an institution's own system without zeros that only fill it; "" for what is no such number."""
    known = comparable(text).rstrip("*")
    return "" if known.startswith("arn:") or not any(map(str.isdigit, known)) else _FILLING.sub("", known)


def _starts(number: str) -> Iterator[str]:
    """What it begins with, up to all of it: each beginning after which no letter or digit follows."""
    return (number[:end] for end in range(1, len(number) + 1) if not number[end : end + 1].isalnum())


def _is_of_mail(text: str) -> bool:
    """Whether the id of an item is the one mail bears everywhere, and not that of a store."""
    return "@" in text


def _site_in(text: str) -> str:
    """The site a web address lies in, by the address alone; "" for any other text."""
    found = _SITE.match(text)
    return found[0] if found else ""
