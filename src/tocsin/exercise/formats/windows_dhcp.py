"""Rows of the audit log of Windows DHCP Server for IPv4.

https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-2000-server/cc958953(v=technet.10)
"""

from __future__ import annotations

from tocsin.model.instant import format_time

# The real header explains every id; these are the ones that occur here.
HEADER = (
    "\t\tMicrosoft DHCP Service Activity Log\r\n\r\n\r\n"
    "Event ID  Meaning\r\n"
    "00\tThe log was started.\r\n"
    "10\tA new IP address was leased to a client.\r\n"
    "11\tA lease was renewed by a client.\r\n\r\n"
    "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, "
    "CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,"
    "DnsRegError.\r\n"
)


def row(*, time: int, renewed: bool, address: str, name: str, hardware: str, transaction: int) -> str:
    """A lease to the device of that name and hardware address (12 hexadecimal digits)."""
    date, clock = format_time(time).removesuffix("Z").split("T")
    year, month, day = date.split("-")
    kind = "11" if renewed else "10"
    return (
        f"{kind},{month}/{day}/{year[2:]},{clock},{'Renew' if renewed else 'Assign'},{address},{name},{hardware},,"
        f"{transaction},0,,,,0x4D53465420352E30,MSFT 5.0,,,,0\r\n"
    )
