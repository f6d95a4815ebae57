package dev.cloister.isolate.abi;

/// A value has a type that cannot cross the plain ABI: a vector, or a reference that is not null.
public final class UnsupportedTypeException extends RuntimeException {
  public UnsupportedTypeException(String message) {
    super(message);
  }
}
