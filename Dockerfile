# The image holds one static binary with its time zones, the roots of trust, and
# no shell. All that has to outlive the container is in /data: feeds.yaml, the
# posts, and the database.
#
#   docker build --build-arg RELEASE=1.0.0 -t serai .
#   docker run -v serai-data:/data -p 8080:8080 serai

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG RELEASE=
ENV CGO_ENABLED=0
RUN go build -trimpath -ldflags "-s -w -X main.release=$RELEASE" -o serai ./cmd/serai
RUN mkdir data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/serai /usr/local/bin/serai
# A new named volume takes over the owner of the folder it covers.
COPY --from=build --chown=65532:65532 /src/data /data
WORKDIR /data
VOLUME /data
ENV SERAI_CONFIG=/data/feeds.yaml SERAI_DB=/data/serai.db SERAI_LISTEN=:8080 SERAI_LOG_FORMAT=json
# A user without a name has no rights to anything but /data.
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["/usr/local/bin/serai", "doctor", "--health"]
ENTRYPOINT ["/usr/local/bin/serai"]
CMD ["serve"]
