package dev.cloister.engine.debug.gdb;

import dev.cloister.engine.bytecode.InstructionReader;
import dev.cloister.engine.bytecode.Opcode;
import dev.cloister.engine.debug.BreakCondition;
import dev.cloister.engine.debug.Breakpoint;
import dev.cloister.engine.debug.DebugModule;
import dev.cloister.engine.debug.Debugger;
import dev.cloister.engine.debug.PauseReason;
import dev.cloister.engine.debug.PausedFrame;
import dev.cloister.engine.debug.PausedGuest;
import dev.cloister.engine.debug.StepKind;
import dev.cloister.engine.error.LimitExceededException;
import dev.cloister.engine.module.WasmModule;
import dev.cloister.engine.module.WireBytes;
import dev.cloister.engine.runtime.V128;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What packets of a debugger mean for the guests of all isolates that are being debugged.
///
/// The debugger sees one process with one thread: a guest that pauses, the others being reported
/// one after the other when it goes on. If none pauses, the thread has no frames. An address is the
/// number of a module in the high 32 bits with an offset in the module in the low ones, or, with 0
/// there, an address in memory 0 of the instance whose function is innermost. Confined to the
/// session's thread.
final class GdbTarget {
  private static final String THREAD = "1";
  private static final int SIGNAL_INTERRUPT = 2;
  private static final int SIGNAL_TRAP = 5;
  private static final int MAX_BYTES = PacketReader.MAX_CHARACTERS / 2;

  private static final String BAD_FORMAT = "E01";
  private static final String BAD_ARGUMENT = "E02";
  private static final String FAILED = "E03";

  private static final String REGISTER_PC =
      "name:pc;alt-name:pc;bitsize:64;offset:0;encoding:uint;format:hex;"
          + "set:General Purpose Registers;gcc:16;dwarf:16;generic:pc;";

  private static final String TRIPLE = "wasm32-unknown-unknown-wasm";

  private final Supplier<List<Debugger>> debuggers;

  /// The breakpoints that the debugger set, by address.
  private final Map<Long, List<Owned>> breakpoints = new HashMap<>();

  private @Nullable PausedGuest guest;
  private boolean running;
  private String libraries = "";
  private String reportedLibraries = "";

  private record Owned(Debugger debugger, Breakpoint breakpoint) {}

  /// @param debuggers gives those of the isolates that are being debugged
  GdbTarget(Supplier<List<Debugger>> debuggers) {
    this.debuggers = debuggers;
    this.guest = firstPaused();
  }

  private @Nullable PausedGuest firstPaused() {
    return debuggers.get().stream()
        .flatMap(debugger -> debugger.paused().stream())
        .findFirst()
        .orElse(null);
  }

  /// {@return whether a guest pauses, of which the debugger may know already} Called while the
  /// debugger does not wait for one.
  boolean hasGuest() {
    PausedGuest known = guest;
    if (known == null || !known.isPaused()) {
      guest = firstPaused();
    }
    return guest != null;
  }

  /// {@return whether the debugger waits for a guest to pause}
  boolean isRunning() {
    return running;
  }

  /// {@return what to tell the debugger that waits if a guest pauses, else null}
  @Nullable String stopReply() {
    PausedGuest paused = firstPaused();
    if (!running || paused == null) {
      return null;
    }
    running = false;
    guest = paused;
    return stop();
  }

  /// Lets the next guest that reaches a position pause.
  void interrupt() {
    debuggers.get().forEach(Debugger::requestPause);
  }

  /// Stops waiting for a guest, since none runs.
  ///
  /// @return what to tell the debugger
  String stopWithoutGuest() {
    debuggers.get().forEach(Debugger::cancelPause);
    running = false;
    guest = null;
    return stop();
  }

  /// Removes all breakpoints and lets the guest go on.
  void detach() {
    breakpoints.values().forEach(all -> all.forEach(o -> o.debugger.remove(o.breakpoint)));
    breakpoints.clear();
    for (Debugger debugger : debuggers.get()) {
      debugger.cancelPause();
      debugger.paused().forEach(GdbTarget::letGo);
    }
    guest = null;
    running = true;
  }

  private static void letGo(PausedGuest paused) {
    try {
      paused.resume();
    } catch (IllegalStateException _) {
      // It has ended meanwhile.
    }
  }

