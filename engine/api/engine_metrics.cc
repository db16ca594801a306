#include "api/engine_metrics.h"

namespace kedge {

void write_metrics(MetricsWriter& writer, const Committer& committer) {
  const Committer::Figures figures = committer.figures();
  writer.counter("kedge_ledger_commits_total", "Groups of changes, each written with one sync",
                 static_cast<double>(figures.groups));
  writer.counter("kedge_ledger_changes_total", "Changes that the ledger was asked for",
                 static_cast<double>(figures.changes));
  writer.counter("kedge_ledger_commit_seconds_total", "Time spent in writing, syncs included",
                 static_cast<double>(figures.micros) / 1e6);
  writer.gauge("kedge_ledger_journal_head", "The number of the last durable record",
               static_cast<double>(committer.head()));
  writer.gauge("kedge_ledger_no_room", "1 while the ledger's disk is full or read-only", committer.no_room() ? 1 : 0);
  writer.gauge("kedge_ledger_failed", "1 since the ledger failed for good", committer.failed() ? 1 : 0);
}

void write_metrics(MetricsWriter& writer, const Executor::Figures& figures) {
  writer.gauge("kedge_remediations_open", "Remediations that the executor has in hand",
               static_cast<double>(figures.open));
  writer.gauge("kedge_remediations_running", "Turns of remediations that run now",
               static_cast<double>(figures.running));
  writer.gauge("kedge_remediations_waiting", "Remediations that wait for a timer",
               static_cast<double>(figures.waiting));
  writer.counter("kedge_turns_total", "Turns: an observation, an attempt or a confirmation each",
                 static_cast<double>(figures.turns));
  writer.counter("kedge_attempts_total", "Attempts of steps that were made durable",
                 static_cast<double>(figures.attempts));
  writer.counter("kedge_writes_total", "Calls that were sent to change the world", static_cast<double>(figures.writes));
  writer.gauge("kedge_breakers_open", "Endpoints that are not called, because what was called there failed",
               static_cast<double>(figures.open_breakers.size()));
  for (const OpenBreaker& one : figures.open_breakers) {
    writer.gauge("kedge_breaker_open", "1 for each of them, open or half-open", 1, {{"endpoint", one.endpoint}});
  }
  writer.counter("kedge_breakers_opened_total", "How often an endpoint's breaker has opened",
                 static_cast<double>(figures.breakers_opened));
}

void write_metrics(MetricsWriter& writer, const Reconciler::Figures& figures) {
  writer.gauge("kedge_reconcile_claims", "Claims that the last full round went through",
               static_cast<double>(figures.claims));
  if (figures.round_at) {
    writer.gauge("kedge_reconcile_last_round_timestamp_seconds", "When the last full round ended",
                 static_cast<double>(figures.round_at->time_since_epoch().count()) / 1e6);
  }
  writer.counter("kedge_reconcile_observed_total", "Claims looked at", static_cast<double>(figures.observed));
  writer.counter("kedge_reconcile_drifted_total", "Of them, no longer as they were confirmed",
                 static_cast<double>(figures.drifted));
  writer.counter("kedge_reconcile_unobserved_total", "Of them, those of which it could not be told",
                 static_cast<double>(figures.unobserved));
  writer.counter("kedge_reconcile_findings_total", "Remediations that came of it",
                 static_cast<double>(figures.findings));
  writer.counter("kedge_reconcile_passed_over_total",
                 "Claims that were not looked at in a round, as their endpoint did not keep up",
                 static_cast<double>(figures.passed_over));
}

}  // namespace kedge
