// kedge-simulate: the engine that ships, in worlds where everything happens at the worst moment.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "tests/simulate/run.h"

namespace kedge {
namespace {

struct Options {
  uint64_t seed = 1;
  uint64_t runs = 1000;
  std::string plant = "none";
  bool on_sqlite = false;
  bool verbose = false;
};

Plant parse_plant(const std::string& name) {
  const auto found = std::find(kPlantNames.begin(), kPlantNames.end(), name);
  return static_cast<Plant>(found - kPlantNames.begin());
}

void print(const Scenario& scenario) {
  for (const Disturbance& one : scenario.disturbances) std::cout << "  " << to_string(one) << '\n';
}

int fail(const Scenario& scenario, const RunReport& report, const Stage& stage, Plant plant) {
  std::cout << "seed " << scenario.seed << " breaks a promise:\n";
  for (const std::string& promise : report.broken) std::cout << "  " << promise << '\n';
  const Scenario small = shrink(scenario, stage, plant);
  std::cout << "with " << small.disturbances.size() << " of " << scenario.disturbances.size() << " disturbances:\n";
  print(small);
  for (const std::string& promise : play(small, stage, plant).broken) std::cout << "  -> " << promise << '\n';
  std::cout << "to see it again: kedge-simulate --seed " << scenario.seed << " --runs 1";
  if (plant != Plant::none) std::cout << " --plant " << to_string(plant);
  if (scenario.on_sqlite) std::cout << " --sqlite";
  std::cout << std::endl;
  return 1;
}

int simulate(const Options& options) {
  const Stage stage;
  const Plant plant = parse_plant(options.plant);
  uint64_t turns = 0, lives = 0, writes = 0, records = 0;
  for (uint64_t seed = options.seed; seed < options.seed + options.runs; ++seed) {
    Scenario scenario = make_scenario_for(plant, seed);
    scenario.on_sqlite |= options.on_sqlite;
    const RunReport report = play(scenario, stage, plant);
    if (options.verbose) {
      std::cout << "seed " << seed << ": " << report.lives << " lives, " << report.writes << " writes, "
                << report.records << " records, " << report.turns << " turns, " << report.journal_digest.substr(0, 12)
                << std::endl;
    }
    if (!report.broken.empty()) return fail(scenario, report, stage, plant);
    turns += report.turns, lives += report.lives, writes += report.writes, records += report.records;
  }
  std::cout << options.runs << " runs from seed " << options.seed << ": all promises kept (" << lives << " lives, "
            << writes << " writes, " << records << " records, " << turns << " turns)" << std::endl;
  return 0;
}

}  // namespace
}  // namespace kedge

int main(int count, char** arguments) {
  spdlog::set_level(spdlog::level::off);
  kedge::Options options;
  CLI::App app("Runs the engine in simulated worlds, each made by a seed, and checks its promises at every step.");
  app.add_option("--seed", options.seed, "of the first run")->capture_default_str();
  app.add_option("--runs", options.runs, "how many; each has the seed after the one before")->capture_default_str();
  app.add_option("--plant", options.plant, "a bug to plant, which the simulation should find")
      ->check(CLI::IsMember(std::vector<std::string>(kedge::kPlantNames.begin(), kedge::kPlantNames.end())))
      ->capture_default_str();
  app.add_flag("--sqlite", options.on_sqlite, "each run's ledger is on SQLite, not only that of one in a hundred");
  app.add_flag("--verbose", options.verbose, "a line for each run");
  CLI11_PARSE(app, count, arguments);
  return kedge::simulate(options);
}
