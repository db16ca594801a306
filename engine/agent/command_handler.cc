#include "agent/command_handler.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace kedge {
namespace {

using std::chrono::minutes;

constexpr Duration kGrace = minutes(1);  // how long an answer may be late and still be of use to whoever looks
constexpr const char* kBegunBefore = "begun_before_a_restart";

}  // namespace

CommandHandler::CommandHandler(Options options, SigningKey key, HostActions& actions, Clock& clock)
    : options_(std::move(options)),
      key_(std::move(key)),
      actions_(actions),
      clock_(clock),
      record_(options_.directory + "/commands.jsonl", options_.record_bytes_max),
      minute_(clock.elapsed()) {}

Result<std::unique_ptr<CommandHandler>> CommandHandler::open(Options options, const SigningKey& key,
                                                             HostActions& actions, Clock& clock) {
  std::unique_ptr<CommandHandler> handler(new CommandHandler(std::move(options), key, actions, clock));
  auto journal = CommandJournal::open(handler->options_.directory + "/journal", handler->options_.journal);
  if (!journal) return journal.error();
  handler->journal_ = *std::move(journal);
  return handler;
}

std::vector<CommandHandler::Answer> CommandHandler::take_unfinished() {
  std::vector<Answer> answers;
  for (const CommandJournal::Entry& entry : journal_->unfinished()) {
    OutcomeMessage outcome;
    outcome.command = entry.id;
    outcome.digest = entry.digest;
    outcome.host = options_.rules.host;
    outcome.kind = OutcomeMessage::Kind::unknown;
    outcome.code = kBegunBefore;
    outcome.message = "the agent had begun it when it ended, and does not know how far it came";
    outcome.at = clock_.now();
    std::string text = sign_outcome(outcome, key_);
    spdlog::warn("command {} had begun when the agent ended: what was done of it is not known", entry.id);
    record("unknown", nullptr, entry.digest, {{"id", entry.id}, {"message", outcome.message}});
    if (auto kept = journal_->end(entry.id, text); !kept) spdlog::error("the journal: {}", kept.error().message);
    answers.push_back({std::move(text), entry.expires + kGrace});
  }
  return answers;
}

std::optional<CommandHandler::Answer> CommandHandler::handle(std::string_view command, const std::stop_token& stop) {
  const Remembered remembered{[this](const std::string& id) -> std::optional<std::string> {
                                const CommandJournal::Entry* const entry = journal_->find(id);
                                return entry == nullptr ? std::nullopt : std::optional(entry->digest);
                              },
                              journal_->forgotten()};
  const Judgement judgement = judge_command(command, options_.rules, remembered, clock_.now());
  switch (judgement.kind) {
    case Judgement::Kind::accepted:
      return execute(judgement, stop);
    case Judgement::Kind::repeated:
      ++repeated_;
      record("repeated", &*judgement.command, judgement.digest, Json::object());
      return Answer{journal_->find(judgement.command->id)->outcome, judgement.command->expires + kGrace};
    default:
      return refuse(judgement);
  }
}

OutcomeMessage CommandHandler::outcome_of(const Judgement& judgement) const {
  OutcomeMessage outcome;
  outcome.command = judgement.command->id;
  outcome.digest = judgement.digest;
  outcome.host = options_.rules.host;
  outcome.at = clock_.now();
  return outcome;
}

CommandHandler::Answer CommandHandler::execute(const Judgement& judgement, const std::stop_token& stop) {
  const CommandMessage& command = *judgement.command;
  const Time begin = clock_.now();
  OutcomeMessage outcome = outcome_of(judgement);
  const Answer none{"", command.expires + kGrace};
  if (command.writes()) {
    const auto begun = journal_->begin({command.id, judgement.digest, command.expires, {}}, begin);
    if (!begun) {
      Judgement busy = judgement;
      busy.refusal = Refusal::busy;
      busy.message = begun.error().message;
      return *refuse(busy);
    }
    record("begun", &command, judgement.digest, Json::object());
  }
  HostCall call{clock_, clock_.elapsed() + (command.expires - begin), command.remediation, command.mark, stop};
  auto done = actions_.run(call, command.action, command.operation, command.body);
  ++executed_;
  outcome.at = clock_.now();
  outcome.kind = done ? OutcomeMessage::Kind::done : OutcomeMessage::Kind::failed;
  if (done) {
    outcome.answer = *std::move(done);
  } else {
    outcome.code = to_string(done.error().code);
    outcome.message = done.error().message;
  }
  Answer answer{sign_outcome(outcome, key_), none.useless};
  if (command.writes()) {
    if (auto kept = journal_->end(command.id, answer.outcome); !kept) {
      spdlog::error("the outcome of command {} is in memory only: {}", command.id, kept.error().message);
    }
  }
  record(command.writes() ? "ended" : "observed", &command, judgement.digest,
         {{"outcome", to_string(outcome.kind)}, {"code", outcome.code}, {"message", outcome.message}});
  return answer;
}

std::optional<CommandHandler::Answer> CommandHandler::refuse(const Judgement& judgement) {
  ++refused_;
  if (!judgement.authentic && !has_time_for_a_stranger()) {
    ++unanswered_;
    return std::nullopt;
  }
  const std::string code(to_string(judgement.refusal));
  spdlog::warn("a command is refused: {}: {}", code, judgement.message);
  record("refused", judgement.command ? &*judgement.command : nullptr, judgement.digest,
         {{"code", code}, {"message", judgement.message}, {"authentic", judgement.authentic}});
  if (!judgement.command) return std::nullopt;
  OutcomeMessage outcome = outcome_of(judgement);
  outcome.kind = OutcomeMessage::Kind::refused;
  outcome.code = code;
  outcome.message = judgement.message;
  return Answer{sign_outcome(outcome, key_), clock_.now() + kGrace};
}

bool CommandHandler::has_time_for_a_stranger() {
  if (clock_.elapsed() - minute_ >= minutes(1)) {
    minute_ = clock_.elapsed();
    strangers_ = 0;
  }
  return ++strangers_ <= options_.strangers_a_minute;
}

// Of a command that could not be read its digest is all there is to say.
void CommandHandler::record(const char* what, const CommandMessage* command, const std::string& digest, Json more) {
  more["time"] = format_time(clock_.now());
  more["what"] = what;
  more["digest"] = digest;
  if (command != nullptr) {
    more["id"] = command->id;
    more["host"] = command->host;
    more["action"] = command->action;
    more["operation"] = command->operation;
    more["remediation"] = command->remediation;
    more["mark"] = command->mark;
    more["issued"] = format_time(command->issued);
    more["expires"] = format_time(command->expires);
  }
  if (auto kept = record_.add(more); !kept) spdlog::error("the record of commands: {}", kept.error().message);
}

}  // namespace kedge