  /// Does what a packet asks for.
  ///
  /// @return the answer, empty if the packet is not known; null if the answer comes when a guest
  ///   pauses
  @Nullable String handle(String packet) {
    if (packet.isEmpty()) {
      return "";
    }
    String rest = packet.substring(1);
    try {
      return switch (packet.charAt(0)) {
        case '?' -> stop();
        case 'c' -> resume(/* step= */ null);
        case 's' -> resume(StepKind.INTO);
        case 'g', 'p' -> packet.charAt(0) == 'p' && number(rest) != 0 ? BAD_ARGUMENT : pcBytes();
        case 'G', 'P' -> FAILED; // Where a guest goes on cannot be chosen.
        case 'H' -> "OK";
        case 'T' -> number(rest) == 1 ? "OK" : BAD_ARGUMENT;
        case 'k' -> kill();
        case 'm' -> readMemory(rest);
        case 'M' -> writeMemory(rest);
        case 'Z' -> setBreakpoint(rest);
        case 'z' -> removeBreakpoint(rest);
        case 'q' -> query(rest);
        default -> "";
      };
    } catch (IllegalArgumentException _) {
      return BAD_FORMAT;
    } catch (IndexOutOfBoundsException _) {
      return BAD_ARGUMENT;
    } catch (IllegalStateException | LimitExceededException _) {
      return FAILED;
    }
  }

  // Stops.

  private String stop() {
    PausedGuest paused = guest;
    StringBuilder reply = new StringBuilder("T");
    if (paused == null) {
      reply.append(hex2(SIGNAL_INTERRUPT));
    } else {
      boolean wasAsked = paused.reason() == PauseReason.REQUEST;
      reply.append(hex2(wasAsked ? SIGNAL_INTERRUPT : SIGNAL_TRAP));
      reply.append("thread-pcs:").append(Long.toHexString(pc())).append(';');
    }
    reply.append("thread:").append(THREAD).append(';');
    if (paused != null) {
      switch (paused.reason()) {
        case BREAKPOINT -> reply.append("reason:breakpoint;");
        case STEP -> reply.append("reason:trace;");
        case ENTRY, REQUEST -> {}
      }
    }
    if (!libraries().equals(reportedLibraries)) {
      reportedLibraries = libraries;
      reply.append("library:;");
    }
    return reply.toString();
  }

  private static String hex2(int number) {
    return PacketText.hex(new byte[] {(byte) number});
  }

  private @Nullable String resume(@Nullable StepKind step) {
    running = true;
    PausedGuest paused = guest;
    guest = null;
    if (paused != null && paused.isPaused()) {
      if (step == null) {
        letGo(paused);
      } else {
        paused.step(step);
      }
    }
    return null;
  }

  private String kill() {
    PausedGuest paused = guest;
    if (paused != null && paused.isPaused()) {
      paused.terminate();
    }
    guest = null;
    return "X09";
  }

  // Values.

  private PausedFrame frame(int index) {
    PausedGuest paused = guest;
    if (paused == null) {
      throw new IllegalStateException("no guest pauses");
    }
    return paused.frame(index);
  }

  /*
   * The debugger expects return addresses in the frames of callers: it looks up the line of the
   * byte before, and sets a breakpoint there to step out. And it takes a stop for that of a
   * breakpoint only if it is where it set it, which need not be where an instruction begins.
   */
  private long address(PausedFrame frame) {
    DebugModule module = frame.module();
    long base = (long) module.id() << 32;
    int offset = frame.offset();
    if (frame.index() > 0) {
      WasmModule code = module.module();
      InstructionReader reader = code.instructions(offset, code.bodyEnd(frame.functionIndex()));
      Opcode _ = reader.next();
      return base | reader.position();
    }
    if (breakpoints.containsKey(base | offset)) {
      return base | offset;
    }
    for (Map.Entry<Long, List<Owned>> entry : breakpoints.entrySet()) {
      boolean isHere =
          moduleOf(entry.getKey()) == module.id()
              && entry.getValue().stream().anyMatch(o -> o.breakpoint.offset() == offset);
      if (isHere) {
        return entry.getKey();
      }
    }
    return base | offset;
  }

  private long pc() {
    PausedGuest paused = guest;
    return paused == null || !paused.isPaused() ? 0 : address(frame(0));
  }

