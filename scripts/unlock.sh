#!/bin/sh
# Makes a bot token free for polling, on a machine with nothing but a shell and curl: shows the webhook, deletes it,
# verifies, and with --probe looks whether somebody else polls. `botctl unlock` says the same in the same words.
#
# The token is never on a command line, where `ps` shows it to everybody: it is read from a hidden prompt, a file or
# TELEGRAM_BOT_TOKEN, and reaches curl through its standard input (--config -). Of a webhook only the host is shown,
# because many people put the token into its path.
set -u

usage() {
    cat <<'TEXT'
Usage: unlock.sh [--token-file FILE] [--api-url URL] [--probe] [--drop-pending] [--yes]

Make a token free for polling: delete its webhook, and verify.
Without --token-file the token is taken from TELEGRAM_BOT_TOKEN, else asked for.

  --token-file FILE  a file with the token; - is standard input
  --api-url URL      another Bot API server than https://api.telegram.org
  --probe            also hold a getUpdates open (50 s) to see whether somebody
                     still polls; stop your own bot first, or you meet yourself
  --drop-pending     throw away the updates that wait; asks first
  --yes              do not ask
  -h, --help         show this

A proxy: curl takes HTTPS_PROXY or ALL_PROXY from the environment.
Exit codes: 0 the token is free, 1 it is not, or failed, 2 bad usage.
TEXT
}

api=https://api.telegram.org
file=
probe=
drop=
sure=

fail() {
    printf 'unlock: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '  %s\n' "$2" >&2
    exit "${3:-1}"
}

bad_usage() {
    fail "$1" "${2:-see unlock.sh --help}" 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --token-file) [ $# -ge 2 ] || bad_usage '--token-file needs a file'; file=$2; shift ;;
        --token-file=*) file=${1#*=} ;;
        --api-url) [ $# -ge 2 ] || bad_usage '--api-url needs an address'; api=$2; shift ;;
        --api-url=*) api=${1#*=} ;;
        --probe) probe=1 ;;
        --drop-pending) drop=1 ;;
        -y | --yes) sure=1 ;;
        -h | --help) usage; exit 0 ;;
        *:??????????????????????????????*)
            bad_usage "a token on the command line: \`ps\` shows it to everybody here, and the shell remembers it" \
                "use --token-file, or the prompt; @BotFather's /revoke gives a fresh one" ;;
        *) bad_usage 'an option that is not known' ;;
    esac
    shift
done

case $api in
    http://?* | https://?*) ;;
    *) bad_usage '--api-url is no address' 'such as https://api.telegram.org or http://127.0.0.1:8081' ;;
esac
case $api in
    *[!A-Za-z0-9.:/_@%~+-]* | *'['* | *']'*) bad_usage '--api-url has characters that an address cannot have' ;;
esac
api=${api%/}
command -v curl >/dev/null 2>&1 || fail 'curl is not installed' 'install it, or use unlock.ps1 or botctl unlock'

ask_hidden() {
    [ -t 0 ] || bad_usage 'whose token?' '--token-file FILE, --token-file - for standard input, or TELEGRAM_BOT_TOKEN'
    before=$(stty -g)
    trap 'stty "$before"; exit 130' INT TERM HUP
    stty -echo  # before the prompt, which somebody may answer at once by pasting
    printf 'Token (not shown): ' >&2
    IFS= read -r token
    stty "$before"
    trap - INT TERM HUP
    printf '\n' >&2
}

if [ "$file" = - ]; then
    IFS= read -r token || [ -n "$token" ] || bad_usage 'nothing on standard input'
elif [ -n "$file" ]; then
    [ -r "$file" ] || bad_usage "cannot read $file"
    token=$(cat "$file")
elif [ -n "${TELEGRAM_BOT_TOKEN:-}" ]; then
    token=$TELEGRAM_BOT_TOKEN
else
    ask_hidden
fi
unset TELEGRAM_BOT_TOKEN
token=$(printf '%s' "$token" | tr -d '[:space:]')

