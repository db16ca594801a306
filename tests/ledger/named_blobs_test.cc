#include "ledger/named_blobs.h"

#include <gtest/gtest.h>

#include <map>

#include "base/json.h"

namespace kedge {
namespace {

TEST(NamedBlobs, AreSuspectedWhereverTheirNameStandsAndNowhereElse) {
  const std::string name = R"("sha256":")";
  for (size_t length = 0; length < 80; ++length) {
    const std::string fill(length, 's');
    EXPECT_FALSE(may_name_parts(fill)) << length;
    for (size_t at = 0; at <= length; ++at) {
      ASSERT_TRUE(may_name_parts(fill.substr(0, at) + name + fill.substr(at))) << length << " " << at;
      ASSERT_FALSE(may_name_parts(fill.substr(0, at) + name.substr(1) + fill.substr(at))) << length << " " << at;
      ASSERT_FALSE(may_name_parts(fill.substr(0, at) + R"(_sha256":")" + fill.substr(at))) << length << " " << at;
    }
  }
}

TEST(NamedBlobs, ArePartsWithWhatTheseNameBundlesAndDocuments) {
  const std::map<std::string, std::string> kept = {{"aa", R"([{"bundle":{"bytes":5,"sha256":"bb"},"id":"r"}])"}};
  const auto read = [&](const std::string& digest) -> std::optional<std::string> {
    const auto found = kept.find(digest);
    return found == kept.end() ? std::nullopt : std::optional(found->second);
  };
  Json record = {{"rules", {{"bytes", 70'000}, {"sha256", "aa"}}},
                 {"plan", {{"bytes", 70'001}, {"sha256", "cc"}}},
                 {"plan_sha256", "dd"},
                 {"event", {{"document_sha256", "ee"}}}};
  std::vector<std::string> named;
  for (const NamedBlob& one : open_named_blobs(record, read)) named.push_back(one.what + " " + one.digest);
  EXPECT_EQ(named, (std::vector<std::string>{"member plan cc", "member rules aa", "event ee", "bundle of rule r bb"}));
  EXPECT_TRUE(record["rules"].is_array()) << "it was put back";
}

TEST(NamedBlobs, OfADeadLetterAreNotItsValueWhichHasATableOfItsOwn) {
  Json record = {{"offset", 7}, {"value", {{"bytes", 9}, {"sha256", "aa"}}}};
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  EXPECT_TRUE(open_named_blobs(record, none).empty());
  record = "no record";
  EXPECT_TRUE(open_named_blobs(record, none).empty());
}

}  // namespace
}  // namespace kedge
