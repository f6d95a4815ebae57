package dev.cloister.isolate.host;

/// A service of the host refused or failed. The guest is told, and goes on.
public class HostServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final HostError error;

  /// @param error what kind of failure
  /// @param message what, where, the actual and the allowed value; a guest and its tenant may read
  ///   it
  public HostServiceException(HostError error, String message) {
    super(message, null, /* enableSuppression= */ false, /* writableStackTrace= */ false);
    this.error = error;
  }

  /// A capability that is not granted.
  static HostServiceException denied(Capability capability) {
    return new HostServiceException(
        HostError.DENIED, "the plugin has no capability \"" + capability + "\"");
  }

  /// What kind of failure it is.
  public final HostError error() {
    return error;
  }
}
