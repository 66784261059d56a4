"""The debug log of Windows DNS Server: one line a packet or event, with details on the lines behind it."""

from tocsin.collect.source import Source
from tocsin.collect.sources.windows_dns_debug.reader import WindowsDnsDebug

SOURCE: Source = WindowsDnsDebug()
