package dev.cloister.isolate.egress;

import dev.cloister.isolate.host.HostError;
import org.jspecify.annotations.Nullable;

/// A request of a guest, or one hop of it, as it ended. It has neither path nor query, fields or
/// bodies, which may be secret.
///
/// @param method the method
/// @param scheme `http` or `https`; empty if the URL was invalid
/// @param host where to; empty if the URL was invalid
/// @param port where to; 0 if the URL was invalid
/// @param decision what became of it
/// @param status the status of the answer, 0 without one
/// @param requestBytes bytes of the body that was sent
/// @param responseBytes bytes of the body that was received
/// @param millis how long it took
/// @param error why there is no answer, or null
/// @param detail the same in words, or null
public record EgressRecord(
    String method,
    String scheme,
    String host,
    int port,
    EgressDecision decision,
    int status,
    long requestBytes,
    long responseBytes,
    long millis,
    @Nullable HostError error,
    @Nullable String detail) {}
