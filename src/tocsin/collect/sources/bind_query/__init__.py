"""The query log of the name server BIND, as it writes it to a file of its own."""

from tocsin.collect.source import Source
from tocsin.collect.sources.bind_query.reader import BindQuery

SOURCE: Source = BindQuery()
