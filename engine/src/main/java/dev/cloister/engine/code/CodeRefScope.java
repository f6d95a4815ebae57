package dev.cloister.engine.code;

import java.util.ArrayList;
import java.util.List;

/// Keeps code from being freed while somebody works with it (V8 `WasmCodeRefScope`): a log queue, a
/// debugger, whoever takes code out of use while it looks at it.
///
/// Close it without any lock of the engine held. Used by one thread at a time.
public final class CodeRefScope implements AutoCloseable {
  private final List<WasmCode> codes = new ArrayList<>();

  /// Keeps `code` until the scope is closed.
  public void add(WasmCode code) {
    code.acquire();
    codes.add(code);
  }

  /// Lets go of everything. Repeating it does nothing.
  @Override
  public void close() {
    codes.forEach(WasmCode::release);
    codes.clear();
  }
}
