package dev.cloister.isolate.host;

/// Sends requests of guests to where the tenant's policy allows. Any thread.
@FunctionalInterface
public interface OutboundHttp {
  /// Nothing is allowed.
  OutboundHttp NONE =
      (request, _) -> {
        throw new HostServiceException(
            HostError.FORBIDDEN, "requests to " + request.uri().getHost() + " are not allowed");
      };

  /// Sends `request` and waits for all of the answer; a status that is not 2xx is an answer like
  /// any other. On the guest's thread, whose place goes to another guest meanwhile. Ends early if
  /// the call is stopped.
  ///
  /// @return the answer, to be closed
  /// @throws HostServiceException if there is none
  /// @throws dev.cloister.engine.error.StoppedException if the call is to end
  OutboundResponse send(OutboundRequest request, HostCall call);
}
