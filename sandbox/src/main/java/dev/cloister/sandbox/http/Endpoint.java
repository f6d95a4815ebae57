package dev.cloister.sandbox.http;

/// What a route does with a request that was admitted. Called on the event loop with the request
/// paused; must not block.
@FunctionalInterface
interface Endpoint {

  /// Handles the request and answers it, now or later.
  ///
  /// @throws dev.cloister.sandbox.problem.ApiException if it is to be answered with a problem
  void handle(Exchange exchange);
}
