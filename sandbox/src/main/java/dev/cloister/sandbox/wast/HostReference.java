package dev.cloister.sandbox.wast;

/// An opaque host value that a script hands to a module; two are the same when their numbers are.
///
/// @param identity the number in the script
public record HostReference(long identity) {
  @Override
  public String toString() {
    return "host " + identity;
  }
}
