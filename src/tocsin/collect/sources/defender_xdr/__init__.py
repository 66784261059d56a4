"""Alerts and incidents of Microsoft Defender XDR as the Graph security API gives them (`alerts_v2`, `incidents`)."""

from tocsin.collect.sources.defender_xdr.reader import DefenderXdr

SOURCE = DefenderXdr()
