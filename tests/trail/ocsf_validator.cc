#include "tests/trail/ocsf_validator.h"

#include <utility>

namespace kedge::testing {

using nlohmann::json;

// One event's.
struct OcsfValidator::Check {
  const json& schema;
  const std::map<std::string, std::regex>& expressions;
  std::set<std::string> profiles;
  std::vector<std::string> faults;

  void fault(const std::string& name, const std::string& where, const std::string& what = "") {
    faults.push_back(name + ": " + where + (what.empty() ? "" : ": " + what));
  }

  bool is_there(const json& attribute) const {
    if (!attribute.contains("p")) return true;
    for (const json& profile : attribute["p"]) {
      if (profiles.contains(profile.get<std::string>())) return true;
    }
    return false;
  }

  void object(const json& described, const json& value, const std::string& where) {
    if (!value.is_object()) return fault("attribute_wrong_type", where, "no object");
    const json& attributes = described["attributes"];
    for (const auto& [name, one] : value.items()) {
      const std::string place = where.empty() ? name : where + "." + name;
      if (one.is_null()) continue;  // as if it were not there
      if (!attributes.contains(name) || !is_there(attributes[name])) {
        fault("attribute_unknown", place);
      } else {
        attribute(attributes[name], one, place);
        sibling(attributes[name], one, value, place);
      }
    }
    for (const auto& [name, attribute] : attributes.items()) {
      const bool missing = !value.contains(name) || value[name].is_null();
      if (attribute["r"] == "req" && is_there(attribute) && missing) {
        fault("attribute_required_missing", where.empty() ? name : where + "." + name);
      }
    }
    constraints(described, value, where);
  }

  void constraints(const json& described, const json& value, const std::string& where) {
    if (!described.contains("constraints")) return;
    for (const auto& [kind, names] : described["constraints"].items()) {
      size_t there = 0;
      for (const json& name : names) {
        const auto found = value.find(name.get<std::string>());
        if (found != value.end() && !found->is_null()) ++there;
      }
      if (kind == "at_least_one" ? there < 1 : there != 1) fault("constraint_failed", where, kind);
    }
  }

  void attribute(const json& attribute, const json& value, const std::string& where) {
    if (attribute.contains("d")) fault("attribute_deprecated", where);
    if (!attribute.contains("a")) return one(attribute, value, where);
    if (!value.is_array()) return fault("attribute_wrong_type", where, "no array");
    for (size_t i = 0; i < value.size(); ++i) one(attribute, value[i], where + "[" + std::to_string(i) + "]");
  }

  void one(const json& attribute, const json& value, const std::string& where) {
    if (attribute.contains("o")) {
      const std::string name = attribute["o"];
      if (name == "object") {
        if (!value.is_object()) fault("attribute_wrong_type", where, "no object");
      } else if (!schema["objects"].contains(name)) {
        fault("object_left_out", where, "the schema here has no " + name);
      } else {
        object(schema["objects"][name], value, where);
      }
      return;
    }
    plain(attribute["t"], value, where);
    if (!attribute.contains("e")) return;
    if (!attribute["e"].is_object()) return fault("enumeration_left_out", where, "the schema here has no values of it");
    const std::string id = value.is_string() ? value.get<std::string>() : value.dump();
    if (!attribute["e"].contains(id)) fault("attribute_enum_value_unknown", where, id);
  }

  void plain(const std::string& type, const json& value, const std::string& where) {
    const json& described = schema["types"][type];
    if (described.contains("type")) plain(described["type"], value, where);
    const bool right = type == "string_t"                        ? value.is_string()
                       : type == "integer_t" || type == "long_t" ? value.is_number_integer()
                       : type == "float_t"                       ? value.is_number_float()
                       : type == "boolean_t"                     ? value.is_boolean()
                                                                 : true;
    if (!right) return fault("attribute_wrong_type", where, "no " + type);
    const auto expression = expressions.find(type);
    if (expression != expressions.end() && value.is_string() &&
        !std::regex_search(value.get<std::string>(), expression->second)) {
      fault("attribute_value_regex_not_matched", where, value);
    }
    if (described.contains("max_len") && value.is_string() &&
        value.get<std::string>().size() > described["max_len"].get<size_t>()) {
      fault("attribute_value_exceeds_max_len", where);
    }
    if (described.contains("range") && value.is_number_integer() &&
        (value < described["range"][0] || value > described["range"][1])) {
      fault("attribute_value_exceeds_range", where);
    }
  }

