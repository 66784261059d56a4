"""Microsoft Entra ID (Azure AD): sign-ins, directory audit and risk detections.

One source for every way they leave the tenant: diagnostic settings, the Graph API, PowerShell, Log Analytics and the
admin centre's downloads hold the same events, and `shapes` brings each to the first of these.
"""

from tocsin.collect.sources.entra.reader import Entra

SOURCE = Entra()
