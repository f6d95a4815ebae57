package dev.cloister.engine.runtime;

/// Decides for an isolate whether its instances run debuggable code.
///
/// A [Store] looks at it when it is called from outside, so that instances change their code only
/// where nothing of theirs runs.
public interface DebugControl {
  /// {@return a number that changes whenever the instances are to be looked at again; 0 as long as
  /// nobody ever debugged the isolate} Any thread; one volatile read.
  int epoch();

  /// Lets an instance run the code that it is to run now. On the thread of its store, while none of
  /// its code runs.
  ///
  /// @param linkage what the instance was made from
  /// @param isNew whether the instance has just been made
  void arrange(Instance instance, CodeLinkage linkage, boolean isNew);

  /// Notes that the outermost call of a store ended that has a [Store#debugState].
  void callEnded(Store store);
}
