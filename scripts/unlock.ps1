<#
.SYNOPSIS
Makes a bot token free for polling: shows the webhook, deletes it, verifies.

.DESCRIPTION
For a machine with nothing but PowerShell (5.1 or 7). `botctl unlock` and scripts/unlock.sh say the same in the same
words. The token is never on a command line, where a process list shows it to everybody: it is read from a hidden
prompt, a file, or the environment variable TELEGRAM_BOT_TOKEN. Of a webhook only the host is shown, because many
people put the token into its path.
Exit codes: 0 the token is free, 1 it is not, or failed, 2 bad usage.

.PARAMETER TokenFile
A file with the token. Without it TELEGRAM_BOT_TOKEN counts, else the token is asked for.

.PARAMETER ApiUrl
Another Bot API server than https://api.telegram.org.

.PARAMETER Proxy
An http proxy to Telegram.

.PARAMETER Probe
Also hold a getUpdates open (50 s) to see whether somebody still polls. Stop your own bot first, or you meet yourself.

.PARAMETER DropPending
Throw away the updates that wait; asks first.

.PARAMETER Yes
Do not ask.

.EXAMPLE
powershell -ExecutionPolicy Bypass -File unlock.ps1 -Probe
#>
[CmdletBinding()]
param(
    [string]$TokenFile = '',
    [string]$ApiUrl = 'https://api.telegram.org',
    [string]$Proxy = '',
    [switch]$Probe,
    [switch]$DropPending,
    [switch]$Yes
)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
# Windows PowerShell 5.1 still offers TLS 1.0 alone on old systems; Telegram wants 1.2.
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

function Stop-WithError([string]$Text, [string]$Hint = '', [int]$Code = 1) {
    [Console]::Error.WriteLine("unlock: $Text")
    if ($Hint) { [Console]::Error.WriteLine("  $Hint") }
    exit $Code
}

function Read-Token {
    if ($TokenFile) {
        if (-not (Test-Path -LiteralPath $TokenFile -PathType Leaf)) { Stop-WithError "cannot read $TokenFile" '' 2 }
        return (Get-Content -LiteralPath $TokenFile -Raw)
    }
    if ($env:TELEGRAM_BOT_TOKEN) { return $env:TELEGRAM_BOT_TOKEN }
    $hidden = Read-Host -Prompt 'Token (not shown)' -AsSecureString
    return (New-Object System.Net.NetworkCredential('', $hidden)).Password
}

# Calls a method and returns the answer as an object; an answer that says no is returned as well, ok is false then.
function Invoke-Telegram([string]$Method, [int]$Seconds, [hashtable]$Data = @{}) {
    $call = @{
        Uri             = "$ApiUrl/bot$Token/$Method"
        Method          = 'Post'
        Body            = $Data
        TimeoutSec      = $Seconds
        UseBasicParsing = $true
    }
    if ($Proxy) { $call['Proxy'] = $Proxy }
    $text = ''
    try {
        $text = (Invoke-WebRequest @call).Content
    } catch {
        # PowerShell 7 keeps the body of an error here; 5.1 leaves it in the response's stream.
        if ($_.ErrorDetails) { $text = $_.ErrorDetails.Message }
        $response = $_.Exception.Response
        if (-not $text -and $response -and $response.PSObject.Methods['GetResponseStream']) {
            $stream = $response.GetResponseStream()
            if ($stream.CanSeek) { [void]$stream.Seek(0, 'Begin') }
            $text = (New-Object System.IO.StreamReader($stream)).ReadToEnd()
        }
        # The exception's own text is not shown: it may hold the address, and so the token.
        if (-not $text) {
            Stop-WithError 'Telegram could not be reached' 'nothing is known about the bot; is a proxy needed (-Proxy)?'
        }
    }
    if ($text -is [byte[]]) { $text = [Text.Encoding]::UTF8.GetString($text) }
    try {
        $answer = $text | ConvertFrom-Json
    } catch {
        $answer = $null
    }
    if ($null -eq $answer -or -not ($answer.PSObject.Properties.Name -contains 'ok')) {
        Stop-WithError 'Telegram could not be reached: what answered is not the Bot API' 'is the address right? a proxy?'
    }
    return $answer
}

function Assert-Ok($Answer) {
    if ($Answer.ok) { return }
    if ($Answer.error_code -eq 401 -or $Answer.error_code -eq 404) {
        Stop-WithError "Telegram rejected the token ($($Answer.description))" 'it was revoked or is mistyped: ask @BotFather for /token'
    }
    Stop-WithError "Telegram refused: $($Answer.description)"
}

