"""Server access logs of AWS S3: one line a request, fields apart by spaces, time in brackets, requests in quotes."""

from tocsin.collect.sources.aws_s3_access.reader import AwsS3Access

SOURCE = AwsS3Access()
