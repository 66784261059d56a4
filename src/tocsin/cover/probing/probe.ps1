# Coverage probes of plan @PLAN@, written by `tocsin probe plan`. Read it before you run it.
#
# For every access below whose time has come and that has no receipt yet it reads the canary once, and adds a line to
# the file of receipts. It changes nothing, and holds no password: it works with what whoever starts it may read (for
# mail and sites: a session that Connect-MgGraph opened before). Start it from the task scheduler every few minutes, as
# the account that the plan names. Then hand the receipts to Tocsin:
#   tocsin probe check @RECEIPTS@ --workspace CASE
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$receipts = if ($env:PROBE_RECEIPTS) { $env:PROBE_RECEIPTS } else { Join-Path $PSScriptRoot '@RECEIPTS@' }
$now = [DateTime]::UtcNow.ToString('yyyyMMddHHmmss')
$made = @()
if (Test-Path -LiteralPath $receipts) { $made = @(Get-Content -LiteralPath $receipts) -match '"outcome":"made"' }

# The canaries: each block is one access.
$canaries = @{
@CANARIES@
}

function Probe([string]$id, [int]$canary, [string]$due, [string]$end, [string]$nonce) {
    if ($now -lt $due -or $now -ge $end -or ($made -match "`"id`":`"$id`"")) { return }
    $time = [DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HH':'mm':'ss'Z'")
    try { & $canaries[$canary] $nonce | Out-Null; $outcome = 'made' } catch { $outcome = 'failed' }
    $line = '{"tocsin_probe":1,"id":"' + $id + '","nonce":"' + $nonce + '","time":"' + $time
    $line = $line + '","outcome":"' + $outcome + '"}'
    [IO.File]::AppendAllText($receipts, $line + "`n")
}

@PROBES@