function Write-Step([string]$What, [string]$Text) {
    # Control characters from elsewhere never reach the terminal.
    Write-Output (($What + ':').PadRight(15) + ($Text -replace '[\x00-\x1f\x7f-\x9f]', ''))
}

function Get-Waiting([int]$Count) {
    if ($Count -eq 1) { return '1 update waiting' }
    return "$Count updates waiting"
}

function Get-HostName([string]$Url) {
    try { return ([Uri]$Url).Host } catch { return 'an unreadable address' }
}

function Get-Webhook {
    $answer = Invoke-Telegram 'getWebhookInfo' 20
    Assert-Ok $answer
    return $answer.result
}

function Confirm-Drop([int]$Count) {
    if ($Yes -or $Count -eq 0) { return }
    if ([Console]::IsInputRedirected) {
        Stop-WithError "-DropPending would lose $Count update(s), and nobody is here to ask" 'add -Yes to do it' 2
    }
    $reply = Read-Host -Prompt "Really lose $Count update(s) for good? [y/N]"
    if ($reply -notmatch '^(y|yes)$') { Stop-WithError 'nothing was changed' 'without -DropPending no update is lost' }
}

function Search-OtherPoller {
    [Console]::Error.WriteLine('holding a getUpdates for up to 50 s ...')
    $answer = Invoke-Telegram 'getUpdates' 65 @{ timeout = 50; limit = 1 }
    $why = [string]$answer.description
    if ($why -like '*terminated by other getUpdates*') {
        Write-Step 'probe' 'SOMEBODY ELSE POLLS with this token: another getUpdates ended ours'
    } elseif ($why -like '*Conflict*') {
        Write-Step 'probe' "ended by a conflict: $why"
    } else {
        Assert-Ok $answer
        if (@($answer.result).Count -eq 0) {
            Write-Step 'probe' 'nobody began to poll within 50 s (one that rests for longer, or does not wait, is not seen)'
        } else {
            Write-Step 'probe' 'proves nothing: updates were waiting, so the answer came at once (none was lost)'
        }
        exit 0
    }
    Write-Output "Stop the other one (an old process, container, host, a developer's machine), or revoke the token."
    exit 1
}

$ApiUrl = $ApiUrl.TrimEnd('/')
if ($ApiUrl -notmatch '^https?://[^/\s]') {
    Stop-WithError '-ApiUrl is no address' 'such as https://api.telegram.org or http://127.0.0.1:8081' 2
}
$Token = (Read-Token) -replace '\s', ''
$env:TELEGRAM_BOT_TOKEN = $null
if ($Token -notmatch '^[0-9]+:[A-Za-z0-9_-]{24,}$') {
    Stop-WithError 'that is not a bot token' 'BotFather gives them as 123456789:AA... (35 characters after the colon)' 2
}

$me = Invoke-Telegram 'getMe' 20
Assert-Ok $me
Write-Step 'bot' "@$($me.result.username) ($($me.result.id))"

$before = Get-Webhook
if ($before.url) {
    $trouble = ''
    if ($before.PSObject.Properties['last_error_message']) { $trouble = "; its last error: $($before.last_error_message)" }
    Write-Step 'webhook' "set, at $(Get-HostName $before.url); $(Get-Waiting $before.pending_update_count)$trouble"
} else {
    Write-Step 'webhook' "none is set; $(Get-Waiting $before.pending_update_count)"
}

if ($DropPending) {
    Confirm-Drop $before.pending_update_count
    Assert-Ok (Invoke-Telegram 'deleteWebhook' 20 @{ drop_pending_updates = 'true' })
    Write-Step 'deleteWebhook' 'done, pending updates dropped'
} else {
    Assert-Ok (Invoke-Telegram 'deleteWebhook' 20)
    Write-Step 'deleteWebhook' 'done, no update dropped'
}

$after = Get-Webhook
if ($after.url) {
    Write-Step 'verified' "no: a webhook is set again, at $(Get-HostName $after.url)"
    Write-Output 'Something keeps setting it. Find what runs at that address and stop it, or revoke the token.'
    exit 1
}
Write-Step 'verified' "no webhook is set; $(Get-Waiting $after.pending_update_count)"

if ($Probe) { Search-OtherPoller }
Write-Output 'The token is free for polling, unless somebody else polls: -Probe looks for that.'
exit 0
