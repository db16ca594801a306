// What a receiver's answer to a notice means. One table for all channels that speak HTTP.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "http/http.h"
#include "notify/notifier.h"

namespace kedge {

//   2xx                                delivered
//   404, 410                           disabled: the address itself is gone
//   408, 425, 429, 5xx                 retry, after Retry-After where it is given
//   3xx                                permanent: a notice goes where the configuration says, and nowhere else
//   any other                          permanent
//   no answer                          retry; permanent where the request cannot be sent at all
//
// The error names the status and the remedy, and repeats nothing of the answer's body: servers echo addresses, and an
// address can be a secret.
Delivery delivery_of(const Result<HttpResponse>& answer, Time now);

}  // namespace kedge
