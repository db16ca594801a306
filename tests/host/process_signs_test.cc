#include "host/process_signs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kedge {
namespace {

using Kind = ProcessSignKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ProcessSeen running(const std::string& path, bool is_deleted = false) {
  ProcessSeen seen;
  seen.process.number = 7;
  seen.process.image = ImageFile{path, is_deleted, 1, 17};
  return seen;
}

std::vector<std::string> kinds_of(const ProcessSeen& seen) {
  std::vector<std::string> kinds;
  for (const ProcessSign& sign : signs_of(seen, default_open_places())) {
    kinds.push_back(std::string(to_string(sign.kind)) + " " + sign.file.path);
  }
  return kinds;
}

TEST(ProcessSigns, AHealthyProcessShowsNone) {
  ProcessSeen seen = running("/usr/bin/ssh");
  seen.in_its_place = ImageFile{"/usr/bin/ssh", false, 1, 17};
  seen.mapped = {{{"/usr/bin/ssh", false, 1, 17}, "1-2"}, {{"/usr/lib/libc.so.6", false, 1, 18}, "2-3"}};
  EXPECT_THAT(kinds_of(seen), IsEmpty());
  EXPECT_THAT(kinds_of(ProcessSeen{}), IsEmpty());  // a thread of the kernel's
}

TEST(ProcessSigns, KnowsWhereAProgramComesFrom) {
  EXPECT_THAT(kinds_of(running("/usr/bin/ssh", true)), ElementsAre("runs_deleted /usr/bin/ssh"));
  EXPECT_THAT(kinds_of(running("/memfd:x", true)), ElementsAre("runs_memory /memfd:x"));
  EXPECT_THAT(kinds_of(running("/dev/shm/x")), ElementsAre("runs_from_open_place /dev/shm/x"));
  EXPECT_THAT(kinds_of(running("/var/tmp/.x/y")), ElementsAre("runs_from_open_place /var/tmp/.x/y"));
  ProcessSeen seen = running("/usr/bin/ssh");
  seen.in_its_place = ImageFile{"/usr/bin/ssh", false, 1, 99};
  EXPECT_THAT(kinds_of(seen), ElementsAre("runs_hidden /usr/bin/ssh"));
}

TEST(ProcessSigns, KnowsWhereMappingsComeFrom) {
  ProcessSeen seen = running("/memfd:x", true);
  seen.mapped = {{{"/memfd:x", true, 1, 17}, "1-2"},
                 {{"/memfd:y", true, 1, 18}, "2-3"},
                 {{"/usr/lib/libssl.so.3", true, 1, 19}, "3-4"},
                 {{"/tmp/evil.so", false, 1, 20}, "4-5"},
                 {{"/usr/lib/libc.so.6", false, 1, 21}, "5-6"}};
  EXPECT_THAT(kinds_of(seen), ElementsAre("runs_memory /memfd:x", "maps_memory /memfd:y",
                                          "maps_deleted /usr/lib/libssl.so.3", "maps_from_open_place /tmp/evil.so"));
}

TEST(ProcessSigns, KnowsWhatIsPreloaded) {
  ProcessSeen seen = running("/usr/bin/ssh");
  seen.environment = {{"LD_PRELOAD", "/opt/evil.so:/opt/other.so"}, {"LD_AUDIT", " "}};
  const auto signs = signs_of(seen, {});
  ASSERT_EQ(signs.size(), 1U);
  EXPECT_EQ(signs[0].file.path, "/opt/evil.so");
  EXPECT_EQ(signs[0].value, "LD_PRELOAD=/opt/evil.so:/opt/other.so");
}

TEST(ProcessSigns, TheSameSignOfManyProcessesHasOneKey) {
  const ProcessSign memory{Kind::maps_memory, {"/memfd:x", true, 1, 5}, "", "1-2"};
  const ProcessSign other{Kind::maps_memory, {"/memfd:x", true, 1, 6}, "", "3-4"};
  EXPECT_EQ(memory.key(), other.key());
  const ProcessSign file{Kind::maps_deleted, {"/lib/x.so", true, 1, 5}, "", "1-2"};
  const ProcessSign again{Kind::maps_deleted, {"/lib/x.so", true, 1, 6}, "", "1-2"};
  EXPECT_NE(file.key(), again.key());  // it was replaced twice
}

struct Case {
  Kind kind;
  const char* technique;
  MutationSeverity unknown, known;
};
class SignMeaning : public testing::TestWithParam<Case> {};

TEST_P(SignMeaning, IsUsual) {
  const auto& [kind, technique, unknown, known] = GetParam();
  const ProcessSign sign{kind, {"/some/file", true, 1, 2}, "", ""};
  EXPECT_EQ(meaning_of(sign, SignOrigin::unknown, {}).severity, unknown);
  EXPECT_EQ(meaning_of(sign, SignOrigin::known, {}).severity, known);
  EXPECT_EQ(meaning_of(sign, SignOrigin::unknown, {}).techniques, std::vector<std::string>{technique});
  EXPECT_EQ(*parse_process_sign(to_string(kind)), kind);
}

using Severity = MutationSeverity;
INSTANTIATE_TEST_SUITE_P(All, SignMeaning,
                         testing::Values(Case{Kind::runs_deleted, "T1620", Severity::high, Severity::medium},
                                         Case{Kind::runs_memory, "T1620", Severity::critical, Severity::medium},
                                         Case{Kind::runs_hidden, "T1036.005", Severity::high, Severity::medium},
                                         Case{Kind::runs_from_open_place, "T1564.001", Severity::high,
                                              Severity::medium},
                                         Case{Kind::maps_deleted, "T1574", Severity::high, Severity::medium},
                                         Case{Kind::maps_memory, "T1620", Severity::high, Severity::low},
                                         Case{Kind::maps_from_open_place, "T1574", Severity::high, Severity::medium},
                                         Case{Kind::preload, "T1574.006", Severity::high, Severity::medium},
                                         Case{Kind::preload_file, "T1574.006", Severity::critical, Severity::critical}),
                         [](const auto& one) { return std::string(to_string(one.param.kind)); });

TEST(ProcessSigns, LinesOfOnesOwnCountBeforeTheDefaults) {
  const std::vector<MeaningOfSigns> own = {{{Kind::maps_memory}, {"/memfd:jit*"}, true, Severity::low, ""},
                                           {{}, {"/opt/*"}, false, Severity::low, "T1055"}};
  EXPECT_TRUE(meaning_of({Kind::maps_memory, {"/memfd:jit-1", true, 1, 2}, "", "1"}, SignOrigin::unknown, own).quiet);
  EXPECT_FALSE(meaning_of({Kind::runs_memory, {"/memfd:jit-1", true, 1, 2}, "", ""}, SignOrigin::unknown, own).quiet);
  const Meaning low = meaning_of({Kind::runs_deleted, {"/opt/x", true, 1, 2}, "", ""}, SignOrigin::unknown, own);
  EXPECT_EQ(low.severity, Severity::low);
  EXPECT_EQ(low.techniques, std::vector<std::string>{"T1055"});
}

TEST(ProcessSigns, SaysWhichThereAre) {
  const auto wrong = parse_process_sign("runs_delete");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("did you mean 'runs_deleted'?"));
}

}  // namespace
}  // namespace kedge
