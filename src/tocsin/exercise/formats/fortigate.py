"""Lines of a FortiGate firewall: traffic that has ended, and VPN tunnels, as key=value.

https://docs.fortinet.com/document/fortigate/7.4.0/fortios-log-message-reference/357866/log-message-fields
"""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.model.instant import format_time

_DEVICE = 'devname="fw01" devid="FGT0INVENTED"'


def traffic(
    *,
    time: int,
    source: tuple[str, int],
    destination: tuple[str, int],
    interfaces: tuple[str, str],
    policy: int,
    session: int,
    seconds: int,
    sent: int,
    received: int,
) -> str:
    """A connection that was let through and has ended; bytes are of who opened it and of the other side."""
    service = {443: "HTTPS", 80: "HTTP", 445: "SMB"}.get(destination[1], f"tcp/{destination[1]}")
    return _line(
        time,
        "0000000013",
        "traffic",
        "forward",
        "notice",
        {
            "srcip": source[0],
            "srcport": source[1],
            "srcintf": f'"{interfaces[0]}"',
            "dstip": destination[0],
            "dstport": destination[1],
            "dstintf": f'"{interfaces[1]}"',
            "sessionid": session,
            "proto": 6,
            "action": '"close"',
            "policyid": policy,
            "service": f'"{service}"',
            "duration": seconds,
            "sentbyte": sent,
            "rcvdbyte": received,
        },
    )


def tunnel(*, time: int, up: bool, number: int, user: str, remote: str, inside: str) -> str:
    """An SSL VPN tunnel that came up or went down; `inside` is the address it was given."""
    state = "up" if up else "down"
    return _line(
        time,
        "0101039947" if up else "0101039948",
        "event",
        "vpn",
        "information",
        {
            "logdesc": f'"SSL VPN tunnel {state}"',
            "action": f'"tunnel-{state}"',
            "tunneltype": '"ssl-tunnel"',
            "tunnelid": number,
            "remip": remote,
            "tunnelip": inside,
            "user": f'"{user}"',
            "reason": '"N/A"' if not up else '"tunnel established"',
            "msg": f'"SSL tunnel {"established" if up else "shutdown"}"',
        },
    )


def _line(time: int, log_id: str, type_: str, subtype: str, level: str, values: Mapping[str, str | int]) -> str:
    date, clock = format_time(time).removesuffix("Z").split("T")
    said = " ".join(f"{name}={value}" for name, value in values.items())
    return (
        f'date={date} time={clock} {_DEVICE} eventtime={time} tz="+0000" logid="{log_id}" type="{type_}" '
        f'subtype="{subtype}" level="{level}" vd="root" {said}\n'
    )
