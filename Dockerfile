# The supervisor, and the Python that bots start with. `docker compose up --build` makes it; docs/docker.md tells the rest.
ARG BASE=python:3.13-slim-trixie

# The dependencies alone: they are installed again when the lock changes, and not when our code does.
FROM ${BASE} AS dependencies
RUN python -m venv --without-pip /opt/botctl
COPY requirements.lock /tmp/
RUN pip --python /opt/botctl/bin/python install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
        --require-hashes --requirement /tmp/requirements.lock

FROM ${BASE}
# What bots need beside Python, by Debian's names, such as "nodejs npm" or "git".
ARG DEBIAN_PACKAGES=""
RUN if [ -n "$DEBIAN_PACKAGES" ]; then \
        apt-get update \
        && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $DEBIAN_PACKAGES \
        && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb; \
    fi
RUN groupadd --gid 1000 bots \
    && useradd --uid 1000 --gid bots --home-dir /var/lib/botctl/home --no-create-home bots \
    && install -d -o bots -g bots /fleet \
    && install -d -o bots -g bots -m 0700 /var/lib/botctl /var/lib/botctl/home \
    && install -d -m 1777 /run/lock/botctl

COPY --from=dependencies /opt/botctl /opt/botctl
COPY scripts/container-entry /usr/local/bin/botctl
COPY LICENSE supervisor /opt/botctl/app/supervisor/
# Readable by any user, whatever umask the clone was made with.
RUN echo /opt/botctl/app > "$(echo /opt/botctl/lib/python3.*/site-packages)/telegram_bot_supervisor.pth" \
    && printf '#!/opt/botctl/bin/python -I\nfrom supervisor.__main__ import main\n\nmain()\n' > /opt/botctl/bin/botctl \
    && chmod 0755 /usr/local/bin/botctl /opt/botctl/bin/botctl \
    && /opt/botctl/bin/python -m compileall -q /opt/botctl/app \
    && chmod -R a+rX /opt/botctl/app

# HOME is set because a user without an entry in /etc/passwd has none, and npm and pip want one.
ENV BOTCTL_STATE_DIR=/var/lib/botctl \
    BOTCTL_LEASE_DIR=/run/lock/botctl \
    HOME=/var/lib/botctl/home \
    USER=bots \
    LOGNAME=bots
USER bots
WORKDIR /fleet
ENTRYPOINT ["botctl"]
CMD ["up"]
STOPSIGNAL SIGTERM
# Healthy: the supervisor answers. How its bots are, it says itself.
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s --retries=3 CMD ["botctl", "status"]

LABEL org.opencontainers.image.title="telegram-bot-supervisor" \
      org.opencontainers.image.description="Runs a fleet of Telegram bots from one bots.yaml: one runner per token, every 409 healed." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/python:3.13-slim-trixie"
