#include "ledger/named_blobs.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/json.h"

namespace kedge {
namespace {

std::string text_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void open_parts(Json& record, const ReadBlob& read, std::vector<NamedBlob>& named) {
  const bool of_dead_letter = record.contains("offset") && record.contains("value");
  for (auto& [name, value] : record.items()) {
    if (!stands_for_part(value) || (of_dead_letter && name == "value")) continue;
    const std::string digest = text_in(value, "sha256");
    named.push_back({NamedBlob::Kind::part, digest, "member " + name});
    const auto bytes = read(digest);
    if (!bytes) continue;
    if (auto part = parse_json(*bytes)) value = *std::move(part);
  }
}

void add_document(const Json& record, std::vector<NamedBlob>& named) {
  const auto event = record.find("event");
  if (event == record.end() || !event->is_object()) return;
  const std::string digest = text_in(*event, "document_sha256");
  if (!digest.empty()) named.push_back({NamedBlob::Kind::document, digest, "event"});
}

void add_bundles(const Json& record, std::vector<NamedBlob>& named) {
  const auto rules = record.find("rules");
  if (rules == record.end() || !rules->is_array()) return;
  for (const Json& rule : *rules) {
    if (!rule.is_object() || !rule.contains("bundle") || !rule["bundle"].is_object()) continue;
    const std::string digest = text_in(rule["bundle"], "sha256");
    if (!digest.empty()) named.push_back({NamedBlob::Kind::bundle, digest, "bundle of rule " + text_in(rule, "id")});
  }
}

}  // namespace

// In canonical JSON a quote within a text has a backslash before it. All records are asked, and most name nothing: two
// bytes of the name that seldom stand so far apart are looked for at sixteen places at once, which is several times as
// fast as memmem.
bool may_name_parts(std::string_view record) {
  constexpr std::string_view kName = R"("sha256":")";
  constexpr size_t kLanes = 16;
  using Lanes = uint8_t __attribute__((vector_size(kLanes)));
  const Lanes s = Lanes{} + uint8_t{'s'};
  const Lanes six = Lanes{} + uint8_t{'6'};
  size_t at = 0;
  for (; at + kLanes + kName.size() <= record.size(); at += kLanes) {
    Lanes first;
    Lanes second;
    std::memcpy(&first, record.data() + at + 1, kLanes);
    std::memcpy(&second, record.data() + at + 6, kLanes);
    const auto both = (first == s) & (second == six);
    std::array<uint64_t, 2> halves;
    std::memcpy(halves.data(), &both, kLanes);
    if ((halves[0] | halves[1]) == 0) continue;
    if (record.substr(at, kLanes + kName.size() - 1).find(kName) != std::string_view::npos) return true;
  }
  return record.substr(at).find(kName) != std::string_view::npos;
}

bool stands_for_part(const Json& member) {
  return member.is_object() && member.size() == 2 && member.contains("bytes") && !text_in(member, "sha256").empty();
}

std::vector<NamedBlob> open_named_blobs(Json& record, const ReadBlob& read) {
  std::vector<NamedBlob> named;
  if (!record.is_object()) return named;
  open_parts(record, read, named);
  add_document(record, named);
  add_bundles(record, named);
  return named;
}

}  // namespace kedge
