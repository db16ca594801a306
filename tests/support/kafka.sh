#!/usr/bin/env bash
# A real Apache Kafka broker on loopback (KRaft, one node), run from its Maven Central artefacts.
#   kafka.sh fetch VERSION          its jars, into the cache
#   kafka.sh fetched VERSION        exit 0 when they are there
#   kafka.sh start DIR VERSION      starts it on the data in DIR (made when there is none); ends when it serves
#   kafka.sh stop DIR               asks it to end, and waits for that
#   kafka.sh kill DIR               kill -9
#   kafka.sh remove DIR             kill -9, and forget it with its data
# start writes DIR/listeners.txt, a line "NAME ADDRESS" for each listener: plain, sasl_plain, tls, sasl_tls. The ports are
# free ones, the same at every start of DIR. User kedge, password kedge-secret (PLAIN, SCRAM-SHA-256). DIR/ca.pem vouches
# for the broker; DIR/client.pem and client.key are a client's. KAFKA_PROPERTIES adds lines to server.properties. The
# broker is killed when the process KAFKA_OWNER (the caller) is gone.
# needs: java 17, maven (fetch only), openssl
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${KEDGE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/kedge}/kafka
readonly user=kedge password=kedge-secret

fetched() { command -v java > /dev/null && [ -e "$cache/$1/complete" ]; }

fetch() {
  local version=$1 binding=slf4j-simple
  fetched "$version" && return
  [ "${version%%.*}" -ge 4 ] || binding=slf4j-reload4j
  mkdir -p "$cache"
  mvn -B -q -Dstyle.color=never -f "$here/kafka-pom.xml" -Dkafka.version="$version" -Dbinding="$binding" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$cache/$version"
  touch "$cache/$version/complete"
}

# Two authorities would be one too many: the test's own vouches for the broker and for its clients.
certificates() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) name
  openssl req -x509 "${key[@]}" -days 30 -subj /CN=test-authority -keyout ca.key -out ca.pem
  for name in broker client; do
    openssl req "${key[@]}" -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
    openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out "$name.pem" \
      -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
  done
  cat broker.key broker.pem ca.pem > broker-chain.pem
}

# Five ports in a row that nobody listens on, below those which the system gives to clients.
free_ports() {
  local first port
  while true; do
    first=$((10000 + (RANDOM * 32768 + RANDOM) % 4000 * 5))
    for port in 0 1 2 3 4; do
      ! (: < /dev/tcp/127.0.0.1/$((first + port))) 2> /dev/null || continue 2
    done
    echo "$first"
    return
  done
}

# Small and quick rather than safe: 128 MB of heap are enough without the log cleaner's default buffer, a killed broker
# is forgotten after 3 s, a group does not wait for members that may come.
properties() {
  local first=$1 listeners login=org.apache.kafka.common.security listener
  listeners=PLAINTEXT://127.0.0.1:$first,SASL_PLAINTEXT://127.0.0.1:$((first + 1)),SSL://127.0.0.1:$((first + 2)),SASL_SSL://127.0.0.1:$((first + 3))
  cat << LINES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((first + 4))
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=$listeners,CONTROLLER://127.0.0.1:$((first + 4))
advertised.listeners=$listeners
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
ssl.keystore.type=PEM
ssl.keystore.location=$PWD/broker-chain.pem
ssl.truststore.type=PEM
ssl.truststore.location=$PWD/ca.pem
log.dirs=$PWD/data
num.partitions=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=65536
num.network.threads=2
num.io.threads=4
LINES
  for listener in sasl_plaintext sasl_ssl; do
    echo "listener.name.$listener.plain.sasl.jaas.config=$login.plain.PlainLoginModule required user_$user=\"$password\";"
    echo "listener.name.$listener.scram-sha-256.sasl.jaas.config=$login.scram.ScramLoginModule required;"
  done
  printf '%s\n' "${KAFKA_PROPERTIES:-}"
}

listeners() {
  printf '%s 127.0.0.1:%s\n' plain "$1" sasl_plain $(($1 + 1)) tls $(($1 + 2)) sasl_tls $(($1 + 3))
}

# The first start of a directory; in the directory.
prepare() {
  local version=$1 first id
  first=$(free_ports)
  [ -e broker-chain.pem ] || certificates > certificates.log 2>&1
  properties "$first" > server.properties
  printf '%s\n' log4j.rootLogger=WARN,out log4j.logger.kafka.server.KafkaRaftServer=INFO \
    log4j.appender.out=org.apache.log4j.ConsoleAppender log4j.appender.out.layout=org.apache.log4j.PatternLayout \
    'log4j.appender.out.layout.ConversionPattern=%d %p %m%n' > log4j.properties
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | tr -d =)
  rm -rf data
  jvm "$version" kafka.tools.StorageTool format -t "$id" -c server.properties \
    --add-scram "SCRAM-SHA-256=[name=$user,password=$password]" > format.log 2>&1
  listeners "$first" > listeners.txt
}

jvm() {
  exec_or_run=${exec_or_run:-}
  $exec_or_run java -Xmx128m -Xss512k -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
    -Dlog4j.configuration=file:log4j.properties -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info -cp "$cache/$1/*" "${@:2}"
}

alive() { [ -e pid ] && kill -0 "$(cat pid)" 2> /dev/null; }

start() {
  local version=$1 owner=${KAFKA_OWNER:-$PPID} broker
  ! alive || return 0
  fetched "$version" || { echo "Apache Kafka $version is not in $cache: kafka.sh fetch $version" >&2 && return 3; }
  [ -e listeners.txt ] || prepare "$version"
  (exec_or_run=exec jvm "$version" kafka.Kafka server.properties > broker.log 2>&1 < /dev/null) &
  broker=$!
  echo "$broker" > pid
  (while kill -0 "$owner" && kill -0 "$broker"; do sleep 1; done; kill -KILL "$broker") > /dev/null 2>&1 < /dev/null &
  for _ in $(seq 600); do
    ! grep -q 'Kafka Server started' broker.log || return 0
    alive || break
    sleep 0.1
  done
  tail -n 20 broker.log >&2
  return 1
}

end() {
  alive || return 0
  kill "-$1" "$(cat pid)"
  for _ in $(seq 300); do
    alive || { rm -f pid && return 0; }
    sleep 0.1
  done
  return 1
}

verb=${1:-}
case $verb in
  fetch | fetched) "$verb" "${2:?version}" ;;
  remove) "$0" kill "${2:?directory}" && rm -rf "$2" ;;
  start | stop | kill)
    mkdir -p "${2:?directory}" && cd "$2"
    case $verb in start) start "${3:?version}" ;; stop) end TERM ;; kill) end KILL ;; esac
    ;;
  *) sed -n '2,14p' "$0" >&2 && exit 2 ;;
esac
