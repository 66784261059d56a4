"""AWS CloudTrail: log files as delivered (`Records`), JSON lines, arrays, and what exports wrap around the records."""

from tocsin.collect.sources.aws_cloudtrail.reader import AwsCloudTrail

SOURCE = AwsCloudTrail()
