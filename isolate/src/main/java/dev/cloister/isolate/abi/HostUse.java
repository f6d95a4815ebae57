package dev.cloister.isolate.abi;

import dev.cloister.engine.runtime.Extern;
import dev.cloister.engine.runtime.HostFunction;
import org.jspecify.annotations.Nullable;

/// What an instance asks of its host while it is initialized, to tell whether others may begin
/// where it ended.
///
/// Whatever it calls counts: a moment, a random number, a line of a log would all be in the image,
/// or missing from it. Functions of the host that have no effect, and answer all instances of a
/// plugin's version alike, are not handed in. Confined to the instance's thread.
public final class HostUse {
  private boolean isOver;
  private @Nullable String obstacle;

  /// Begins to note.
  public HostUse() {}

  /// What the guest is to import in place of `found`.
  Extern observe(String moduleName, String name, Extern found) {
    String what = moduleName + "." + name;
    if (found instanceof HostFunction function) {
      return function.preceded(() -> note("the initialization calls " + what));
    }
    note("the import " + what + " is no function of the host");
    return found;
  }

  /// Ends: what the guest asks from now on is its own business.
  ///
  /// @return why nobody may begin where the instance is now, in words; null if all may
  public @Nullable String end() {
    isOver = true;
    return obstacle;
  }

  private void note(String what) {
    if (!isOver && obstacle == null) {
      obstacle = what;
    }
  }
}
