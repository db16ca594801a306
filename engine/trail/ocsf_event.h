// The parts that OCSF events of all classes have (for ocsf*.cc alone).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "trail/ocsf.h"
#include "trail/ocsf_words.h"
#include "trail/target_name.h"

namespace kedge::ocsf {

// All that an event is made of.
struct Told {
  const JournalEntry& entry;
  const nlohmann::json& record;
  const Opening* opening;  // of the remediation, or of the record itself; null: not known
  const nlohmann::json& event;
  const OcsfSource& source;

  std::string at(const char* pointer) const;  // the record's member as text
  TargetName target() const;
};

class Event {
 public:
  Event(const Told& told, const Class& its_class, Word activity);

  // Writes NAME_id and its sibling NAME, which must say the same.
  Event& put(std::string_view name, Word word);
  // Any other attribute; nothing is written for text that is empty.
  Event& put(std::string_view name, nlohmann::json value);
  Event& severity(Word word) { return put("severity", word); }
  // Attributes of a profile may only stand where it is named.
  Event& profile(std::string_view name);
  // Profile security_control: what was allowed or denied, and by which guard.
  Event& control(Word action, Word disposition);
  // Who did it, where a person did. Some classes have actors only under the profile host.
  Event& actor_of_host();
  Event& actor();
  // Where the target is: profiles cloud and host.
  Event& place();

  nlohmann::json done() && { return std::move(event_); }

 private:
  const Told& told_;
  nlohmann::json event_;
};

// Milliseconds since 1970, of a time as records have it; null for what is none.
nlohmann::json milliseconds(const std::string& time);

// {} without the members that are empty text, null, or empty lists and objects.
nlohmann::json without_empty(nlohmann::json object);

// The device that a host's name stands for.
nlohmann::json device_of(const std::string& host);
// The file that a target `host:NAME/path` names.
nlohmann::json file_of(const TargetName& target);

// What stands in `observables`: `name` is where in the event the value stands; empty where the class has no place for
// it.
nlohmann::json observable(const char* name, Word type, const std::string& value);

// The rule's severity; Unknown where it is not known.
Word severity_of(const Opening* opening);

// Makes it fit into `bytes_max`: long texts are cut, then members of `unmapped` stand as their digests.
void fit(nlohmann::json& event, size_t bytes_max);

// What each kind of record becomes; each adds to `events` what it has to tell. Of what was found, and how it stands:
void add_finding(const Told& told, std::vector<nlohmann::json>& events);
// Of an attempt, and how it ended:
void add_remediation(const Told& told, std::vector<nlohmann::json>& events);
// Of the engine itself, and of people's words to it:
void add_engine(const Told& told, std::vector<nlohmann::json>& events);

}  // namespace kedge::ocsf
