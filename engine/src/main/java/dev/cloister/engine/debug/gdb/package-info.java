/// A stub of the gdb remote protocol with LLDB's packets for WebAssembly, over the engine's
/// debugger.
///
/// [dev.cloister.engine.debug.gdb.GdbServer] listens on the loopback interface only. Packets and
/// their meaning are those of V8's stub; unlike there, memory can be written.
@NullMarked
package dev.cloister.engine.debug.gdb;

import org.jspecify.annotations.NullMarked;