id=${token%%:*}
secret=${token#*:}
case $id in '' | *[!0-9]*) id= ;; esac
case $secret in *[!A-Za-z0-9_-]*) id= ;; esac
if [ -z "$id" ] || [ ${#secret} -lt 24 ]; then
    bad_usage 'that is not a bot token' 'BotFather gives them as 123456789:AA... (35 characters after the colon)'
fi

# call METHOD SECONDS [DATA]: sets $body to the answer in one line, in which no string holds a quote of its own.
call() {
    body=$(
        {
            printf 'url = "%s/bot%s/%s"\n' "$api" "$token" "$1"
            [ -z "${3:-}" ] || printf 'data = "%s"\n' "$3"
        } | curl --silent --show-error --max-time "$2" --config -
    ) || fail 'Telegram could not be reached' "nothing is known about the bot; is a proxy needed (HTTPS_PROXY)?"
    body=$(printf '%s' "$body" | tr '\r\n\t' '   ' | sed -e 's/\\\\/\\u005c/g' -e 's/\\"/\\u0022/g' -e 's#\\/#/#g')
}

# These read flat objects only; a key cannot stand inside a string, because its quotes would be escaped there.
text_of() {
    printf '%s\n' "$body" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p" |
        sed -e 's/\\u0022/"/g' -e 's/\\u005c/\\/g' | tr -d '\000-\010\013-\037\177'
}

number_of() {
    printf '%s\n' "$body" | sed -n "s/.*\"$1\" *: *\(-\{0,1\}[0-9][0-9]*\).*/\1/p"
}

is_ok() {
    case $(printf '%s' "$body" | tr -d ' ') in '{"ok":true'*) return 0 ;; esac
    return 1
}

expect_ok() {
    is_ok && return
    why=$(text_of description)
    case $(number_of error_code) in
        401 | 404) fail "Telegram rejected the token ($why)" 'it was revoked or is mistyped: ask @BotFather for /token' ;;
        '') fail 'Telegram could not be reached: what answered is not the Bot API' 'is the address right? a proxy?' ;;
        *) fail "Telegram refused: $why" ;;
    esac
}

say() {
    printf '%-15s%s\n' "$1:" "$2"
}

waiting() {
    case $1 in 1) printf '1 update waiting' ;; *) printf '%s updates waiting' "${1:-0}" ;; esac
}

host_of() {
    host=${1#*://}
    host=${host%%[/?#]*}
    host=${host##*@}
    case $host in '['*) ;; *) host=${host%%:*} ;; esac
    printf '%s' "${host:-an unreadable address}"
}

read_webhook() {
    call getWebhookInfo 20
    expect_ok
    url=$(text_of url)
    pending=$(number_of pending_update_count)
    last_error=$(text_of last_error_message)
}

may_drop() {
    [ "${pending:-0}" != 0 ] && [ -z "$sure" ] || return 0
    [ -t 0 ] || bad_usage "--drop-pending would lose $pending update(s), and nobody is here to ask" 'add --yes to do it'
    printf 'Really lose %s update(s) for good? [y/N] ' "$pending" >&2
    read -r answer
    case $answer in [yY] | [yY][eE][sS]) return 0 ;; esac
    fail 'nothing was changed' 'without --drop-pending no update is lost'
}

look_for_others() {
    [ ! -t 2 ] || printf 'holding a getUpdates for up to 50 s ...\n' >&2
    call getUpdates 65 'timeout=50&limit=1'
    why=$(text_of description)
    case $why in
        *'terminated by other getUpdates'*)
            say probe 'SOMEBODY ELSE POLLS with this token: another getUpdates ended ours' ;;
        *Conflict*) say probe "ended by a conflict: $why" ;;
        *)
            expect_ok
            case $(printf '%s' "$body" | tr -d ' ') in
                '{"ok":true,"result":[]}'*)
                    say probe 'nobody began to poll within 50 s (one that rests for longer, or does not wait, is not seen)' ;;
                *) say probe 'proves nothing: updates were waiting, so the answer came at once (none was lost)' ;;
            esac
            return
            ;;
    esac
    printf "Stop the other one (an old process, container, host, a developer's machine), or revoke the token.\n"
    exit 1
}

call getMe 20
expect_ok
say bot "@$(text_of username) ($(number_of id))"

read_webhook
if [ -n "$url" ]; then
    say webhook "set, at $(host_of "$url"); $(waiting "$pending")${last_error:+; its last error: $last_error}"
else
    say webhook "none is set; $(waiting "$pending")"
fi

if [ -n "$drop" ]; then
    may_drop
    call deleteWebhook 20 'drop_pending_updates=true'
    expect_ok
    say deleteWebhook 'done, pending updates dropped'
else
    call deleteWebhook 20
    expect_ok
    say deleteWebhook 'done, no update dropped'
fi

read_webhook
if [ -n "$url" ]; then
    say verified "no: a webhook is set again, at $(host_of "$url")"
    printf 'Something keeps setting it. Find what runs at that address and stop it, or revoke the token.\n'
    exit 1
fi
say verified "no webhook is set; $(waiting "$pending")"

if [ -n "$probe" ]; then
    look_for_others
else
    printf 'The token is free for polling, unless somebody else polls: --probe looks for that.\n'
fi
