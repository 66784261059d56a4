"""A table of alerts: any CSV with a time, what fired, a host or an address and, where there is one, a severity."""

from tocsin.collect.sources.alerts_csv.reader import AlertsCsv

SOURCE = AlertsCsv()
