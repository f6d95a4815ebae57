package dev.cloister.engine.debug;

import dev.cloister.engine.module.ModuleHash;
import java.util.concurrent.atomic.LongAdder;

/// A place of a module at which the guests of one isolate pause. Safe to use by any thread.
public final class Breakpoint {
  private final int id;
  private final ModuleHash module;
  private final int offset;
  private final BreakCondition condition;
  private final LongAdder hits = new LongAdder();

  Breakpoint(int id, ModuleHash module, int offset, BreakCondition condition) {
    this.id = id;
    this.module = module;
    this.offset = offset;
    this.condition = condition;
  }

  /// {@return its number, unique in the isolate}
  public int id() {
    return id;
  }

  /// {@return the digest of the module that it is in}
  public ModuleHash module() {
    return module;
  }

  /// {@return module offset of the instruction before which guests pause}
  public int offset() {
    return offset;
  }

  /// {@return how often guests reached it and its condition held}
  public long hits() {
    return hits.sum();
  }

  /// {@return whether a guest pauses here, which is counted}
  boolean isHit(PausedFrame frame) {
    if (!condition.holds(frame)) {
      return false;
    }
    hits.increment();
    return true;
  }

  @Override
  public String toString() {
    return "breakpoint " + id + " at " + module.hex() + " @+" + offset;
  }
}
