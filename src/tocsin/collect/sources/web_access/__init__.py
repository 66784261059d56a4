"""Web access logs: W3C extended (IIS, CloudFront, proxies), common and combined, and JSON of Caddy, Traefik, nginx.

Whatever the layout, a request's fields have the names of the W3C format, as the Sigma taxonomy has them.
"""

from tocsin.collect.sources.web_access.reader import WebAccess

SOURCE = WebAccess()
