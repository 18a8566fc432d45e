# A plain Debian host in a container: systemd, sshd, sudo. What Ansible needs, and nothing of ours. Its lists of packages
# look old, as on a host that was not updated for long.
ARG BASE=debian:bookworm-slim
FROM ${BASE}
ENV container=docker
RUN apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends systemd systemd-sysv dbus openssh-server sudo python3 iproute2 ca-certificates \
 && rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d \
 && touch --date 2000-01-01 /var/lib/apt/lists \
 && ssh-keygen -A \
 && useradd --create-home --shell /bin/bash ops \
 && install -d -o ops -g ops -m 0700 /home/ops/.ssh \
 && echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops \
 && systemctl mask getty@tty1.service systemd-udevd.service systemd-modules-load.service sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount
COPY boot /sbin/boot
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/boot"]
