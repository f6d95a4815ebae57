package dev.cloister.isolate.imports;

import dev.cloister.isolate.host.HostError;

/// What functions return instead of a size or a status: negative numbers, part of the interface.
enum ResultCode {
  /// The capability is not granted.
  DENIED(-1),
  /// There is no value of this name.
  NOT_FOUND(-2),
  /// An argument is wrong.
  INVALID(-3),
  /// A pointer and its length are not within the memory.
  FAULT(-4),
  /// A value, a body or a name is larger than allowed.
  TOO_LARGE(-5),
  /// The tenant has used up what it may store or hold.
  QUOTA(-6),
  /// The policy does not allow this destination.
  FORBIDDEN(-7),
  /// Too many requests.
  RATE_LIMITED(-8),
  /// It took longer than it may.
  TIMEOUT(-9),
  /// The network, the other side or the storage failed.
  FAILED(-10);

  private final int code;

  ResultCode(int code) {
    this.code = code;
  }

  /// The number that the guest gets.
  int code() {
    return code;
  }

  /// The number for a failure of a service.
  static ResultCode of(HostError error) {
    return switch (error) {
      case DENIED -> DENIED;
      case INVALID -> INVALID;
      case TOO_LARGE -> TOO_LARGE;
      case QUOTA -> QUOTA;
      case FORBIDDEN -> FORBIDDEN;
      case RATE_LIMITED -> RATE_LIMITED;
      case TIMEOUT -> TIMEOUT;
      case FAILED -> FAILED;
    };
  }
}
