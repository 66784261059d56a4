"""Linux audit log (auditd): a record is a line, an event is the lines with one event id."""

from tocsin.collect.source import Source
from tocsin.collect.sources.auditd.reader import Auditd

SOURCE: Source = Auditd()
