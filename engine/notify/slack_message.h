// A notice as a message for a Slack incoming webhook (docs.slack.dev: Incoming webhooks, Block Kit).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "ledger/values.h"

namespace kedge {

// {"text", "blocks": [header, section, section with fields, context]}, within Slack's limits whatever the notice holds.
// A notice's title is the header, its reason or message a paragraph; who, what, where and how long are fields; the ids
// stand last, so that a repeat after a lost answer is recognised as one.
// Names in it come from whoever caused the event: they are escaped, and Slack is told to make no links of them.
nlohmann::json slack_message(const Notice&);

// & < and > as Slack wants them, cut to at most `bytes_max` bytes (an ellipsis marks a cut), no entity cut in two.
std::string slack_escape(std::string_view text, size_t bytes_max);

}  // namespace kedge
