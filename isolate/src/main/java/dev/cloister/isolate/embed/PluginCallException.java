package dev.cloister.isolate.embed;

import dev.cloister.isolate.verticle.InvocationResult;

/// A call of a plugin that did not succeed.
public final class PluginCallException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // nobody serializes it
  private final InvocationResult result;

  PluginCallException(InvocationResult result) {
    super(result.outcome() + ": " + result);
    this.result = result;
  }

  /// How the call ended: a trap, a limit, an error of the plugin …
  public InvocationResult result() {
    return result;
  }
}
