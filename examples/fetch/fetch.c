// An Extism plug-in: `fetch` sends a GET request to the URL that is its input, and answers the body.
// It needs the capability `http`, and the tenant's policy has to allow the host. Built by ./build.

#include "extism.h"

#define MAX_URL 2048

static char request[MAX_URL + 16];

static int fail(const char* message) {
  extism_error_set(extism_text(message));
  return 1;
}

EXTISM_EXPORT("fetch") int fetch(void) {
  uint64_t length = extism_input_length();
  if (length > MAX_URL) {
    return fail("the URL is longer than 2048 bytes");
  }
  __builtin_memcpy(request, "{\"url\":\"", 8);
  extism_read_input(request + 8, length);
  for (uint64_t i = 0; i < length; i++) {
    if (request[8 + i] == '"' || request[8 + i] == '\\') {
      return fail("the URL has a quote or a backslash");
    }
  }
  __builtin_memcpy(request + 8 + length, "\"}", 2);
  extism_block body = extism_http_request(extism_block_of(request, length + 10), 0);
  if (extism_http_status_code() != 200) {
    return fail("the other side did not answer with 200");
  }
  extism_output_set(body, extism_length(body));
  return 0;
}
