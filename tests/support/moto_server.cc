#include "tests/support/moto_server.h"

#include <httplib.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

namespace kedge {
namespace {

std::filesystem::path virtual_environment() {
  const char* const other = std::getenv("KEDGE_VENV");
  return other != nullptr ? other : KEDGE_SOURCE_DIR "/build/venv";
}

Result<std::string> program(const std::string& name) {
  const auto venv = virtual_environment();
  if (std::filesystem::exists(venv / "complete")) return (venv / "bin" / name).string();
  return Error{ErrorCode::not_found, "no AWS emulator in " + venv.string() + ": tests/support/moto.sh install"};
}

}  // namespace

Result<std::string> python_with_boto() { return program("python"); }

Result<std::unique_ptr<MotoServer>> MotoServer::start() {
  const auto server = program("moto_server");
  if (!server) return server.error();
  auto process = ChildProcess::start({.command = {*server, "-H", "127.0.0.1", "-p", "0"}});
  if (!process) return process.error();
  const std::string before = "Running on ";
  const auto line = (*process)->wait_for_line(before, std::chrono::seconds(60));
  if (!line) return line.error().with("starting moto");
  auto url = line->substr(line->find(before) + before.size());
  return std::unique_ptr<MotoServer>(new MotoServer(std::move(*process), std::move(url)));
}

int MotoServer::port() const { return std::stoi(url_.substr(url_.rfind(':') + 1)); }

std::map<std::string, std::string> MotoServer::environment() const {
  return {{"AWS_ENDPOINT_URL", url_},  {"AWS_ACCESS_KEY_ID", "test"},       {"AWS_SECRET_ACCESS_KEY", "test"},
          {"AWS_REGION", "us-east-1"}, {"AWS_DEFAULT_REGION", "us-east-1"}, {"AWS_EC2_METADATA_DISABLED", "true"}};
}

Result<void> MotoServer::reset() { return post("/moto-api/reset", ""); }

Result<void> MotoServer::check_requests(bool on) { return post("/moto-api/reset-auth", on ? "0" : "inf"); }

Result<void> MotoServer::post(const std::string& path, const std::string& body) {
  httplib::Client client(url_);
  const auto answer = client.Post(path, body, "text/plain");
  if (answer && answer->status == 200) return {};
  return Error{ErrorCode::unavailable,
               "POST " + path + ": " + (answer ? std::to_string(answer->status) : httplib::to_string(answer.error()))};
}

}  // namespace kedge
