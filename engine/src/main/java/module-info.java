/// The Cloister engine: WebAssembly modules compiled to JVM bytecode, shared by isolates.
///
/// Exported are the facade, what describes a module and what runs it; everything else is internal.
module dev.cloister.engine {
  requires java.management;
  requires jdk.jfr;
  requires org.objectweb.asm;
  requires static jdk.incubator.vector;
  requires static transitive com.google.errorprone.annotations;
  requires static transitive org.jspecify;

  exports dev.cloister.engine;
  exports dev.cloister.engine.bytecode;
  exports dev.cloister.engine.debug;
  exports dev.cloister.engine.debug.gdb;
  exports dev.cloister.engine.error;
  exports dev.cloister.engine.feature;
  exports dev.cloister.engine.logging;
  exports dev.cloister.engine.module;
  exports dev.cloister.engine.persist;
  exports dev.cloister.engine.runtime;
  exports dev.cloister.engine.runtime.intrinsic;
  exports dev.cloister.engine.script;
  exports dev.cloister.engine.snapshot;
  exports dev.cloister.engine.stats;
  exports dev.cloister.engine.types;
}
