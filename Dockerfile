# The one image: what runs in it is its command (`picklefleet --help` lists them). Models are not in it.
#
#   docker build --tag picklefleet .                                    the service
#   docker build --target samples --tag picklefleet-samples .           with the demonstration model's files
#   docker build --build-arg RUNTIME=sklearn-1.6 --build-arg EXTRAS=dask .
#
# Builds with the classic builder and with BuildKit. Pipelines pin BASE by digest: python:3.11-slim-bookworm@sha256:…
ARG BASE=python:3.11-slim-bookworm

# ---------------------------------------------------------------- the locked wheels, nothing compiled
FROM ${BASE} AS wheels
ARG RUNTIME=sklearn-1.9
ARG EXTRAS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv --without-pip /opt/venv
COPY requirements.txt /build/
COPY runtimes /build/runtimes
COPY extras /build/extras
WORKDIR /build
RUN for extra in ${EXTRAS}; do set -- "$@" -r "extras/$extra.txt"; done \
 && pip --python /opt/venv/bin/python install --quiet --no-compile --require-hashes --no-deps --only-binary :all: \
      -r requirements.txt -r "runtimes/${RUNTIME}.txt" "$@"

# ---------------------------------------------------------------- what of them goes along
FROM wheels AS dependencies
COPY image/slim.py /build/image/
RUN python3 image/slim.py /opt/venv \
 && /opt/venv/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib

# ---------------------------------------------------------------- the list of what is inside, for scanners
FROM wheels AS bill
COPY image/requirements.txt /build/image/
RUN python3 -m venv /opt/bill \
 && /opt/bill/bin/pip install --quiet --require-hashes --no-deps --only-binary :all: -r image/requirements.txt
COPY pyproject.toml README.md LICENSE image/bill.py /build/
RUN /opt/bill/bin/cyclonedx-py environment --pyproject pyproject.toml --spec-version 1.6 \
      --output-reproducible --output-file python.cdx.json /opt/venv \
 && mkdir /opt/sbom && python3 bill.py python.cdx.json > /opt/sbom/picklefleet.cdx.json

# ---------------------------------------------------------------- our own code: the command and its version, then the houses
FROM wheels AS command
COPY pyproject.toml README.md LICENSE /build/
RUN pip --python /opt/venv/bin/python install --quiet --no-index --no-deps --no-build-isolation --no-compile \
      --target /opt/picklefleet .

FROM command AS code
COPY . /build/
RUN for house in */__init__.py; do cp -r "$(dirname "$house")" /opt/picklefleet/; done \
 && python3 -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/picklefleet

# ---------------------------------------------------------------- the service
FROM ${BASE} AS service
RUN groupadd --gid 10001 picklefleet \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin picklefleet \
 && for folder in machine/cache machine/spool machine/measurements machine/scratch edge/blue edge/green edge-config keys serving-keys secrets store; do \
      install --directory --owner 10001 --group 10001 --mode 0770 "/var/lib/picklefleet/$folder"; done \
 && chown 10001:10001 /var/lib/picklefleet /var/lib/picklefleet/machine /var/lib/picklefleet/edge \
 && chmod 0770 /var/lib/picklefleet/machine /var/lib/picklefleet/edge
COPY --from=dependencies /opt/venv /opt/venv
COPY --from=bill /opt/sbom /opt/sbom
ENV PATH=/opt/picklefleet/bin:/opt/venv/bin:/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/opt/picklefleet \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    PICKLEFLEET_MACHINE_DIR=/var/lib/picklefleet/machine \
    PICKLEFLEET_KEYS_DIR=/var/lib/picklefleet/keys \
    PICKLEFLEET_STORE=/var/lib/picklefleet/store \
    PICKLEFLEET_HEARTBEAT_DIR=/dev/shm
USER 10001:10001
WORKDIR /var/lib/picklefleet
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["picklefleet", "healthy"]
ENTRYPOINT ["picklefleet"]
CMD ["serve"]
ARG BASE
ARG RUNTIME=sklearn-1.9
LABEL org.opencontainers.image.title="picklefleet" \
      org.opencontainers.image.description="A trained model in a .pkl file becomes a web service that an operations team can trust." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}" \
      picklefleet.runtime="${RUNTIME}" \
      picklefleet.sbom="/opt/sbom/picklefleet.cdx.json"
COPY --from=code /opt/picklefleet /opt/picklefleet
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.version="${VERSION}" org.opencontainers.image.revision="${REVISION}"

# ---------------------------------------------------------------- the demonstration model, for trying it out
FROM dependencies AS flights
COPY samples/requirements.txt /build/samples-requirements.txt
RUN pip install --quiet --require-hashes --no-deps --target /opt/flights-data -r samples-requirements.txt
COPY lifecycle/__init__.py lifecycle/errors.py /build/lifecycle/
COPY samples /build/samples
RUN PYTHONPATH=/opt/flights-data /opt/venv/bin/python -m samples flights --later --out /samples/flights

FROM service AS samples
COPY --from=flights /samples /samples

# What `docker build` makes without a target is the service.
FROM service
