#include "api/control_request.h"

#include <array>
#include <functional>
#include <map>
#include <utility>

#include "base/json.h"
#include "base/nearest.h"

namespace kedge {
namespace {

constexpr size_t kTextMax = 4096;
constexpr size_t kNumbersMax = 10'000;

// Reads the arguments of one request, each by name; the first thing that is wrong is kept.
class Arguments {
 public:
  explicit Arguments(const Json& given) : given_(given) {
    if (!given_.is_object()) fail("arguments: must be an object");
  }

  std::string text(std::string_view name) {
    std::string value = optional_text(name, "");
    if (value.empty()) fail(std::string(name) + ": is needed");
    return value;
  }

  std::string optional_text(std::string_view name, std::string otherwise) {
    const Json* value = take(name);
    if (value == nullptr) return otherwise;
    if (!value->is_string()) {
      fail(std::string(name) + ": must be text");
    } else if (value->get_ref<const std::string&>().size() > kTextMax) {
      fail(std::string(name) + ": is longer than " + std::to_string(kTextMax) + " bytes");
    } else {
      return value->get<std::string>();
    }
    return otherwise;
  }

  std::vector<int64_t> numbers(std::string_view name) {
    const Json* value = take(name);
    std::vector<int64_t> numbers;
    if (value == nullptr || !value->is_array() || value->empty() || value->size() > kNumbersMax) {
      fail(std::string(name) + ": must be a list of 1 to " + std::to_string(kNumbersMax) + " numbers");
      return numbers;
    }
    for (const Json& number : *value) {
      if (number.is_number_integer()) {
        numbers.push_back(number.get<int64_t>());
      } else {
        fail(std::string(name) + ": must hold whole numbers");
      }
    }
    return numbers;
  }

  int64_t number(std::string_view name, int64_t most) {
    const Json* value = take(name);
    if (value != nullptr && value->is_number_integer() && *value >= 0 && *value <= most) return value->get<int64_t>();
    fail(std::string(name) + ": must be a whole number from 0 to " + std::to_string(most));
    return 0;
  }

  void fail(std::string what) {
    if (!error_) error_ = Error{ErrorCode::invalid, std::move(what)};
  }

  // The change, or what is wrong: also an argument that nobody asked for.
  Result<Change> finish(Change change) {
    if (given_.is_object()) {
      for (const auto& [name, value] : given_.items()) {
        if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
          fail(name + ": is not an argument of this command" + did_you_mean(name, known_));
        }
      }
    }
    if (error_) return *error_;
    return change;
  }

 private:
  const Json* take(std::string_view name) {
    known_.push_back(name);
    if (!given_.is_object()) return nullptr;
    const auto found = given_.find(name);
    return found == given_.end() ? nullptr : &*found;
  }

