"""The audit log of Windows DHCP Server (DhcpSrvLog): who was given which address."""

from tocsin.collect.source import Source
from tocsin.collect.sources.windows_dhcp.reader import WindowsDhcp

SOURCE: Source = WindowsDhcp()
