"""Microsoft 365 unified audit log: AuditData as JSON lines, arrays or pretty-printed objects, and the export CSV.

One source for every framing: the events, their keys and what they mean are the same, and the bytes before the first
record (`preamble`: a byte order mark, `[`, or the CSV header) already tell a chunk how it is framed.
"""

from tocsin.collect.sources.m365_unified_audit.reader import M365UnifiedAudit

SOURCE = M365UnifiedAudit()