  const Json& given_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

using Translate = std::function<Result<Change>(Arguments&, const std::string& actor, Time now)>;

// A pause of what is no account would be believed and hold nothing.
bool is_account_scope(std::string_view scope) {
  constexpr std::string_view kPrefix = "account:";
  return scope.starts_with(kPrefix) && scope.size() == kPrefix.size() + 12 &&
         scope.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

Result<Change> pause(Arguments& arguments, const std::string& actor, Time now) {
  Pause pause;
  pause.scope = arguments.optional_text("scope", "all");
  pause.reason = arguments.optional_text("reason", "");
  pause.by = actor;
  pause.since = now;
  const bool known = pause.scope == "all" || (pause.scope.starts_with("rule:") && pause.scope.size() > 5) ||
                     is_account_scope(pause.scope);
  if (!known) arguments.fail("scope: must be all, rule:ID or account:ID with its 12 digits");
  return arguments.finish(AddPause{std::move(pause)});
}

Result<Change> resume(Arguments& arguments, const std::string& actor, Time) {
  const std::string scope = arguments.optional_text("scope", "all");
  if (scope.starts_with("file:")) arguments.fail("scope: a pause by a file ends with the file: rm " + scope.substr(5));
  return arguments.finish(RemovePause{scope, actor});
}

Result<Change> accept_clock(Arguments& arguments, const std::string& actor, Time) {
  return arguments.finish(AcceptClock{arguments.text("reason"), actor});
}

Result<Change> add_exception(Arguments& arguments, const std::string& actor, Time now) {
  Exception exception;
  exception.id = arguments.text("id");
  exception.rule = arguments.text("rule");
  exception.target = arguments.text("target");
  exception.owner = arguments.text("owner");
  exception.reason = arguments.text("reason");
  exception.added_by = actor;
  exception.added = now;
  const size_t star = exception.target.find('*');
  if (star != exception.target.npos && star + 1 != exception.target.size()) {
    arguments.fail("target: may have one * at its end and nowhere else");
  }
  const auto expires = parse_time(arguments.text("expires"));
  if (!expires) {
    arguments.fail("expires: must be a time like 2026-12-31T00:00:00Z: " + expires.error().message);
  } else if (*expires <= now) {
    arguments.fail("expires: " + format_time(*expires) + " is over already");
  } else {
    exception.expires = *expires;
  }
  return arguments.finish(AddException{std::move(exception)});
}

Result<Change> revoke_exception(Arguments& arguments, const std::string& actor, Time) {
  return arguments.finish(RevokeException{arguments.text("id"), actor});
}

Result<Change> discard(Arguments& arguments, const std::string& actor, Time) {
  return arguments.finish(CloseDeadLetters{arguments.numbers("numbers"), actor, "discarded"});
}

Result<Change> seek(Arguments& arguments, const std::string& actor, Time) {
  SeekPosition seek;
  seek.partition.source = arguments.text("source");
  seek.partition.topic = arguments.text("topic");
  seek.partition.partition = static_cast<int32_t>(arguments.number("partition", INT32_MAX));
  seek.cluster = arguments.text("cluster");
  seek.next = arguments.number("next", INT64_MAX);
  seek.reason = arguments.text("reason");
  seek.actor = actor;
  return arguments.finish(std::move(seek));
}

Translate resume_one(bool approves) {
  return [approves](Arguments& arguments, const std::string& actor, Time) {
    std::string id = arguments.text("id");
    return arguments.finish(
        PersonalMove{std::move(id), Move::resume, actor, arguments.optional_text("reason", ""), approves});
  };
}

Translate no(Move move) {
  return [move](Arguments& arguments, const std::string& actor, Time) {
    std::string id = arguments.text("id");
    return arguments.finish(PersonalMove{std::move(id), move, actor, arguments.text("reason")});
  };
}

const std::map<std::string_view, Translate>& table() {
  static const std::map<std::string_view, Translate> kTable = {
      {"pause", pause},
      {"resume", resume},
      {"ledger.accept-clock", accept_clock},
      {"exception.add", add_exception},
      {"exception.revoke", revoke_exception},
      {"remediation.approve", resume_one(true)},
      {"remediation.retry", resume_one(false)},
      {"remediation.reject", no(Move::cancel)},
      {"remediation.cancel", no(Move::cancel)},
      {"remediation.undo", no(Move::undo)},
      {"remediation.release", no(Move::release)},
      {"dead-letter.discard", discard},
      {"source.seek", seek},
  };
  return kTable;
}

constexpr std::array kCodes = {ErrorCode::invalid,     ErrorCode::not_found, ErrorCode::refused, ErrorCode::conflict,
                               ErrorCode::unavailable, ErrorCode::timeout,   ErrorCode::limit,   ErrorCode::no_room,
                               ErrorCode::corrupt,     ErrorCode::internal};

ErrorCode code_named(const std::string& name) {
  for (const ErrorCode code : kCodes) {
    if (to_string(code) == name) return code;
  }
  return ErrorCode::internal;
}

std::string as_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

Result<Change> change_of(const ControlRequest& request, const std::string& actor, Time now) {
  const auto entry = table().find(request.command);
  if (entry == table().end()) {
    std::vector<std::string_view> known;
    for (const auto& [name, translate] : table()) known.push_back(name);
    return Error{ErrorCode::invalid,
                 "'" + request.command + "' is not a command" + did_you_mean(request.command, known)};
  }
  Arguments arguments(request.arguments);
  auto change = entry->second(arguments, actor, now);
  if (!change) return change.error().with(request.command);
  return change;
}

bool becomes_change(const std::string& command) { return table().contains(command); }

Result<Json> reply_of(const Answer& answer) {
  switch (answer.outcome) {
    case Outcome::done:
      return Json{{"seq", answer.seq}};
    case Outcome::refused:
      return answer.error;
    case Outcome::no_room:
      return Error{ErrorCode::no_room, "the ledger's disk is full or read-only, nothing was changed"};
    case Outcome::unknown:
      return Error{ErrorCode::timeout, "whether it was written is not known: look before you ask again"};
    case Outcome::final:
      break;
  }
  return answer.error.with("the ledger takes no changes any more");
}

std::string line_of(const ControlRequest& request) {
  return as_line({{"v", 1}, {"command", request.command}, {"arguments", request.arguments}});
}

Result<ControlRequest> request_in(const std::string& line) {
  auto json = parse_json(line, 16);
  if (!json) return json.error().with("the request");
  if (!json->is_object() || json->value("v", Json()) != Json(1) || !json->contains("command") ||
      !(*json)["command"].is_string()) {
    return Error{ErrorCode::invalid, "the request must be {\"v\":1,\"command\":...,\"arguments\":{...}}"};
  }
  return ControlRequest{(*json)["command"].get<std::string>(), json->value("arguments", Json::object())};
}

std::string line_of(const Result<Json>& reply) {
  if (reply) return as_line({{"v", 1}, {"reply", *reply}});
  return as_line({{"v", 1}, {"error", {{"code", to_string(reply.error().code)}, {"message", reply.error().message}}}});
}

Result<Json> reply_in(const std::string& line) {
  auto json = parse_json(line, 64);
  if (json && json->is_object() && json->contains("reply")) return (*json)["reply"];
  if (json && json->is_object() && json->contains("error") && (*json)["error"].is_object()) {
    const Json& error = (*json)["error"];
    const Json code = error.value("code", Json());
    const Json message = error.value("message", Json());
    if (code.is_string() && message.is_string()) return Error{code_named(code), message.get<std::string>()};
  }
  return Error{ErrorCode::corrupt, "the daemon's answer is not one of ours"};
}

}  // namespace kedge
