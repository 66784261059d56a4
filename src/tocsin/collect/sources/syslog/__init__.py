"""Syslog: RFC 3164 and 5424, what rsyslog and journalctl write, and what the well-known programs say in it."""

from tocsin.collect.source import Source
from tocsin.collect.sources.syslog.reader import Syslog

SOURCE: Source = Syslog()
