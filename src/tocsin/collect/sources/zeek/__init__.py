"""Zeek's logs of what went over the wire: one source for every log type and both renditions, tab-separated and JSON.

The two renditions of one log give equal fields: unset fields are absent in both, bytes that are no text stand as
`\\xNN` (as Zeek's JSON writes them) and times as RFC 3339 text with at least six decimals.
"""

from tocsin.collect.source import Source
from tocsin.collect.sources.zeek.reader import Zeek

SOURCE: Source = Zeek()
