// One HTTP request of a test, sent on as it is.
#pragma once

#include <string>

#include "tests/support/http_receiver.h"

namespace kedge {

// Sends the request to the server at `url` ("http://127.0.0.1:PORT"), its headers unchanged; status 0: nobody answered.
// Any thread.
HttpReceiver::Answer send_to(const std::string& url, const HttpReceiver::Request& request);

}  // namespace kedge
