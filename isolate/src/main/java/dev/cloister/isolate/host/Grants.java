package dev.cloister.isolate.host;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// The capabilities that somebody has; whatever is not in it is denied. Immutable.
public final class Grants {
  /// Nothing but computing.
  public static final Grants NONE = new Grants(new TreeSet<>());

  /// What WASI programs take for granted: clocks, random bytes, files in memory.
  public static final Grants BASIC = of(Capability.CLOCK, Capability.RANDOM, Capability.FILESYSTEM);

  private final SortedSet<Capability> capabilities;

  private Grants(SortedSet<Capability> capabilities) {
    this.capabilities = Collections.unmodifiableSortedSet(capabilities);
  }

  /// Exactly these capabilities.
  public static Grants of(Capability... capabilities) {
    return of(List.of(capabilities));
  }

  /// Exactly these capabilities.
  public static Grants of(Collection<Capability> capabilities) {
    return capabilities.isEmpty() ? NONE : new Grants(new TreeSet<>(capabilities));
  }

  /// Whether `capability` is granted.
  public boolean allows(Capability capability) {
    return capabilities.contains(capability);
  }

  /// Whether all of `needed` is granted.
  public boolean allowsAll(Collection<Capability> needed) {
    return needed.isEmpty() || capabilities.containsAll(needed);
  }

  /// What is granted, by name.
  public SortedSet<Capability> capabilities() {
    return capabilities;
  }

  /// What is granted here and there.
  public Grants and(Grants other) {
    SortedSet<Capability> both = new TreeSet<>(capabilities);
    both.retainAll(other.capabilities);
    return of(both);
  }

  /// What of `needed` is not granted, by name.
  public SortedSet<Capability> missing(Collection<Capability> needed) {
    SortedSet<Capability> missing = new TreeSet<>(needed);
    missing.removeAll(capabilities);
    return missing;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Grants grants && capabilities.equals(grants.capabilities);
  }

  @Override
  public int hashCode() {
    return capabilities.hashCode();
  }

  @Override
  public String toString() {
    return capabilities.toString();
  }
}
