// A directory with a configuration, a rule and its test, and what somebody who types a command there gets back.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "app/command.h"
#include "tests/support/temporary_directory.h"

namespace kedge {

inline constexpr const char* kConfiguration = R"(version: 1
data: data
rules:
  directory: rules
  modes: {first: shadow}
sources:
  - name: trail
    brokers: ["127.0.0.1:1"]
    topics: [cloudtrail]
    group: kedge
    start: earliest
    properties:
      session.timeout.ms: "6000"
aws:
  region: us-east-1
notify:
  channels:
    security:
      kind: webhook
      url: http://127.0.0.1:1/
      secrets: ["${file:secret}"]
api:
  listen: 127.0.0.1:0
)";

inline constexpr const char* kRule = R"(rule "first" {
  title = "a bucket",
  on = { source = { "aws.s3" } },
  target = function(event) return "arn:aws:s3:::photos" end,
  respond = function(event, target)
    return {
      revert = { action.aws.s3.block_public_access { bucket = "photos" } },
      notify = { "security" },
    }
  end,
}
)";

inline constexpr const char* kTest =
    R"(test "it fires" { event = { source = "aws.s3", ["detail-type"] = "x", detail = { a = 1 } }, fires = true }
test "it does not" { event = { source = "aws.ec2", ["detail-type"] = "x", detail = { a = 1 } }, fires = false }
)";

inline constexpr const char* kEvent = R"({"source":"aws.s3","detail-type":"x","id":"1","detail":{"a":1}})";

inline constexpr const char* kCheck = "check -c @kedge.yaml";

struct Typed {
  int exit_code = 0;
  std::string out;
  std::string err;
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    write("kedge.yaml", kConfiguration);
    write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    write("rules/first.lua", kRule);
    write("rules/first.test.lua", kTest);
    write("event.json", kEvent);
  }

  void write(const std::string& name, const std::string& text) { directory_.write(name, text); }
  std::string path(const std::string& name) const { return (directory_.path() / name).string(); }

  // Replaces a part of a file.
  void change(const std::string& name, const std::string& what, const std::string& with) {
    std::string text = directory_.read(name);
    const size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    write(name, text.replace(at, what.size(), with));
  }

  // Words of which "@NAME" is a file of the directory. What is printed names it so, too.
  Typed type(const std::string& line) {
    std::vector<std::string> words = {"kedge"};
    std::istringstream split(line);
    for (std::string word; split >> word;) words.push_back(word[0] == '@' ? path(word.substr(1)) : word);
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Shell shell{in, out, err, environment_, "tester"};
    const int code = run_command_line(static_cast<int>(arguments.size()), arguments.data(), shell);
    return {code, without_directory(out.str()), without_directory(err.str())};
  }

  std::map<std::string, std::string> environment_ = {{"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
                                                     {"AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"}};

 private:
  std::string without_directory(std::string text) const {
    const std::string begin = directory_.path().string() + "/";
    for (size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) text.replace(at, begin.size(), "@");
    return text;
  }

  TemporaryDirectory directory_;
};

}  // namespace kedge
