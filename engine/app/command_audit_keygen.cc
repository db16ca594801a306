// kedge audit keygen: the key that signs a log's checkpoints, and what verifies it.

#include <iostream>
#include <memory>

#include "app/command_audit.h"
#include "audit/key_file.h"

namespace kedge {
namespace {

struct Arguments {
  std::string origin, output;
};

void make_key(const Arguments& arguments, Shell& shell) {
  const auto key = make_key_file(arguments.output, arguments.origin);
  if (!key && key.error().code == ErrorCode::unavailable) return shell.fail(kNotReached, key.error().message);
  if (!key) return shell.fail(kUsedWrongly, key.error().message);
  shell.out << key->to_text() << "\n";
  shell.err << "kedge: " << arguments.output
            << " holds the secret: keep it out of the log's directory, and a copy in a "
            << "safe place; the key above, also in " << arguments.output << ".pub, is for everybody who verifies\n";
}

}  // namespace

void add_key_option(CLI::App& command, std::vector<std::string>& keys) {
  command.add_option("--key", keys, "whose signatures count: a key NAME+ID+BASE64, or a file with one on each line")
      ->type_name("KEY")
      ->allow_extra_args(false)  // what follows it is a file of the command
      ->required();
}

Result<std::vector<VerifierKey>> read_keys(const std::vector<std::string>& keys) {
  std::vector<VerifierKey> read;
  for (const std::string& text : keys) {
    if (auto key = VerifierKey::parse(text); key) {
      read.push_back(*std::move(key));
      continue;
    }
    // With a + in it, and not there, it was meant as a key.
    auto in_file = read_verifier_keys(text);
    if (!in_file && in_file.error().code == ErrorCode::not_found && text.find('+') != std::string::npos) {
      return VerifierKey::parse(text).error().with("--key");
    }
    if (!in_file) return in_file.error().with("--key");
    read.insert(read.end(), in_file->begin(), in_file->end());
  }
  return read;
}

void add_audit_keygen(CLI::App& audit, Shell& shell) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const command = audit.add_subcommand("keygen", "makes the key that signs a log, and what verifies it");
  command
      ->add_option("--origin", arguments->origin,
                   "the log's name, like a URL without https://: audit.example.com/kedge")
      ->required();
  command->add_option("--output", arguments->output, "the file for the secret; it must not be there yet")->required();
  command->callback([arguments, &shell] { make_key(*arguments, shell); });
}

}  // namespace kedge
