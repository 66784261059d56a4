"""Digest files of AWS CloudTrail: what log files a trail delivered in an hour, their hashes, and the digest before."""

from tocsin.collect.sources.aws_cloudtrail_digest.reader import AwsCloudTrailDigest

SOURCE = AwsCloudTrailDigest()
