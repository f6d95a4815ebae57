package dev.cloister.engine.runtime;

import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.types.DefinedType;
import org.jspecify.annotations.Nullable;

/// What an instance needs of the compiled module that it was made from.
///
/// Implemented by the owner of compiled code; immutable as seen from here, shared by all instances
/// of the module, and safe to use by any thread.
@CalledByGeneratedCode
public interface CodeLinkage extends FrameResolver {
  /// {@return the module}
  WasmModule module();

  /// {@return where the module's own globals live, and which names it exports}
  InstanceLayout layout();

  /// {@return what every instance of the module begins with}
  InstancePlan instancePlan();

  /// {@return where memories of instances get their arrays from, and where they leave them}
  MemoryPool memoryPool();

  /// {@return the switch by which running code of the module is stopped}
  @CalledByGeneratedCode
  StopSite stopSite();

  /// {@return whether memories that the module's code accesses may have spare capacity}
  @CalledByGeneratedCode
  CapacitySite capacitySite();

  /// {@return the canonical ids of the module's types, by type index}
  @CalledByGeneratedCode
  int[] typeIds();

  /// {@return the module's types, by type index}
  @CalledByGeneratedCode
  DefinedType[] types();

  /// {@return an object of one of the module's structure types, with default values}
  WasmStruct newStruct(int typeIndex, GcHeap heap);

  /// {@return a new instance, not yet linked, that runs the module's current code image, or one
  /// that polls if it is in quarantine}
  ///
  /// @param user whom the instance is for; null if nobody is to be told apart
  Instance newInstance(Store store, @Nullable CodeUser user);

  /// Lets an instance run the image that it is to run now. On the thread that runs its store, while
  /// no guest code is running in it.
  void follow(Instance instance);

  /// {@return the value of a global that is a field of its instance, boxed as in [FuncRef#call]}
  /// For debuggers; slow.
  @Nullable Object globalField(Instance instance, int index);

  /// Replaces the value of a global that is a field of its instance. For debuggers; slow.
  ///
  /// @param value one of the global's type
  void setGlobalField(Instance instance, int index, @Nullable Object value);

  /// {@return a reference by which instances of this module call `function`}
  ///
  /// @param functionIndex the import that it is
  FuncRef reference(HostFunction function, int functionIndex);

  /// {@return the shape ordinal and the position in that shape's dispatch table of an own function
  /// that can become a reference, as `shape << 32 | ordinal`}
  long dispatchPosition(int functionIndex);
}
