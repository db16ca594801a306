// The validator finds each kind of fault: an event that is good, changed in one place.
#include "tests/trail/ocsf_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "base/json.h"
#include "tests/trail/ocsf_schema.h"

namespace kedge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::OcsfValidator;

Json good_event() {
  return *parse_json(R"({
    "activity_id": 3, "activity_name": "Restore", "category_uid": 7, "category_name": "Remediation", "class_uid": 7001,
    "class_name": "Remediation Activity", "type_uid": 700103, "type_name": "Remediation Activity: Restore",
    "time": 1767268800000, "severity_id": 4, "severity": "High", "command_uid": "c1", "status_id": 1, "status": "Success",
    "metadata": {"version": "1.8.0", "product": {"name": "kedge"}, "profiles": ["cloud", "host"]},
    "cloud": {"provider": "AWS", "account": {"uid": "123456789012"}},
    "device": {"hostname": "web-1", "type_id": 0, "type": "Unknown", "ip": "198.51.100.7"},
    "actor": {"user": {"name": "alice"}},
    "countermeasures": [{"d3f_tactic": {"name": "Restore"}}],
    "observables": [{"name": "device.hostname", "type_id": 1, "type": "Hostname", "value": "web-1"}],
    "unmapped": {"anything": {"at": ["all"]}}})");
}

struct Mistake {
  const char* name;
  std::function<void(Json&)> make;
  const char* fault;
};

void PrintTo(const Mistake& mistake, std::ostream* out) { *out << mistake.name; }

class OcsfMistake : public ::testing::TestWithParam<Mistake> {};

TEST(OcsfValidator, FindsNothingWrongWithAGoodEvent) {
  EXPECT_THAT(OcsfValidator(testing::ocsf_schema()).faults(good_event()), IsEmpty());
}

TEST_P(OcsfMistake, IsFound) {
  Json event = good_event();
  GetParam().make(event);
  EXPECT_THAT(OcsfValidator(testing::ocsf_schema()).faults(event), ElementsAre(GetParam().fault));
}

