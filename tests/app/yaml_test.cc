#include "app/yaml.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace kedge {
namespace {

class Yaml : public testing::Test {
 protected:
  Section root(const std::string& text) { return {file_, YAML::Load(text), ""}; }
  std::string only_mistake() const {
    if (file_.mistakes.size() != 1) return std::to_string(file_.mistakes.size()) + " mistakes";
    const Mistake& mistake = file_.mistakes[0];
    return std::to_string(mistake.line) + ": " + mistake.field + ": " + mistake.message;
  }

  YamlFile file_{"kedge.yaml",
                 [](const std::string& name) -> Result<std::string> {
                   if (name == "TOKEN") return std::string("s3cret");
                   return Error{ErrorCode::not_found, "the environment variable " + name + " is not set"};
                 },
                 {}};
};

TEST_F(Yaml, LeavesWhatIsAbsentAsItIs) {
  Section section = root("a: 1");
  int a = 5;
  int b = 7;
  section.integer("a", a, 0, 10);
  section.integer("b", b, 0, 10);
  section.finish();
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 7);
  EXPECT_TRUE(file_.mistakes.empty());
}

TEST_F(Yaml, AnUnknownKeyIsAMistakeWithTheNearestName) {
  Section section = root("\n\ntopcis: [a]");
  std::vector<std::string> topics;
  section.texts("topics", topics);
  section.finish();
  EXPECT_EQ(only_mistake(), "3: topcis: is not a known key (did you mean 'topics'?); known here: topics");
}

TEST_F(Yaml, AWrongTypeNamesTheFieldInItsSection) {
  Section section = root("inner:\n  count: many");
  section.section("inner", [](Section& inner) {
    int count = 0;
    inner.integer("count", count, 1, 9);
  });
  EXPECT_EQ(only_mistake(), "2: inner.count: must be a whole number from 1 to 9");
}

TEST_F(Yaml, AListNamesThePlace) {
  Section section = root("list:\n  - name: a\n  - title: b");
  section.sections("list", [](Section& item) {
    std::string name;
    item.required_text("name", name);
  });
  ASSERT_EQ(file_.mistakes.size(), 2U);
  EXPECT_EQ(file_.mistakes[0].field, "list[1]");
  EXPECT_EQ(file_.mistakes[1].field, "list[1].title");
}

TEST_F(Yaml, AMisspeltKeyIsNotMissingToo) {
  Section section = root("nam: b");
  std::string name;
  section.required_text("name", name);
  EXPECT_TRUE(section.is_wrong("name"));
  section.finish();
  EXPECT_EQ(only_mistake(), "1: nam: is not a known key (did you mean 'name'?); known here: name");
}

TEST_F(Yaml, AMistakeBelowAKeyHasTheLineWhereItStands) {
  Section section = root("list:\n  - a\n  - {b: 1}\nmap:\n  x.y:\n    - 1\n");
  std::vector<std::string> list;
  std::map<std::string, std::string> map;
  section.texts("list", list);
  section.text_map("map", map);
  section.mistake("list[7]", "is not there");
  ASSERT_EQ(file_.mistakes.size(), 3U);
  EXPECT_EQ(file_.mistakes[0], (Mistake{3, "list[1]", "must be a single value"}));
  EXPECT_EQ(file_.mistakes[1], (Mistake{5, "map.x.y", "must be a single value"}));
  EXPECT_EQ(file_.mistakes[2], (Mistake{1, "list[7]", "is not there"}));
  EXPECT_TRUE(section.is_wrong("list"));
  EXPECT_FALSE(section.is_wrong("other"));
}

TEST_F(Yaml, AliasesCannotMakeItReadForEver) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "" : ", ") + before;
    text += "]\n";
  }
  const Section section = root(text);
  EXPECT_TRUE(section.has("a11"));
  EXPECT_LE(file_.lines.size(), 100'100U);
}