  private String pcBytes() {
    return PacketText.hex(PacketText.littleEndian(pc(), 8));
  }

  private String callStack() {
    PausedGuest paused = guest;
    if (paused == null) {
      return FAILED;
    }
    StringBuilder addresses = new StringBuilder();
    for (PausedFrame frame : paused.frames(0, PausedGuest.MAX_FRAMES)) {
      addresses.append(PacketText.hex(PacketText.littleEndian(address(frame), 8)));
    }
    return addresses.toString();
  }

  private static String value(@Nullable Object value) {
    return switch (value) {
      case Integer number -> PacketText.hex(PacketText.littleEndian(number, 4));
      case Long number -> PacketText.hex(PacketText.littleEndian(number, 8));
      case Float number ->
          PacketText.hex(PacketText.littleEndian(Float.floatToRawIntBits(number), 4));
      case Double number ->
          PacketText.hex(PacketText.littleEndian(Double.doubleToRawLongBits(number), 8));
      case V128(long low, long high) ->
          PacketText.hex(PacketText.littleEndian(low, 8))
              + PacketText.hex(PacketText.littleEndian(high, 8));
      case null, default -> FAILED; // References have no bytes.
    };
  }

  // Memory.

  private @Nullable DebugModule module(long id) {
    return debuggers.get().stream()
        .flatMap(debugger -> debugger.modules().stream())
        .filter(module -> module.id() == id)
        .findFirst()
        .orElse(null);
  }

  /// {@return the number of the module in an address, 0 standing for memory} The two highest bits,
  /// by which some debuggers mark code, do not count.
  private static long moduleOf(long address) {
    return address >>> 32 & 0x3FFF_FFFF;
  }

  private String readMemory(String arguments) {
    String[] parts = parts(arguments, ",", 2);
    long address = number(parts[0]);
    long length = number(parts[1]);
    if (length < 0 || length > MAX_BYTES) {
      return BAD_ARGUMENT;
    }
    long offset = address & 0xFFFF_FFFFL;
    if (moduleOf(address) == 0) {
      return readMemory(frame(0), offset, length);
    }
    DebugModule module = module(moduleOf(address));
    if (module == null) {
      return BAD_ARGUMENT;
    }
    WireBytes bytes = module.module().wireBytes();
    int there = (int) Math.min(length, bytes.size() - offset);
    return there <= 0 ? BAD_ARGUMENT : PacketText.hex(bytes.copy((int) offset, there));
  }

  private static String readMemory(PausedFrame frame, long address, long length) {
    long there = Math.min(length, frame.memorySizeBytes(0) - address);
    return there <= 0 ? BAD_ARGUMENT : PacketText.hex(frame.readMemory(0, address, (int) there));
  }

  private String writeMemory(String arguments) {
    String[] parts = parts(arguments, "[,:]", 3);
    byte[] bytes = PacketText.bytes(parts[2]);
    if (number(parts[1]) != bytes.length) {
      return BAD_FORMAT;
    }
    if (moduleOf(number(parts[0])) != 0) {
      return FAILED; // Code does not change.
    }
    frame(0).writeMemory(0, number(parts[0]), bytes);
    return "OK";
  }

  /// Memory 0 of the innermost instance of a module on the stack.
  private String moduleMemory(String[] parts) {
    long id = Integer.parseUnsignedInt(parts[1]);
    long length = number(parts[3]);
    PausedGuest paused = guest;
    if (paused == null || length < 0 || length > MAX_BYTES) {
      return BAD_ARGUMENT;
    }
    for (PausedFrame frame : paused.frames(0, PausedGuest.MAX_FRAMES)) {
      if (frame.module().id() == id) {
        return readMemory(frame, number(parts[2]), length);
      }
    }
    return BAD_ARGUMENT;
  }

  // Breakpoints.

  private String setBreakpoint(String arguments) {
    String[] parts = parts(arguments, ",", 3);
    if (!parts[0].equals("0")) {
      return ""; // Neither breakpoints of the hardware nor watchpoints.
    }
    long address = number(parts[1]);
    DebugModule module = module(moduleOf(address));
    if (module == null || breakpoints.containsKey(address)) {
      return module == null ? BAD_ARGUMENT : "OK";
    }
    Debugger owner = ownerOf(module);
    Breakpoint set = module.setBreakpoint(address & 0xFFFF_FFFFL, BreakCondition.NONE);
    breakpoints.computeIfAbsent(address, _ -> new ArrayList<>()).add(new Owned(owner, set));
    return "OK";
  }

