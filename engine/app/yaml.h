// Reading a configuration file so that a mistake gets one line with file, line, field and remedy.
//
// A Section is one mapping of the file. Each member is asked for by name, with the place to put it; what was never
// asked for is an unknown key, found when the section is finished. Every mistake is collected, so that all are seen at
// once.
//
//   section.text("data", options.directory);          // leaves options.directory as it is when the key is absent
//   section.finish();
//
// Values may refer to secrets: "${file:/etc/kedge/slack-url}" is the file's content without its last newline,
// "${env:NAME}" the variable's. A reference is a value of its own, never a part of one. A secret's value appears in no
// error.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace kedge {

struct Mistake {
  int line = 0;       // from 1; 0 where it concerns the whole file
  std::string field;  // "sources[0].topics"
  std::string message;

  bool operator==(const Mistake&) const = default;
};

// Where each field stands, by its path: "sources[0].topics[1]", "rules.modes.aws.s3.public-bucket".
using FieldLines = std::map<std::string, int>;

// The line of a field, or else of the nearest thing around it that stands in the file.
int line_of(const FieldLines& lines, std::string field);

// A path as the file means it: relative ones are meant from the file's folder.
std::string beside(const std::string& file, const std::string& path);

// Whether a path is that of a directory or of something below it, links followed.
bool lies_in(const std::string& path, const std::string& directory);

// An error's "aws.endpoint: not a URL" as the setting that it begins with and what is wrong with it; the setting is
// empty where it begins with none.
std::pair<std::string, std::string> setting_and_reason(const std::string& message);

// What is shared by all sections of one file.
struct YamlFile {
  std::string path;
  std::function<Result<std::string>(const std::string& name)> environment;  // ${env:NAME}
  std::vector<Mistake> mistakes;
  FieldLines lines = {};  // filled by the section whose path is empty: the whole file
};

class Section {
 public:
  Section(YamlFile& file, const YAML::Node& node, std::string path);

  bool has(std::string_view key) const;
  const std::string& path() const { return path_; }

  void text(std::string_view key, std::string& value);                 // a string; ${...} is resolved
  void required_text(std::string_view key, std::string& value);        // and must be there and not empty
  void texts(std::string_view key, std::vector<std::string>& values);  // a list of strings, or one string
  void text_map(std::string_view key, std::map<std::string, std::string>& values);
  void boolean(std::string_view key, bool& value);
  void duration(std::string_view key, Duration& value, Duration least, Duration most);

  template <class Integer>
  void integer(std::string_view key, Integer& value, int64_t least, int64_t most) {
    int64_t wide = static_cast<int64_t>(value);
    if (read_integer(key, wide, least, most)) value = static_cast<Integer>(wide);
  }

  // Bytes: a number, or a number with KiB, MiB or GiB.
  void bytes(std::string_view key, size_t& value, int64_t least, int64_t most);

  // One of a set of words, read by `parse` (which returns Result<T>).
  template <class T>
  void word(std::string_view key, T& value, const std::function<Result<T>(std::string_view)>& parse) {
    std::string text_value;
    if (!has(key)) return known(key);
    text(key, text_value);
    if (is_wrong(key)) return;
    if (auto parsed = parse(text_value)) {
      value = *parsed;
    } else {
      mistake(key, parsed.error().message);
    }
  }

  // Whether the key has this one word for its value, where it may also be a mapping ("off").
  bool says(std::string_view key, std::string_view word);

  // A mapping within this one, a list of mappings, or a mapping of named mappings. Each inner section is finished here.
  void section(std::string_view key, const std::function<void(Section&)>& read);
  void sections(std::string_view key, const std::function<void(Section&)>& read);
  void named_sections(std::string_view key, const std::function<void(const std::string& name, Section&)>& read);

  // A key that must be there; a misspelt one is not also said to be missing.
  void require(std::string_view key, std::string message);

  // A key that belongs elsewhere: where it stands, that is a mistake.
  void refuse(std::string_view key, std::string message);

  // A mistake at a key of this section, or at something below it ("topics[1]", "properties.group.id"), with the line
  // where that stands.
  void mistake(std::string_view key, std::string message);

  // A mistake about this key is known already, or will be told by finish(): what follows from it is not worth a line.
  // Call it when all keys have been asked for.
  bool is_wrong(std::string_view key) const;

  // Call last: every key that was not asked for is a mistake, with the nearest known one.
  void finish();

 private:
  void known(std::string_view key);
  bool is_known(const std::string& key) const;
  bool is_misspelt(std::string_view key) const;
  YAML::Node find(std::string_view key);
  bool read_integer(std::string_view key, int64_t& value, int64_t least, int64_t most);
  bool scalar(std::string_view key, const YAML::Node& node, std::string& value);
  std::string field(std::string_view key) const;

  YamlFile& file_;
  YAML::Node node_;
  std::string path_;
  bool is_mapping_ = true;  // false: told, and what follows from it is not
  std::vector<std::string> known_;
  std::set<std::string, std::less<>> wrong_;              // keys with a mistake
  std::vector<std::pair<std::string, std::string>> due_;  // required keys that are absent, with what to say about it
};

}  // namespace kedge