TEST_F(Yaml, AReferenceIsAWholeValue) {
  Section section = root("a: https://host/${env:TOKEN}\nb: ${env:TOKEN}x\nc: ${TOKEN}\nd: $x{}");
  std::string value;
  for (const char* key : {"a", "b", "c", "d"}) section.text(key, value);
  ASSERT_EQ(file_.mistakes.size(), 3U);
  const std::string whole =
      "a reference is the whole value, \"${env:NAME}\" or \"${file:PATH}\", not a part of it: put the whole text into "
      "the "
      "variable or the file";
  EXPECT_EQ(file_.mistakes[0], (Mistake{1, "a", whole}));
  EXPECT_EQ(file_.mistakes[1], (Mistake{2, "b", whole}));
  EXPECT_EQ(file_.mistakes[2], (Mistake{3, "c", "a reference says of what kind it is: ${env:NAME} or ${file:PATH}"}));
  EXPECT_EQ(value, "$x{}");
}

TEST_F(Yaml, AFileIsMeantFromTheConfigurationsFolder) {
  file_.path = testing::TempDir() + "kedge.yaml";
  ASSERT_TRUE(write_file_atomically(testing::TempDir() + "kedge_yaml_beside", "beside").ok());
  Section section = root("a: ${file:kedge_yaml_beside}");
  std::string value;
  section.text("a", value);
  EXPECT_EQ(value, "beside");
}

TEST_F(Yaml, SecretsComeFromTheEnvironmentAndFromFiles) {
  const std::string path = testing::TempDir() + "kedge_yaml_secret";
  ASSERT_TRUE(write_file_atomically(path, "from file\n").ok());
  Section section = root("a: ${env:TOKEN}\nb: ${file:" + path + "}");
  std::string a;
  std::string b;
  section.text("a", a);
  section.text("b", b);
  EXPECT_EQ(a, "s3cret");
  EXPECT_EQ(b, "from file");
}

TEST_F(Yaml, AMissingSecretIsNamedByItsReference) {
  Section section = root("a: ${env:NOPE}\nb: ${file:/nonexistent/secret}\nc: ${vault:x}");
  std::string value;
  section.text("a", value);
  section.text("b", value);
  section.text("c", value);
  ASSERT_EQ(file_.mistakes.size(), 3U);
  EXPECT_EQ(file_.mistakes[0].message, "the environment variable NOPE is not set");
  EXPECT_EQ(
      file_.mistakes[1].message,
      "the secret's file: cannot open /nonexistent/secret: No such file or directory; it must be there, and readable "
      "by the user that runs kedge");
  EXPECT_EQ(file_.mistakes[2].message, "'${vault:...}' is not known; secrets come from ${file:PATH} or ${env:NAME}");
}

TEST_F(Yaml, DurationsAndBytesHaveLimitsAndUnits) {
  Section section = root("a: 5\nb: 2d\nc: 3TiB\nd: 64KiB\ne: 30s");
  Duration duration{};
  size_t bytes = 0;
  section.duration("a", duration, std::chrono::seconds(1), std::chrono::hours(24));
  section.duration("b", duration, std::chrono::seconds(1), std::chrono::hours(24));
  section.bytes("c", bytes, 0, 1 << 30);
  section.bytes("d", bytes, 0, 1 << 30);
  section.duration("e", duration, std::chrono::seconds(1), std::chrono::hours(24));
  ASSERT_EQ(file_.mistakes.size(), 3U);
  EXPECT_EQ(file_.mistakes[1].message, "must be from 1s to 1d");
  EXPECT_EQ(bytes, 65536U);
  EXPECT_EQ(duration, std::chrono::seconds(30));
}

TEST_F(Yaml, ASectionThatIsNoMappingIsSaid) {
  Section section = root("inner: 5");
  section.section("inner", [](Section&) {});
  EXPECT_EQ(only_mistake(), "1: inner: must be a mapping (key: value)");
}

}  // namespace
}  // namespace kedge
