# One image for all processes; the process is the argument: `docker run flowforge api`.
#
#   docker build --target runtime -t flowforge .       what servers run: the bundle and Node, nothing else
#   docker build --target dev -t flowforge:dev .       the sources under `node --watch`, for live updates

ARG NODE_IMAGE=node:24-bookworm-slim
# What is in that image beside Node: npm, yarn and the headers are of no use to a server, and of some to an attacker.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS node

FROM node AS sources
WORKDIR /app
COPY . .
# Node comes with the image, and no package needs its install script.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts

FROM sources AS bundle
RUN node scripts/bundle.ts

FROM node AS dev
WORKDIR /app
ENV NODE_ENV=development
RUN mkdir /data && chown 10001:10001 /data /app
COPY --from=sources --chown=10001:10001 /app /app
USER 10001:10001
EXPOSE 8080 9090
ENTRYPOINT ["node", "--watch", "--watch-preserve-output", "packages/flowforge/src/main.ts"]
CMD ["--help"]

FROM ${BASE_IMAGE} AS runtime
COPY --from=node /usr/local/bin/node /usr/local/bin/node
RUN ["node", "--version"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="FlowForge" \
      org.opencontainers.image.description="Order processing that can be run, watched and trusted" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      dev.flowforge.sbom.path="/app/sbom.cdx.json" \
      dev.flowforge.sbom.format="CycloneDX 1.6"
WORKDIR /app
# The only folder that is written to, and only where receipts and mails are files, or by the payment simulator.
RUN mkdir /data && chown 10001:10001 /data
# Owned by root: the process can read its program and not change it.
COPY --from=bundle /app/dist /app
ENV NODE_ENV=production
USER 10001:10001
EXPOSE 8080 9090
# Node itself is the first process, and handles the signals that stop it; it has no children to look after.
STOPSIGNAL SIGTERM
# Why these: e2e/system/heap-flags.ts.
ENTRYPOINT ["node", "--max-old-space-size=256", "--max-semi-space-size=4", "--heap-growing-percent=150", "/app/flowforge.mjs"]
CMD ["--help"]
