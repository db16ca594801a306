#include "tests/trail/random_trail.h"

#include <fmt/format.h>

#include "base/json.h"

namespace kedge::testing {
namespace {

const std::vector<std::string> kKinds = {"plan", "plan",        "attempt",         "outcome",
                                         "hold", "suppression", "kind of tomorrow"};
const std::vector<std::string> kRules = {"aws.s3.public-bucket", "aws.s3.public-bucket", "aws.s3", "aws.ec2.open",
                                         "q\"x"};
const std::vector<std::string> kStates = {"running", "held", "confirmed", "unconfirmed"};
const std::vector<std::string> kGuards = {"rate", "pause", "exception"};
const std::vector<std::string> kSeverities = {"low", "high", "critical"};
const std::vector<std::string> kActors = {"alice", "alice (uid 1)", "arn:aws:iam::1:user/\"eve\"", "ev\\il\n", "bob"};

Time at(int64_t seconds) { return *parse_time("2026-01-01T00:00:00Z") + std::chrono::seconds(seconds); }

}  // namespace

// Most are seldom.
std::string RandomTrail::target() {
  const size_t number = once_in(2) ? below(5) : below(400);
  return once_in(9) ? fmt::format("host:wéb-{}/\"etc\"", number) : fmt::format("arn:aws:s3:::bucket-{}", number);
}

std::string RandomTrail::id() { return fmt::format("019b79c1-{:04}-7000", below(300)); }

JournalEntry RandomTrail::next() {
  seconds_ += static_cast<int64_t>(below(3));
  Json record = {{"v", 1}, {"seq", seq_}, {"at", format_time(at(seconds_))}};
  if (once_in(8) && !told_.empty()) {
    record.update({{"kind", "notice"}, {"about", one_of(told_)}, {"channel", "security"}});
  } else if (once_in(10)) {
    record.update({{"kind", "pause"}, {"actor", one_of(kActors)}, {"scope", "all"}});
  } else {
    record["kind"] = one_of(kKinds);
    if (!once_in(20)) record["rule"] = {{"id", one_of(kRules)}, {"version", "5b1f"}};
    if (!once_in(15)) record["target"] = target();
    if (!once_in(4)) record["to"] = one_of(kStates);
    if (once_in(6)) record["guard"] = one_of(kGuards);
    if (once_in(3)) record["policy"] = {{"severity", one_of(kSeverities)}};
    if (once_in(3)) record["event"] = {{"principal", one_of(kActors)}, {"id", fmt::format("{:016x}", random_())}};
    if (once_in(30)) record["actor"] = one_of(kActors);
    if (once_in(40)) record["target"] = {{"bytes", 1}, {"sha256", "ab"}};
    if (!once_in(5)) {
      record["remediation"] = id();
      told_.push_back(seq_);
      if (told_.size() > 500) told_.erase(told_.begin());
    }
  }
  return {seq_++, *canonical_json(record)};
}

std::string RandomTrail::part_of(const std::string& text) {
  const size_t begin = once_in(2) ? 0 : below(text.size());
  return text.substr(begin, 1 + below(text.size() - begin));
}

RecordFilter RandomTrail::filter() {
  RecordFilter filter;
  for (size_t conditions = 1 + below(3); conditions > 0; --conditions) {
    switch (below(11)) {
      case 0:
        for (size_t kinds = 1 + below(2); kinds > 0; --kinds) filter.kinds.insert(one_of(kKinds));
        break;
      case 1:
        filter.rule = once_in(8) ? "no such rule" : one_of(kRules);
        break;
      case 2:
        filter.target = once_in(8) ? "no such target" : part_of(target());
        break;
      case 3:
        filter.remediation = remediation();
        break;
      case 4:
        filter.state = one_of(kStates);
        break;
      case 5:
        filter.guard = one_of(kGuards);
        break;
      case 6:
        filter.severity = one_of(kSeverities);
        break;
      case 7:
        filter.actor = part_of(one_of(kActors));
        break;
      case 8:
        filter.text = once_in(3) ? part_of(R"("target":")" + target()) : fmt::format("{:04x}", below(65'536));
        break;
      case 9:
        filter.from = at(static_cast<int64_t>(below(static_cast<size_t>(seconds_) + 2)));
        break;
      default:
        filter.to = at(static_cast<int64_t>(below(static_cast<size_t>(seconds_) + 2)));
        break;
    }
  }
  filter.limit = once_in(3) ? 10'000 : 1 + below(20);
  return filter;
}

std::string RandomTrail::remediation() {
  if (once_in(10)) return "018f";
  return once_in(4) ? part_of(id()) : id();
}

}  // namespace kedge::testing