const Mistake kMistakes[] = {
    {"UnknownAttribute", [](Json& e) { e["colour"] = "red"; }, "attribute_unknown: colour"},
    {"UnknownAttributeFarDown", [](Json& e) { e["cloud"]["account"]["colour"] = "red"; },
     "attribute_unknown: cloud.account.colour"},
    {"RequiredMissing", [](Json& e) { e.erase("command_uid"); }, "attribute_required_missing: command_uid"},
    {"RequiredIsNull", [](Json& e) { e["command_uid"] = nullptr; }, "attribute_required_missing: command_uid"},
    {"RequiredMissingFarDown", [](Json& e) { e["device"].erase("type_id"); },
     "attribute_required_missing: device.type_id"},
    {"RequiredByAProfileMissing", [](Json& e) { e.erase("cloud"); }, "attribute_required_missing: cloud"},
    {"TextForANumber", [](Json& e) { e["time"] = "2026"; }, "attribute_wrong_type: time: no long_t"},
    {"FractionForAnInteger", [](Json& e) { e["time"] = 1.5; }, "attribute_wrong_type: time: no long_t"},
    {"NumberForText", [](Json& e) { e["message"] = 7; }, "attribute_wrong_type: message: no string_t"},
    {"ObjectForAList", [](Json& e) { e["observables"] = Json::object(); },
     "attribute_wrong_type: observables: no array"},
    {"TextForAnObject", [](Json& e) { e["actor"] = "alice"; }, "attribute_wrong_type: actor: no object"},
    {"TextForTheObjectOfAnyMembers", [](Json& e) { e["unmapped"] = "x"; }, "attribute_wrong_type: unmapped: no object"},
    {"ValueOfNoEnumeration",
     [](Json& e) {
       e["severity_id"] = 7;
       e.erase("severity");
     },
     "attribute_enum_value_unknown: severity_id: 7"},
    {"OtherCaption", [](Json& e) { e["severity"] = "high"; },
     "attribute_enum_sibling_incorrect: severity_id: severity is \"high\""},
    {"OtherCaptionFarDown", [](Json& e) { e["device"]["type"] = "Server"; },
     "attribute_enum_sibling_incorrect: device.type_id: type is \"Server\""},
    {"OtherWithoutAWord",
     [](Json& e) {
       e["status_id"] = 99;
       e.erase("status");
     },
     "attribute_enum_sibling_missing: status_id: status"},
    {"AttributeOfAProfileThatIsNotNamed",
     [](Json& e) {
       e["metadata"]["profiles"] = {"cloud"};
       e.erase("device");
       e.erase("observables");
     },
     "attribute_unknown: actor"},
    {"UnknownProfile", [](Json& e) { e["metadata"]["profiles"].push_back("kedge"); }, "profile_unknown: \"kedge\""},
    {"ProfileOfOtherClasses", [](Json& e) { e["metadata"]["profiles"].push_back("incident"); },
     "profile_unknown: \"incident\""},
    {"NoneOfWhatOneMustBe", [](Json& e) { e["actor"] = Json::object(); }, "constraint_failed: actor: at_least_one"},
    {"NoneOfWhatOneMustBeInAList", [](Json& e) { e["countermeasures"][0] = Json::object(); },
     "constraint_failed: countermeasures[0]: at_least_one"},
    {"OtherTypeThanActivity",
     [](Json& e) {
       e["type_uid"] = 700101;
       e["type_name"] = "Remediation Activity: Isolate";
     },
     "type_uid_incorrect: 700101"},
    {"OtherCategory",
     [](Json& e) {
       e["category_uid"] = 2;
       e.erase("category_name");
     },
     "attribute_enum_value_unknown: category_uid: 2"},
    {"AddressThatIsNone", [](Json& e) { e["device"]["ip"] = "web-1"; },
     "attribute_value_regex_not_matched: device.ip: web-1"},
    {"ObservableOfNoPlace", [](Json& e) { e["observables"][0]["name"] = "device.colour"; },
     "observable_name_invalid_reference: device.colour"},
    {"ObservableOfWhatIsUnmapped", [](Json& e) { e["observables"][0]["name"] = "unmapped.anything"; },
     "observable_name_invalid_reference: unmapped.anything"},
    {"DeprecatedAttribute", [](Json& e) { e["actor"]["invoked_by"] = "x"; }, "attribute_deprecated: actor.invoked_by"},
    {"OtherVersion", [](Json& e) { e["metadata"]["version"] = "1.7.0"; }, "version_incompatible: 1.7.0"},
    {"ObjectThatTheCutSchemaHasNot", [](Json& e) { e["device"]["os"] = Json::object(); },
     "object_left_out: device.os: the schema here has no os"},
    {"EnumerationThatTheCutSchemaHasNot", [](Json& e) { e["device"]["risk_level_id"] = 1; },
     "enumeration_left_out: device.risk_level_id: the schema here has no values of it"},
    {"UnknownClass", [](Json& e) { e["class_uid"] = 7009; }, "class_uid_unknown: 7009"},
    {"NoClass", [](Json& e) { e.erase("class_uid"); }, "class_uid_missing: an event must have it"},
};

INSTANTIATE_TEST_SUITE_P(Each, OcsfMistake, ::testing::ValuesIn(kMistakes),
                         [](const auto& mistake) { return std::string(mistake.param.name); });

TEST(OcsfSchema, IsTheWholeOneButForWhatWasLeftOut) {
  const auto whole = testing::whole_ocsf_schema();
  if (!whole) GTEST_SKIP() << "KEDGE_SHARED has no ocsf/ocsf-1.8.0.json";
  const Json cut = testing::ocsf_schema();
  for (const char* kind : {"classes", "objects"}) {
    for (const auto& [name, described] : cut[kind].items()) {
      ASSERT_TRUE((*whole)[kind].contains(name)) << name;
      for (const auto& [attribute, what] : described["attributes"].items()) {
        Json same = (*whole)[kind][name]["attributes"][attribute];
        if (what.contains("e") && what["e"] == "left out") same["e"] = "left out";
        same.erase("ed");
        EXPECT_EQ(what, same) << name << "." << attribute;
      }
      EXPECT_EQ(described["attributes"].size(), (*whole)[kind][name]["attributes"].size()) << name;
      EXPECT_EQ(described.value("constraints", Json()), (*whole)[kind][name].value("constraints", Json())) << name;
    }
  }
}

}  // namespace
}  // namespace kedge
