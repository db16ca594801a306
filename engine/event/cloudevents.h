// CloudEvents 1.0: the JSON format, and the Kafka protocol binding. Private to this room.
//   https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
#pragma once

#include <span>
#include <string_view>

#include "event/decoder.h"
#include "event/envelope.h"

namespace kedge {

// How a Kafka message carries its CloudEvent, by its headers alone.
enum class CloudEventMode {
  none,        // the headers tell of no CloudEvent
  structured,  // content-type is application/cloudevents+json: the value is the whole event
  binary,      // ce_… headers are the attributes, the value is the data
  unreadable,  // a batch, or another format than JSON
};
CloudEventMode cloudevent_mode(std::span<const MessageHeader>);

// The value of a header, by its name in any case; empty when there is none.
std::string_view header(std::span<const MessageHeader>, std::string_view name);

// True for application/json and all that ends with +json, with any parameters; and for none given.
bool is_json_type(std::string_view content_type);

// The view, without its data.
Event cloudevent(const Members&, TextArena&);
Event cloudevent(std::span<const MessageHeader>, TextArena&);

}  // namespace kedge