  // The caption beside an id: the enumeration's, but for 99, where it is the source's own word.
  void sibling(const json& attribute, const json& value, const json& owner, const std::string& where) {
    if (!attribute.contains("s") || !attribute.contains("e") || !attribute["e"].is_object()) return;
    const std::string id = value.dump();
    const std::string name = attribute["s"];
    if (!owner.contains(name)) {
      if (id == "99") fault("attribute_enum_sibling_missing", where, name);
      return;
    }
    const bool same = attribute["e"].contains(id) && attribute["e"][id] == owner[name];
    const bool own_word = id == "99" && owner[name].is_string() && !owner[name].get<std::string>().empty();
    if (!same && !own_word) fault("attribute_enum_sibling_incorrect", where, name + " is " + owner[name].dump());
  }

  void observables(const json& its_class, const json& event) {
    if (!event.contains("observables") || !event["observables"].is_array()) return;
    for (const json& observable : event["observables"]) {
      if (!observable.is_object() || !observable.contains("name") || !observable["name"].is_string()) continue;
      const std::string name = observable["name"];
      if (!is_place(its_class, name)) fault("observable_name_invalid_reference", name);
    }
  }

  bool is_place(const json& described, const std::string& path) const {
    const size_t dot = path.find('.');
    std::string name = path.substr(0, dot);
    if (const size_t bracket = name.find('['); bracket != std::string::npos) name.resize(bracket);
    const json& attributes = described["attributes"];
    if (!attributes.contains(name) || !is_there(attributes[name])) return false;
    if (dot == std::string::npos) return true;
    const json& attribute = attributes[name];
    return attribute.contains("o") && schema["objects"].contains(attribute["o"].get<std::string>()) &&
           is_place(schema["objects"][attribute["o"].get<std::string>()], path.substr(dot + 1));
  }

  void take_profiles(const json& its_class, const json& event) {
    const json::json_pointer where("/metadata/profiles");
    if (!event.contains(where) || !event[where].is_array()) return;
    for (const json& profile : event[where]) {
      const json& known = its_class["profiles"];
      if (std::find(known.begin(), known.end(), profile) == known.end()) fault("profile_unknown", profile.dump());
      if (profile.is_string()) profiles.insert(profile.get<std::string>());
    }
  }

  void type_uid(const json& event) {
    for (const char* name : {"class_uid", "activity_id", "type_uid"}) {
      if (!event.contains(name) || !event[name].is_number_integer()) return;
    }
    const int64_t right = event["class_uid"].get<int64_t>() * 100 + event["activity_id"].get<int64_t>();
    if (event["type_uid"] != right) fault("type_uid_incorrect", event["type_uid"].dump());
  }
};

OcsfValidator::OcsfValidator(json schema) : schema_(std::move(schema)) {
  for (const auto& [name, type] : schema_["types"].items()) {
    if (type.contains("regex")) expressions_.emplace(name, std::regex(type["regex"].get<std::string>()));
  }
}

std::vector<std::string> OcsfValidator::faults(const json& event) const {
  if (!event.is_object() || !event.contains("class_uid")) return {"class_uid_missing: an event must have it"};
  for (const auto& [name, its_class] : schema_["classes"].items()) {
    if (its_class["uid"] != event["class_uid"]) continue;
    Check check{schema_, expressions_, {}, {}};
    check.take_profiles(its_class, event);
    check.object(its_class, event, "");
    check.type_uid(event);
    check.observables(its_class, event);
    const std::string version = event.value(json::json_pointer("/metadata/version"), "");
    if (version != schema_["version"]) check.fault("version_incompatible", version);
    return check.faults;
  }
  return {"class_uid_unknown: " + event["class_uid"].dump()};
}

}  // namespace kedge::testing
