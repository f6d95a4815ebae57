package dev.cloister.isolate.abi;

import dev.cloister.engine.ModuleHandle;
import dev.cloister.engine.runtime.InstanceImage;
import dev.cloister.engine.snapshot.SnapshotException;

/// How programs of one calling convention are made.
///
/// @param <P> what the convention makes of a module
@FunctionalInterface
public interface ProgramLinker<P extends Program> {
  /// Links `module` in the context's store, and runs its segments, its start function and what else
  /// has to run once. On the thread that will call it, inside the first call.
  ///
  /// Throws what ends the guest: the engine's `WasmException` family, and whatever host functions
  /// throw. What was opened by then is closed.
  P link(ModuleHandle module, InstanceContext context);

  /// Links `module` again for a program that hibernated; nothing of the guest runs.
  ///
  /// @param image what the program's sole instance begins with
  /// @param hostState what [Program#hostState()] was
  /// @throws SnapshotException if programs of this kind do not hibernate, or the image is faulty
  default P wake(
      ModuleHandle module, InstanceContext context, InstanceImage image, byte[] hostState) {
    throw new SnapshotException("programs of this kind do not hibernate");
  }
}
