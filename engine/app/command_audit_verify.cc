// kedge audit verify: is a log what its owner signed, whole, and grown out of what was signed before?

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>

#include "app/command_audit.h"
#include "app/output.h"
#include "audit/blobs.h"
#include "audit/kept_checkpoints.h"
#include "audit/log_reader.h"
#include "audit/verifier.h"
#include "base/bytes.h"
#include "base/files.h"
#include "base/json.h"
#include "ledger/named_blobs.h"
#include "ledger/tables.h"
#include "trail/record_text.h"

namespace kedge {
namespace {

constexpr size_t kKeptBytesMax = 1U << 30U;  // of a file of checkpoints: some millions

struct Arguments {
  std::vector<std::string> directories, keys, against;
  OutputFormat output = OutputFormat::table;
};

nlohmann::json json_of(const LogVerification& verification) {
  nlohmann::json json = {{"good", verification.good()},
                         {"origin", nullptr},
                         {"size", nullptr},
                         {"root", nullptr},
                         {"entry_bytes", verification.entry_bytes},
                         {"extends", nlohmann::json::array()},
                         {"files_beyond", verification.files_beyond},
                         {"foreign", verification.foreign},
                         {"signing_keys", verification.signing_keys},
                         {"blobs", verification.blobs},
                         {"blobs_missing", verification.blobs_missing},
                         {"faults", nlohmann::json::array()},
                         {"more_faults", verification.more_faults}};
  if (verification.checkpoint) {
    json["origin"] = verification.checkpoint->origin;
    json["size"] = verification.checkpoint->size;
    json["root"] = to_base64(verification.checkpoint->root.as_bytes());
  }
  for (const ExtendedCheckpoints& file : verification.extends) {
    json["extends"].push_back({{"file", file.name}, {"checkpoints", file.count}, {"cut_off", file.cut_off}});
  }
  for (const LogFault& fault : verification.faults) {
    nlohmann::json one = {{"file", fault.file}, {"entry", nullptr}, {"message", fault.message}};
    if (fault.entry) one["entry"] = *fault.entry;
    json["faults"].push_back(std::move(one));
  }
  return json;
}

// What lies in a log's directory is its owner's, down to the names, and who verifies it does not trust him.
Listing listing_of(const LogVerification& verification) {
  Listing listing{{{"entry", "ENTRY"}, {"file", "FILE"}, {"message", "WHAT", 200}}, {}};
  for (const LogFault& fault : verification.faults) {
    listing.rows.push_back({fault.entry ? nlohmann::json(*fault.entry) : nlohmann::json(""), printable(fault.file),
                            printable(fault.message)});
  }
  return listing;
}

void tell_rest(const LogVerification& verification, std::ostream& out) {
  if (verification.checkpoint) {
    const Checkpoint& checkpoint = *verification.checkpoint;
    // Of a damaged log nobody knows how many they were.
    const std::string bytes = verification.good() ? fmt::format(", {} bytes", verification.entry_bytes) : "";
    out << fmt::format("log {}: {} entries{}, root {}\n", checkpoint.origin, checkpoint.size, bytes,
                       to_base64(checkpoint.root.as_bytes()));
  }
  for (const ExtendedCheckpoints& file : verification.extends) {
    out << "it extends " << (file.count == 1 ? "" : fmt::format("all {} checkpoints of ", file.count)) << file.name
        << "\n";
    if (file.cut_off > 0)
      out << fmt::format("{} further in {} were cut off while they were written\n", file.cut_off, file.name);
  }
  if (verification.files_beyond > 0) {
    out << verification.files_beyond << " files beyond the checkpoint: not part of the log\n";
  }
  if (verification.blobs + verification.blobs_missing > 0) {
    out << fmt::format("{} {} beside it; of those that records name as parts of theirs, {} not there\n",
                       verification.blobs, verification.blobs == 1 ? "blob" : "blobs",
                       verification.blobs_missing == 1 ? "1 is" : fmt::format("{} are", verification.blobs_missing));
  }
  for (const std::string& path : verification.foreign) out << printable(path) << " is no file of a log\n";
}

// One of the logs that were asked about. An error: it could not be read.
struct VerifiedLog {
  std::string directory;
  Result<LogVerification> found;
};

// Nothing that was signed is wrong for it: on the standard error, whatever the rest is printed as.
void warn_of_keys(const LogVerification& verification, const std::string& whose, std::ostream& err) {
  for (const std::string& path : verification.signing_keys) {
    err << "kedge: " << whose << printable(path)
        << " in the log's directory is a signing key: whoever may read the log can sign for its owner; take it away, "
           "and let a new key follow it\n";
  }
}

// What is said of one log, but for its faults.
void tell_rest(const VerifiedLog& log, std::ostream& out) {
  const LogVerification& verification = *log.found;
  if (verification.more_faults > 0) out << "and " << verification.more_faults << " more\n";
  tell_rest(verification, out);
  out << (verification.good() ? "nothing is wrong with it\n" : "it is not what was signed\n");
}

nlohmann::json json_of(const VerifiedLog& log) {
  nlohmann::json json =
      log.found ? json_of(*log.found) : nlohmann::json{{"good", false}, {"error", log.found.error().message}};
  json["directory"] = log.directory;
  return json;
}

// Of several logs a row says which it is about.
Listing listing_of(const std::vector<VerifiedLog>& logs) {
  if (logs.size() == 1) return logs[0].found ? listing_of(*logs[0].found) : listing_of(LogVerification());
  Listing all = listing_of(LogVerification());
  all.columns.insert(all.columns.begin(), {"log", "LOG"});
  for (const VerifiedLog& log : logs) {
    if (!log.found) continue;
    for (std::vector<nlohmann::json>& row : listing_of(*log.found).rows) {
      row.insert(row.begin(), log.directory);
      all.rows.push_back(std::move(row));
    }
  }
  return all;
}

// Each under its name, where there are several.
void tell_in_words(const std::vector<VerifiedLog>& logs, OutputFormat output, Shell& shell) {
  const bool several = logs.size() > 1;
  std::ostream& rest = output == OutputFormat::csv ? shell.err : shell.out;
  for (const VerifiedLog& log : logs) {
    if (!log.found) continue;
    if (several) rest << log.directory << ":\n";
    if (output == OutputFormat::table && !log.found->good()) print(listing_of(*log.found), output, "", shell.out);
    tell_rest(log, rest);
  }
}

void tell(const std::vector<VerifiedLog>& logs, OutputFormat output, Shell& shell) {
  const bool several = logs.size() > 1;
  int worst = kGood;
  for (const VerifiedLog& log : logs) {
    if (log.found) {
      if (!log.found->good()) worst = std::max(worst, kFoundWrong);
      warn_of_keys(*log.found, several ? log.directory + ": " : "", shell.err);
    } else {
      shell.fail(kNotReached, printable(log.found.error().message));
      worst = std::max(worst, kNotReached);
    }
  }
  shell.exit_code = worst;
  if (output == OutputFormat::json) {
    if (!several && !logs[0].found) return;
    nlohmann::json all = nlohmann::json::array();
    for (const VerifiedLog& log : logs) all.push_back(json_of(log));
    shell.out << (several ? all : all[0]).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    return;
  }
  if (output == OutputFormat::csv && (several || logs[0].found)) print(listing_of(logs), output, "", shell.out);
  tell_in_words(logs, output, shell);
}

// The parts of records and the bundles of rules. Events may lie there too, or not.
std::vector<Digest> blobs_named_by(std::string_view entry, const std::string& directory) {
  std::vector<Digest> digests;
  auto record = may_name_parts(entry) ? parse_json(entry) : Result<nlohmann::json>(nlohmann::json());
  if (!record) return digests;
  const auto read = [&](const std::string& hex) -> std::optional<std::string> {
    const auto digest = digest_from(hex);
    auto bytes = digest ? read_blob(directory, *digest) : Result<std::string>(Error{ErrorCode::not_found, hex});
    return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
  };
  for (const NamedBlob& one : open_named_blobs(*record, read)) {
    const auto digest = digest_from(one.digest);
    if (digest && one.kind != NamedBlob::Kind::document) digests.push_back(*digest);
  }
  return digests;
}

// The log that the first checkpoint in a text says to be of; not verified.
std::string origin_of(const std::string& text) {
  for (const KeptCheckpoint& kept : split_kept_checkpoints(text).notes) {
    const auto note = parse_note(kept.note);
    const auto checkpoint = note ? parse_checkpoint(note->text) : Result<Checkpoint>(note.error());
    if (checkpoint) return checkpoint->origin;
  }
  return "";
}

// Which of the files are of which log. One that is of none of them may be of one that cannot be read; otherwise it is
// held against each, which says so.
std::vector<std::vector<OldCheckpoints>> split_by_log(const std::vector<std::string>& directories,
                                                      const std::vector<OldCheckpoints>& files) {
  std::vector<std::string> origins;
  for (const std::string& directory : directories) {
    const auto own = read_checkpoint_file(directory);
    origins.push_back(own ? origin_of(*own) : "");
  }
  std::vector<std::vector<OldCheckpoints>> of_each(directories.size());
  for (const OldCheckpoints& file : files) {
    const std::string origin = origin_of(file.text);
    const auto is_there = [&](const std::string& one) {
      return std::find(origins.begin(), origins.end(), one) != origins.end();
    };
    const std::string whose = is_there(origin) ? origin : "";
    for (size_t i = 0; i < directories.size(); ++i) {
      if (origins[i] == whose || !is_there(whose)) of_each[i].push_back(file);
    }
  }
  return of_each;
}

void verify(const Arguments& arguments, Shell& shell) {
  const auto keys = read_keys(arguments.keys);
  if (!keys) return shell.fail(kUsedWrongly, keys.error().with("--key").message);
  std::vector<OldCheckpoints> against;
  for (const std::string& path : arguments.against) {
    auto text = read_file(path, kKeptBytesMax);
    if (!text) return shell.fail(kNotReached, "--against: " + text.error().message);
    against.push_back({path, *std::move(text)});
  }
  const auto of_each = split_by_log(arguments.directories, against);
  std::vector<VerifiedLog> logs;
  for (size_t i = 0; i < arguments.directories.size(); ++i) {
    const std::string& directory = arguments.directories[i];
    const auto named = [&](std::string_view entry) { return blobs_named_by(entry, directory); };
    logs.push_back({directory, verify_log(directory, *keys, of_each[i], std::thread::hardware_concurrency(), named)});
  }
  tell(logs, arguments.output, shell);
}

}  // namespace

void add_audit_verify(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command =
      audit.add_subcommand("verify", "is a log what was signed: reads all of it, and names what is not");
  command->add_option("DIRECTORY", arguments->directories, "the log, or several, each by itself")->required();
  add_key_option(*command, arguments->keys);
  command
      ->add_option("--against", arguments->against,
                   "a checkpoint that was kept elsewhere, or many one after another: the log must extend each")
      ->type_name("FILE");
  add_output_option(*command, arguments->output);
  command->callback([arguments, &shell] { verify(*arguments, shell); });
}

}  // namespace kedge
