#include "base/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <string>

#include "base/json.h"

namespace kedge {
namespace {

// The message as a JSON string, so that a line stays one object whatever it says.
class JsonMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string text = Json(std::string(message.payload.data(), message.payload.size()))
                                 .dump(-1, ' ', false, Json::error_handler_t::replace);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<JsonMessage>(); }
};

}  // namespace

Result<void> configure_logging(LogFormat format, std::string_view level) {
  constexpr std::array<std::string_view, 5> kLevels = {"trace", "debug", "info", "warn", "error"};
  const auto* const found = std::find(kLevels.begin(), kLevels.end(), level);
  if (found == kLevels.end()) {
    return Error{ErrorCode::invalid,
                 "'" + std::string(level) + "' is not a log level: trace, debug, info, warn, error"};
  }
  spdlog::drop("kedge");  // of an earlier call
  auto logger = spdlog::stderr_color_mt("kedge");
  if (format == LogFormat::json) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    formatter->add_flag<JsonMessage>('*').set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l","message":%*})");
    logger->set_formatter(std::move(formatter));
  } else {
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v",
                                                                      spdlog::pattern_time_type::utc));
  }
  logger->set_level(static_cast<spdlog::level::level_enum>(found - kLevels.begin()));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  return {};
}

}  // namespace kedge
