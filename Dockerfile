# The image holds one static binary, the roots of trust and the time zones, and
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

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /src/serai /usr/local/bin/serai
# A new named volume takes over the owner of the folder it covers.
COPY --from=build --chown=nonroot:nonroot /src/data /data
WORKDIR /data
VOLUME /data
ENV SERAI_CONFIG=/data/feeds.yaml SERAI_DB=/data/serai.db SERAI_LISTEN=:8080 SERAI_LOG_FORMAT=json
USER nonroot:nonroot
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["/usr/local/bin/serai", "doctor", "--health"]
ENTRYPOINT ["/usr/local/bin/serai"]
CMD ["serve"]
