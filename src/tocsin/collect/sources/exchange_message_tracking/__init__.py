"""Exchange message tracking: the servers' logs, their exports by PowerShell, and message traces of Exchange Online."""

from tocsin.collect.sources.exchange_message_tracking.reader import ExchangeMessageTracking

SOURCE = ExchangeMessageTracking()
