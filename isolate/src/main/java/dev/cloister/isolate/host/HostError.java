package dev.cloister.isolate.host;

/// Why a service of the host did not do what a guest asked for.
public enum HostError {
  /// The capability is not granted.
  DENIED,
  /// An argument is wrong: a key, a URL, a header.
  INVALID,
  /// A value, a body or a list is larger than allowed.
  TOO_LARGE,
  /// The tenant has used up what it may store or hold.
  QUOTA,
  /// The policy does not allow this destination.
  FORBIDDEN,
  /// Too many requests within the last second.
  RATE_LIMITED,
  /// It took longer than it may.
  TIMEOUT,
  /// The other side cannot be reached or does not speak the protocol, or storage failed.
  FAILED
}
