// kedge dead-letter: what could not be decoded or decided, with its reason and its bytes.

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "app/command.h"
#include "app/control.h"
#include "app/output.h"
#include "app/redrive.h"
#include "base/bytes.h"

namespace kedge {
namespace {

struct Arguments {
  std::string configuration;
  OutputFormat output = OutputFormat::table;
  LedgerReader::DeadLetterFilter filter;
  int64_t number = 0;
  std::vector<int64_t> numbers;
  bool all = false;
};

// Of these only the source has the bytes.
void tell_of(const DeadLetterRange& range, Shell& shell) {
  shell.err << fmt::format(
      "beyond the limit, not kept: {} messages of {} between offsets {} and {} of {}[{}]{}; this reads them again: "
      "kedge "
      "source seek {} {} {} --to {} --reason \"...\"\n",
      range.count, range.source, range.first, range.last, range.topic, range.partition,
      range.rule.empty() ? "" : " (rule " + range.rule + ")", range.source, range.topic, range.partition, range.first);
}

void list(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto letters = reader->ledger->dead_letters(arguments.filter);
  const auto ranges = reader->ledger->dead_letter_ranges();
  if (!letters) return shell.fail(letters.error());
  if (!ranges) return shell.fail(ranges.error());
  Listing listing{{{"number", "NUMBER"},
                   {"at", "AT"},
                   {"source", "SOURCE"},
                   {"topic", "TOPIC"},
                   {"partition", "PARTITION"},
                   {"offset", "OFFSET"},
                   {"reason", "REASON"},
                   {"rule", "RULE"},
                   {"bytes", "BYTES"},
                   {"message", "MESSAGE", 80}},
                  {}};
  for (const DeadLetter& letter : *letters) {
    listing.rows.push_back({letter.number, format_time(letter.at), letter.source, letter.topic, letter.partition,
                            letter.offset, letter.reason, letter.rule, letter.value_bytes, letter.message});
  }
  print(listing, arguments.output, "there are no dead letters", shell.out);
  for (const DeadLetterRange& range : *ranges) tell_of(range, shell);
}

void show(const Arguments& arguments, Shell& shell) {
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto letter = reader->ledger->dead_letter(arguments.number);
  if (!letter) return shell.fail(letter.error());
  shell.out << fmt::format(
      "dead letter {}\n  at         {}\n  source     {}\n  read at    {}[{}] offset {}, event {}\n  reason     {}: "
      "{}\n",
      letter->number, format_time(letter->at), letter->source, letter->topic, letter->partition, letter->offset,
      letter->index, letter->reason, letter->message);
  if (!letter->rule.empty()) {
    shell.out << fmt::format("  rule       {} (version {})\n", letter->rule, letter->rule_version.substr(0, 12));
  }
  shell.out << fmt::format("  value      {} bytes, SHA-256 {}\n", letter->value_bytes, letter->value_digest.hex());
  for (const auto& header : letter->headers) {
    const auto value = from_base64(header.at(1).get<std::string>());
    shell.out << fmt::format("  header     {}: {}\n", header.at(0).get<std::string>(), value ? *value : "");
  }
  const bool cut = static_cast<int64_t>(letter->value.size()) < letter->value_bytes;
  shell.out << (cut ? "\nthe first 64 KiB of it:\n" : "\n") << letter->value << "\n";
}

size_t discard(const std::vector<int64_t>& numbers, const Configuration& configuration, Shell& shell) {
  const auto done = ask_engine(configuration, {"dead-letter.discard", {{"numbers", numbers}}});
  if (!done) shell.fail(done.error());
  return done ? numbers.size() : 0;
}

// None, where one of them is not there.
size_t discard_named(const Arguments& arguments, const OpenedReader& reader, Shell& shell) {
  for (const int64_t number : arguments.numbers) {
    if (const auto letter = reader.ledger->dead_letter(number); !letter) {
      shell.fail(letter.error().with("nothing is discarded"));
      return 0;
    }
  }
  return discard(arguments.numbers, reader.configuration, shell);
}

size_t discard_all(const Arguments& arguments, const OpenedReader& reader, Shell& shell) {
  LedgerReader::DeadLetterFilter filter = arguments.filter;
  filter.limit = 500;  // of one request
  for (size_t discarded = 0;;) {
    const auto letters = reader.ledger->dead_letters(filter);
    if (!letters) shell.fail(letters.error());
    if (!letters || letters->empty()) return discarded;
    std::vector<int64_t> numbers;
    for (const DeadLetter& letter : *letters) numbers.push_back(letter.number);
    discarded += discard(numbers, reader.configuration, shell);
    if (shell.exit_code != kGood) return discarded;
    filter.after = numbers.back();
  }
}

void discard(const Arguments& arguments, Shell& shell) {
  if (arguments.all != arguments.numbers.empty()) {
    return shell.fail(kUsedWrongly, "give the numbers of dead letters, or --all with --source or --rule or neither");
  }
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const size_t discarded =
      arguments.all ? discard_all(arguments, *reader, shell) : discard_named(arguments, *reader, shell);
  if (shell.exit_code != kGood && discarded == 0) return;
  shell.out << discarded << (discarded == 1 ? " dead letter is" : " dead letters are") << " discarded\n";
}

// ---- redrive -------------------------------------------------------------------------------------------------------

// Those that are there now, oldest first: what a redrive makes of them comes later in the journal.
Result<std::vector<int64_t>> chosen(const Arguments& arguments, const OpenedReader& reader, Shell& shell) {
  if (!arguments.numbers.empty()) return arguments.numbers;
  LedgerReader::DeadLetterFilter filter = arguments.filter;
  filter.limit = arguments.filter.limit + 1;  // whether there are more
  const auto letters = reader.ledger->dead_letters(filter);
  if (!letters) return letters.error();
  std::vector<int64_t> numbers;
  for (const DeadLetter& letter : *letters) numbers.push_back(letter.number);
  if (numbers.size() > arguments.filter.limit) {
    numbers.pop_back();
    shell.err << fmt::format("{} of them now, and there are more: --after {} goes on\n", numbers.size(),
                             numbers.empty() ? filter.after : numbers.back());
  }
  return numbers;
}

// Exit code 1: a letter stays that was to be redriven.
void add_rows(const nlohmann::json& results, Listing& listing, Shell& shell) {
  for (const nlohmann::json& one : results) {
    listing.rows.push_back({one.at("number"), one.at("outcome"), one.at("remediations"), one.at("why")});
    const std::string outcome = one.at("outcome");
    if (outcome == "failed" || outcome == "refused") shell.exit_code = kFoundWrong;
  }
}

// What cannot be redriven, since the ledger has none of its bytes.
void tell_of_ranges(const LedgerReader::DeadLetterFilter& filter, LedgerReader& ledger, Shell& shell) {
  const auto ranges = ledger.dead_letter_ranges();
  if (!ranges) return shell.fail(ranges.error());
  for (const DeadLetterRange& range : *ranges) {
    const bool meant =
        (filter.source.empty() || filter.source == range.source) && (filter.rule.empty() || filter.rule == range.rule);
    if (meant) tell_of(range, shell);
  }
}

void redrive(const Arguments& arguments, Shell& shell) {
  const bool by_filter = arguments.all || !arguments.filter.source.empty() || !arguments.filter.rule.empty();
  if (by_filter != arguments.numbers.empty()) {
    return shell.fail(kUsedWrongly, "give the numbers of dead letters, or --all, --source or --rule");
  }
  const auto reader = open_reader(arguments.configuration, shell);
  if (!reader) return;
  const auto numbers = chosen(arguments, *reader, shell);
  if (!numbers) return shell.fail(numbers.error());
  Listing listing{{{"number", "NUMBER"}, {"outcome", "OUTCOME"}, {"remediations", ""}, {"why", "WHY", 120}}, {}};
  std::optional<Error> failure;
  for (size_t from = 0; from < numbers->size() && !failure; from += kRedriveMax) {
    const size_t to = std::min(from + kRedriveMax, numbers->size());
    const std::vector<int64_t> some(numbers->begin() + int64_t(from), numbers->begin() + int64_t(to));
    const auto done = ask_engine(reader->configuration, {"dead-letter.redrive", {{"numbers", some}}});
    if (done) {
      add_rows(*done, listing, shell);
    } else {
      failure = done.error();
    }
  }
  if (!failure || !listing.rows.empty()) print(listing, arguments.output, "there are no such dead letters", shell.out);
  if (by_filter) tell_of_ranges(arguments.filter, *reader->ledger, shell);
  if (failure) shell.fail(*failure);
}

}  // namespace

void add_dead_letter(CLI::App& app, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = app.add_subcommand("dead-letter", "what could not be decoded or decided");
  command->require_subcommand(1);
  CLI::App* const listing = command->add_subcommand("list", "all of them, oldest first");
  add_configuration_option(*listing, arguments->configuration);
  add_output_option(*listing, arguments->output);
  listing->add_option("--source", arguments->filter.source, "of this source only");
  listing->add_option("--rule", arguments->filter.rule, "of this rule only");
  listing->add_option("--after", arguments->filter.after, "with numbers above this one");
  listing->add_option("--limit", arguments->filter.limit, "at most so many");
  listing->callback([arguments, &shell] { list(*arguments, shell); });
  CLI::App* const showing = command->add_subcommand("show", "one of them, with its bytes");
  add_configuration_option(*showing, arguments->configuration);
  showing->add_option("NUMBER", arguments->number, "as `kedge dead-letter list` shows it")->required();
  showing->callback([arguments, &shell] { show(*arguments, shell); });
  CLI::App* const redriving = command->add_subcommand(
      "redrive", "decides them anew by the rules in force; what comes of it is held (needs the daemon)");
  add_configuration_option(*redriving, arguments->configuration);
  add_output_option(*redriving, arguments->output);
  redriving->add_option("NUMBER", arguments->numbers, "as `kedge dead-letter list` shows it");
  redriving->add_flag("--all", arguments->all, "all of them");
  redriving->add_option("--source", arguments->filter.source, "those of this source");
  redriving->add_option("--rule", arguments->filter.rule, "those of this rule");
  redriving->add_option("--after", arguments->filter.after, "of these, with numbers above this one");
  redriving->add_option("--limit", arguments->filter.limit, "of these, at most so many, oldest first");
  redriving->callback([arguments, &shell] { redrive(*arguments, shell); });
  CLI::App* const discarding = command->add_subcommand("discard", "removes them; that they were there stays on record");
  add_configuration_option(*discarding, arguments->configuration);
  discarding->add_option("NUMBER", arguments->numbers, "as `kedge dead-letter list` shows it");
  CLI::Option* const all = discarding->add_flag("--all", arguments->all, "all of them");
  discarding->add_option("--source", arguments->filter.source, "with --all: of this source only")->needs(all);
  discarding->add_option("--rule", arguments->filter.rule, "with --all: of this rule only")->needs(all);
  discarding->callback([arguments, &shell] { discard(*arguments, shell); });
}

}  // namespace kedge
