// A real Apache Kafka broker for tests; see kafka.sh for how it is run.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "tests/support/kafka_client.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

enum class KafkaListener { plain, sasl_plain, sasl_scram, tls, sasl_tls };

// Owns a broker with a directory of its own, or borrows the one that ctest has started for all tests of a run. Methods
// wait until what they do is done; one thread at a time. "not_found" says that Kafka or Java is not installed.
class KafkaBroker {
 public:
  struct Options {
    std::string version = "3.9.2";             // or 4.3.1: these two are fetched
    std::vector<std::string> properties = {};  // further lines of server.properties
  };

  // A broker of this test's own, which it may stop and kill: 5 s.
  static Result<std::unique_ptr<KafkaBroker>> start(Options);

  // The broker that the tests of this run share: ctest starts it for tests with FIXTURE kafka_VERSION. Without ctest,
  // one of this test's own. Topics and groups need names that no other test has: see `unique`.
  static Result<std::unique_ptr<KafkaBroker>> shared(const std::string& version);

  ~KafkaBroker();
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  const std::string& version() const { return options_.version; }

  std::string address(KafkaListener) const;  // "127.0.0.1:PORT"

  // What a client needs to reach a listener and to log in there.
  KafkaProperties properties(KafkaListener = KafkaListener::plain) const;

  // What vouches for the broker, and a client's certificate with its key.
  std::filesystem::path ca() const { return directory_ / "ca.pem"; }
  std::filesystem::path client_certificate() const { return directory_ / "client.pem"; }
  std::filesystem::path client_key() const { return directory_ / "client.key"; }

  // Never on a shared one.
  Result<void> stop();         // as an operator does
  Result<void> kill();         // as a power cut does
  Result<void> start_again();  // on the kept data, with the same addresses

 private:
  KafkaBroker(Options options, std::unique_ptr<TemporaryDirectory> own, std::filesystem::path directory);
  Result<void> command(const std::string& verb) const;

  const Options options_;
  const std::unique_ptr<TemporaryDirectory> own_;  // none: shared
  const std::filesystem::path directory_;
};

// A name for a topic or a group that no other test uses: "orders" gives "orders-1f03ab".
std::string unique(const std::string& name);

}  // namespace kedge