  private Debugger ownerOf(DebugModule module) {
    for (Debugger debugger : debuggers.get()) {
      if (debugger.modules().contains(module)) {
        return debugger;
      }
    }
    throw new IllegalStateException("the module was let go");
  }

  private String removeBreakpoint(String arguments) {
    String[] parts = parts(arguments, ",", 3);
    if (!parts[0].equals("0")) {
      return "";
    }
    List<Owned> removed = breakpoints.remove(number(parts[1]));
    if (removed == null) {
      return BAD_ARGUMENT;
    }
    removed.forEach(owned -> owned.debugger.remove(owned.breakpoint));
    return "OK";
  }

  // Queries.

  private String query(String text) {
    String[] parts = text.split("[:;]", -1);
    return switch (parts[0]) {
      case "Supported" ->
          "PacketSize="
              + Integer.toHexString(PacketReader.MAX_CHARACTERS)
              + ";vContSupported-;QStartNoAckMode+;qXfer:libraries:read+;wasm+;";
      case "Attached" -> "1";
      case "C" -> "QC" + THREAD;
      case "fThreadInfo" -> "m" + THREAD;
      case "sThreadInfo" -> "l";
      case "RegisterInfo0" -> REGISTER_PC;
      case "HostInfo" -> "triple:" + PacketText.hex(TRIPLE) + ";endian:little;ptrsize:4;";
      case "ProcessInfo" ->
          "pid:1;parent-pid:1;triple:" + PacketText.hex(TRIPLE) + ";endian:little;ptrsize:4;";
      case "Symbol" -> "OK";
      case "Xfer" -> text.startsWith("Xfer:libraries:read:") ? libraries(parts) : "";
      case "WasmCallStack" -> callStack();
      case "WasmLocal" -> value(frame(decimal(parts, 1)).local(decimal(parts, 2)));
      case "WasmGlobal" -> value(frame(decimal(parts, 1)).global(decimal(parts, 2)));
      case "WasmStackValue" -> value(frame(decimal(parts, 1)).operand(decimal(parts, 2)));
      case "WasmMem" -> parts.length == 4 ? moduleMemory(parts) : BAD_FORMAT;
      default -> parts[0].startsWith("RegisterInfo") ? BAD_ARGUMENT : "";
    };
  }

  /// Answers with a part of the list, which the debugger asks for by offset and length.
  private String libraries(String[] parts) {
    String[] range = parts(parts[parts.length - 1], ",", 2);
    String list = libraries();
    int from = (int) Math.min(number(range[0]) & Integer.MAX_VALUE, list.length());
    int most = (int) Math.min(number(range[1]) & Integer.MAX_VALUE, MAX_BYTES);
    int to = Math.min(list.length(), from + most);
    return (to == list.length() ? "l" : "m") + list.substring(from, to);
  }

  private String libraries() {
    StringBuilder list = new StringBuilder("<library-list>");
    for (Debugger debugger : debuggers.get()) {
      for (DebugModule module : debugger.modules()) {
        list.append("<library name=\"")
            .append(xml(module.scriptUrl()))
            .append("\"><section address=\"0x")
            .append(Long.toHexString((long) module.id() << 32))
            .append("\"/></library>");
      }
    }
    libraries = list.append("</library-list>").toString();
    return libraries;
  }

  /// {@return a text without what has a meaning in XML or is not ASCII}
  private static String xml(String text) {
    StringBuilder safe = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isSafe = c > ' ' && c < 0x7F && "<>&\"'".indexOf(c) < 0;
      safe.append(isSafe ? c : '_');
    }
    return safe.toString();
  }

  private static String[] parts(String text, String separator, int count) {
    String[] parts = text.split(separator, -1);
    if (parts.length != count) {
      throw new IllegalArgumentException("expected " + count + " parts: " + text);
    }
    return parts;
  }

  private static int decimal(String[] parts, int index) {
    if (parts.length <= index) {
      throw new IllegalArgumentException("too short");
    }
    return Integer.parseInt(parts[index]);
  }

  private static long number(String digits) {
    return PacketText.number(digits);
  }
}
