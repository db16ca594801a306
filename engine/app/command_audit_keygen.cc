// kedge audit keygen: the key that signs a log's checkpoints, and what verifies it.

#include <iostream>
#include <memory>

#include "app/command_audit.h"
#include "audit/key_file.h"
#include "audit/log_place.h"

namespace kedge {
namespace {

struct Arguments {
  std::string origin, output;
};

// The name that was meant where a URL was typed: without https:// and without a slash at its end.
std::string without_url_parts(std::string_view origin) {
  const size_t scheme = origin.find("://");
  if (scheme != std::string_view::npos && origin.find('/') == scheme + 1) origin.remove_prefix(scheme + 3);
  while (origin.ends_with('/')) origin.remove_suffix(1);
  return std::string(origin);
}

void make_key(const Arguments& arguments, Shell& shell) {
  if (const std::string name = without_url_parts(arguments.origin); !name.empty() && name != arguments.origin) {
    return shell.fail(
        kUsedWrongly,
        "--origin: a log's name has no scheme and no slash at its end, and never changes: --origin " + name);
  }
  if (const auto log = log_around(arguments.output)) {
    return shell.fail(kUsedWrongly, "--output " + arguments.output + " is in the log's directory " + *log +
                                        ": whoever is given the log would have its secret; name a file outside of it");
  }
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
    if (is_signing_key(text)) {  // never repeated
      return Error{ErrorCode::invalid, "this is a signing key, a secret: give the line of its .pub"};
    }
    if (auto key = VerifierKey::parse(text); key) {
      read.push_back(*std::move(key));
      continue;
    }
    // With a + in it, and not there, it was meant as a key.
    auto in_file = read_verifier_keys(text);
    if (!in_file && in_file.error().code == ErrorCode::not_found && text.find('+') != std::string::npos) {
      return VerifierKey::parse(text).error();
    }
    if (!in_file) return in_file.error();
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
