// The figures of the rooms that this one knows, as metrics.
#pragma once

#include "api/metrics.h"
#include "ledger/committer.h"
#include "remediate/executor.h"
#include "remediate/reconciler.h"

namespace kedge {

void write_metrics(MetricsWriter&, const Committer&);
void write_metrics(MetricsWriter&, const Executor::Figures&);
void write_metrics(MetricsWriter&, const Reconciler::Figures&);

}  // namespace kedge
