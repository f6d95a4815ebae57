package dev.cloister.sandbox.registry;

import dev.cloister.isolate.host.HostError;
import dev.cloister.isolate.host.HostServiceException;

/// A value of the key-value store that is not what was stored, or cannot be read. Setting the key
/// again puts it right.
public final class DamagedValueException extends HostServiceException {
  private static final long serialVersionUID = 1L;

  DamagedValueException() {
    super(HostError.FAILED, "what is stored is damaged; setting the key again repairs a value");
  }
}
